package mobilellm.app;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/// What the operating system tells about itself and this process; empty where it does not.
final class Machine {
    private Machine() {}

    /// Name of the processor.
    static Optional<String> processor() {
        return field(Path.of("/proc/cpuinfo"), "model name");
    }

    /// Bytes of this process that are in memory.
    static OptionalLong residentBytes() {
        Optional<String> field = field(Path.of("/proc/self/status"), "VmRSS");
        return field.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(Long.parseLong(field.get().replace(" kB", "")) * 1024);
    }

    /// Milliseconds between the start of the JVM and `now` of [System#currentTimeMillis()].
    static long sinceStart(long now) {
        return now - ManagementFactory.getRuntimeMXBean().getStartTime();
    }

    /// The first `key : value` of a file of the proc file system.
    private static Optional<String> field(Path file, String key) {
        if (!Files.isReadable(file)) {
            return Optional.empty();
        }
        try (var lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(key))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst();
        } catch (IOException unreadable) {
            return Optional.empty();
        }
    }
}
