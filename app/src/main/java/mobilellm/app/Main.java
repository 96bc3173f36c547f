package mobilellm.app;

import java.io.FileDescriptor;
import java.io.FileOutputStream;

/// Entry point of the command line. Everything else is [Cli], which tests run in-process.
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        int exitCode =
                Cli.run(
                        arguments,
                        System.in,
                        new FileOutputStream(FileDescriptor.out),
                        new FileOutputStream(FileDescriptor.err),
                        Environment.ofProcess());
        System.exit(exitCode);
    }
}
