package mobilellm.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// All targets.
final class Targets {
    static final List<Target> ALL =
            List.of(
                    GgufFuzz.TARGET,
                    SafetensorsFuzz.TARGET,
                    TorchFuzz.TARGET,
                    ShardIndexFuzz.TARGET,
                    ConfigFuzz.TARGET,
                    TokenizerConfigFuzz.TARGET,
                    SentencePieceFuzz.TARGET,
                    TokenizerJsonFuzz.TARGET,
                    TemplateFuzz.TARGET,
                    SessionFuzz.TARGET);

    private Targets() {}

    /// Writes the seeds of a target into a folder, for Jazzer: its name, the folder.
    static void main(String[] arguments) throws IOException {
        Path folder = Files.createDirectories(Path.of(arguments[1]));
        for (Target target : ALL) {
            for (int i = 0; target.name().equals(arguments[0]) && i < target.seeds().size(); i++) {
                Files.write(folder.resolve("seed-" + i), target.seeds().get(i));
            }
        }
    }
}
