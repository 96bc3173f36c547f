package mobilellm.testing;

import org.opentest4j.TestAbortedException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A main class of the tests' class path as a process of its own, on systems with a POSIX shell.
public final class ChildProcess {
    private ChildProcess() {}

    /// Starts one.
    ///
    /// @param before what the shell does first, such as `ulimit -f 4096`
    public static Process start(String before, String mainClass, String... arguments)
            throws IOException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "sh",
                                "-c",
                                before + "; exec \"$@\"",
                                "sh",
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:-UsePerfData",
                                "-cp",
                                System.getProperty("java.class.path"),
                                mainClass));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    /// Does what Ctrl-C does. Processes that a shell starts in the background may ignore it, and so do their children.
    ///
    /// @throws TestAbortedException with the reason, which is also printed, where that is so
    public static void interrupt(Process process) throws IOException, InterruptedException {
        Path status = Path.of("/proc/self/status");
        if (Files.exists(status)
                && Files.readString(status)
                        .matches("(?s).*SigIgn:\\s*\\p{XDigit}*[2367abef]\n.*")) {
            process.destroy();
            System.out.println("skipped: this process was started with SIGINT ignored");
            throw new TestAbortedException("SIGINT is ignored");
        }
        new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    }
}
