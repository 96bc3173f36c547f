package mobilellm;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/// Counts cores rather than hyper-threads: two threads of one core share its arithmetic units and its caches, so the
/// second one gains nothing in a loop that waits for memory.
final class PhysicalCores {
    private static final Path LINUX = Path.of("/sys/devices/system/cpu");

    private PhysicalCores() {}

    /// Never more than the processors that the JVM may use (containers, affinity). Where the system does not tell
    /// (anything but Linux), every processor counts as a core.
    static int count() {
        int processors = Runtime.getRuntime().availableProcessors();
        int cores = Files.isDirectory(LINUX) ? count(LINUX) : 0;
        return cores == 0 ? processors : Math.min(cores, processors);
    }

    /// Distinct sets of sibling threads under `folder`; 0 if it does not say.
    static int count(Path folder) {
        Set<String> siblings = new HashSet<>();
        try (DirectoryStream<Path> processors = Files.newDirectoryStream(folder, "cpu[0-9]*")) {
            for (Path processor : processors) {
                Path list = processor.resolve("topology").resolve("thread_siblings_list");
                if (Files.isReadable(list)) {
                    siblings.add(Files.readString(list).strip());
                }
            }
        } catch (IOException unreadable) {
            return 0;
        }
        return siblings.size();
    }
}
