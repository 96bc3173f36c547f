package mobilellm.fuzz;

import mobilellm.safetensors.SafetensorsFile;

import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A safetensors file.
public final class SafetensorsFuzz {
    private static final Folder FOLDER = new Folder();

    static final Target TARGET =
            Target.of("Safetensors", SafetensorsFuzz::read, 64, List.of(seed()));

    private SafetensorsFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        TARGET.run(bytes);
    }

    private static void read(byte[] bytes) throws java.io.IOException {
        try (var file = SafetensorsFile.open(FOLDER.write("fuzzed.safetensors", bytes))) {
            for (var tensor : file.tensors()) {
                tensor.data().toArray(ValueLayout.JAVA_BYTE);
            }
        }
    }

    private static byte[] seed() {
        Map<String, long[]> tensors = new LinkedHashMap<>();
        tensors.put("matrix", new long[] {2, 3});
        tensors.put("vector", new long[] {4});
        tensors.put("none", new long[] {0});
        return Folder.safetensors(tensors);
    }
}
