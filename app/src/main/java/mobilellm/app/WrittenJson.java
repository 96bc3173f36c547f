package mobilellm.app;

import mobilellm.file.OutputFile.Written;

import java.util.LinkedHashMap;
import java.util.Map;

/// What programs are told of a file that was written.
final class WrittenJson {
    private WrittenJson() {}

    /// Its `path`, `bytes` and `sha256`, to which more may be added.
    static Map<String, Object> of(Written file) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("path", file.path().toString());
        json.put("bytes", file.bytes());
        json.put("sha256", file.sha256());
        return json;
    }
}
