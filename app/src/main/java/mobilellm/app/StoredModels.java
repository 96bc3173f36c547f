package mobilellm.app;

import mobilellm.hub.StoredModel;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Shows models of the store: a table for people, a JSON object a line for programs.
final class StoredModels {
    private static final int CHECKSUM_DIGITS = 12; // Enough to tell models apart by eye.

    private StoredModels() {}

    static void print(Context context, List<StoredModel> models) {
        if (context.json()) {
            models.forEach(model -> context.output().json(json(model)));
            return;
        }
        int nameWidth = models.stream().mapToInt(model -> model.name().length()).max().orElse(0);
        for (StoredModel model : models) {
            context.output()
                    .line(
                            "%s  %9s  %s  %s"
                                    .formatted(
                                            padded(Text.printable(model.name()), nameWidth),
                                            Text.bytes(model.bytes()),
                                            model.sha256().substring(0, CHECKSUM_DIGITS),
                                            Text.printable(model.source())));
        }
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }

    private static Map<String, Object> json(StoredModel model) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("name", model.name());
        object.put("path", model.path().toString());
        object.put("bytes", model.bytes());
        object.put("sha256", model.sha256());
        object.put("source", model.source());
        return object;
    }
}
