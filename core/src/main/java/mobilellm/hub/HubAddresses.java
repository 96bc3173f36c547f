package mobilellm.hub;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/// The shapes of the hub's addresses.
final class HubAddresses {
    private final String endpoint;

    HubAddresses(URI endpoint) {
        this.endpoint = endpoint.toString().replaceAll("/+$", "");
    }

    /// The content of a file.
    URI file(ModelSource.HubFile file) {
        StringBuilder path = new StringBuilder();
        for (String step : file.file().split("/", -1)) {
            path.append('/').append(encoded(step));
        }
        return URI.create(
                endpoint + "/" + file.repository() + "/resolve/" + encoded(file.revision()) + path);
    }

    /// A JSON object whose `siblings` are the files of a repository.
    URI listing(String repository, String revision) {
        return URI.create(
                endpoint + "/api/models/" + repository + "/revision/" + encoded(revision));
    }

    /// One path step; a branch such as `refs/pr/1` is one step too.
    private static String encoded(String step) {
        return URLEncoder.encode(step, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
