package mobilellm.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Writes a folder of documents for `eval`: two tasks with choices, and a text.
final class TinyDocuments {
    /// Of each task.
    static final int COUNT = 12;

    private TinyDocuments() {}

    /// Writes the folder and returns its path.
    static Path write(Path folder) throws IOException {
        Files.createDirectory(folder);
        StringBuilder arc = new StringBuilder();
        StringBuilder winogrande = new StringBuilder();
        for (int i = 0; i < COUNT; i++) {
            arc.append(
                    "{\"id\":\"d%d\",\"question\":\"Is %d <b>?\",\"choices\":[\"Hello\",\"n%d\",\"\u00e9\"],\"gold\":%d}\n"
                            .formatted(i, i, i, i % 3));
            winogrande.append(
                    "{\"id\":%d,\"sentence\":\"He saw _ %d.\",\"option1\":\"Al\",\"option2\":\"Bo\",\"gold\":%d}\n"
                            .formatted(i, i, i % 2));
        }
        Files.writeString(folder.resolve("arc_easy.test.jsonl"), arc);
        Files.writeString(folder.resolve("winogrande_xl.validation.jsonl"), winogrande);
        Files.writeString(
                folder.resolve("wikitext2.test.raw"), " = T = \n\n Hello , you . \n = U = \nHi");
        return folder;
    }
}
