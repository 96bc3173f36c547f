package mobilellm.hub;

import mobilellm.http.Address;
import mobilellm.http.Retries;
import mobilellm.hub.ModelReference.OnHub;

import tools.jackson.core.JacksonException;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Finds the model file of a repository whose reference names none.
final class HubListing {
    /// Repositories with tens of thousands of files stay below this.
    private static final int LARGEST = 16 << 20;

    private static final Duration LONGEST = Duration.ofMinutes(10);
    private static final int SHOWN = 30;

    private HubListing() {}

    /// The only GGUF file of the repository.
    ///
    /// @throws HubException if there is none or more than one; the message lists them
    static String onlyModelFile(HubClient client, Retries retries, OnHub reference)
            throws IOException, InterruptedException {
        List<String> files = retries.run(() -> files(client, reference));
        List<String> models =
                files.stream()
                        .filter(file -> file.toLowerCase(Locale.ROOT).endsWith(".gguf"))
                        .sorted()
                        .toList();
        if (models.size() == 1) {
            return models.getFirst();
        }
        if (models.isEmpty()) {
            throw new HubException("hf:" + reference.repository() + " holds no .gguf file");
        }
        List<String> shown = models.subList(0, Math.min(SHOWN, models.size()));
        throw new HubException(
                "hf:"
                        + reference.repository()
                        + " holds "
                        + models.size()
                        + " .gguf files; append one of them, as in hf:"
                        + reference.repository()
                        + ":"
                        + shown.getFirst()
                        + "\n  "
                        + String.join("\n  ", shown)
                        + (shown.size() < models.size() ? "\n  …" : ""));
    }

    private static List<String> files(HubClient client, OnHub reference)
            throws IOException, InterruptedException {
        var address = client.addresses().listing(reference.repository(), reference.revision());
        try (HubClient.Answer answer = client.get(address, Map.of())) {
            Map<String, Object> json =
                    Json.object(
                            answer.body()
                                    .all(LARGEST, client.options().stallTimeout(), LONGEST)
                                    .orElseThrow(
                                            () ->
                                                    new HubException(
                                                            Address.shown(address)
                                                                    + " goes on after "
                                                                    + LARGEST
                                                                    + " bytes; expected a list of"
                                                                    + " files")));
            return Json.objects(json, "siblings").stream()
                    .flatMap(file -> Json.string(file, "rfilename").stream())
                    .filter(ModelReference.Syntax::isFile)
                    .toList();
        } catch (JacksonException e) {
            throw new HubException(
                    Address.shown(address) + " answered with something that is no list of files",
                    e);
        }
    }
}
