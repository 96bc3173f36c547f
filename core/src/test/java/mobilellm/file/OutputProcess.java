package mobilellm.file;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// Writes a file as a process of its own: `OutputProcess FILE MEGABYTES`, commits it and says so. With 0 it writes a
/// megabyte, says so, and waits to be ended.
final class OutputProcess {
    private OutputProcess() {}

    public static void main(String[] arguments) throws IOException {
        int megabytes = Integer.parseInt(arguments[1]);
        try (OutputFile file = OutputFile.create(Path.of(arguments[0]), true)) {
            MemorySegment megabyte = MemorySegment.ofArray(new byte[1 << 20]);
            for (int i = 0; i < Math.max(2, megabytes); i++) {
                file.write(megabyte);
            }
            if (megabytes == 0) {
                System.out.println("written");
                System.in.read();
            }
            file.commit();
            System.out.println("committed");
        } catch (IOException e) {
            System.out.println(e.getMessage());
            System.exit(1);
        }
    }
}
