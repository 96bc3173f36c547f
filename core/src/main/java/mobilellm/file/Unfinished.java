package mobilellm.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/// A file, or a folder of files, that must not outlive this process unless it is finished: it is deleted at the latest when
/// the virtual machine shuts down in order, as it does for Ctrl-C.
final class Unfinished {
    private final Path path;
    private final Thread atExit = new Thread(this::deleteAtExit, "delete unfinished file");
    private boolean settled;

    /// @param target what it shall be called; meanwhile it has another name in the same folder
    Unfinished(Path target) {
        this.path = hidden(target, "partial");
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /// Another name in the same folder, which nothing has.
    static Path hidden(Path target, String ending) {
        return target.resolveSibling(
                ".%s.%s.%s".formatted(target.getFileName(), UUID.randomUUID(), ending));
    }

    /// Its name for now.
    Path path() {
        return path;
    }

    /// Gives it its name, and waits until the name is on the disk.
    synchronized void rename(Path target) throws IOException {
        if (settled) {
            throw new FileSystemException(target.toString(), null, "was given up before");
        }
        Files.move(
                path, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        settle();
        syncFolder(target);
    }

    /// Deletes it, if it was not renamed.
    synchronized void discard() throws IOException {
        if (!settled) {
            delete(path);
            settle();
        }
    }

    private void settle() {
        settled = true;
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            // The machine is shutting down: the hook will find nothing to do.
        }
    }

    private synchronized void deleteAtExit() {
        if (!settled) {
            settled = true;
            try {
                delete(path);
            } catch (IOException e) {
                // The process ends, and nobody is there to be told.
            }
        }
    }

    /// Deletes a file, or a folder and the files in it.
    static void delete(Path path) throws IOException {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            List<Path> entries;
            try (Stream<Path> listed = Files.list(path)) {
                entries = listed.toList();
            }
            for (Path entry : entries) {
                delete(entry);
            }
        }
        Files.deleteIfExists(path);
    }

    /// A new name is lost with the power unless its folder was written, too.
    private static void syncFolder(Path target) {
        try (FileChannel folder =
                FileChannel.open(target.resolveSibling(""), StandardOpenOption.READ)) {
            folder.force(true);
        } catch (IOException e) {
            // Windows does not open folders; it writes names in their order by itself.
        }
    }
}
