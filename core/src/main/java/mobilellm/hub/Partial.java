package mobilellm.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/// The part of a file that has arrived so far, and beside it the mark of the content it belongs to.
final class Partial {
    private final Path file;
    private final Path mark;

    /// @param folder where both lie
    /// @param address what is downloaded; another address has another partial file
    Partial(Path folder, URI address) {
        String name = Checksum.of(address.toString()).substring(0, 16);
        this.file = folder.resolve(name + ".part");
        this.mark = folder.resolve(name + ".mark");
    }

    Path file() {
        return file;
    }

    long bytes() throws IOException {
        return Files.exists(file) ? Files.size(file) : 0;
    }

    /// What identifies the content: an entity tag or a checksum.
    Optional<String> mark() throws IOException {
        return Files.exists(mark) ? Optional.of(Files.readString(mark)) : Optional.empty();
    }

    void mark(Optional<String> content) throws IOException {
        if (content.isPresent()) {
            Files.writeString(mark, content.get());
        } else {
            Files.deleteIfExists(mark);
        }
    }

    void clear() throws IOException {
        Files.deleteIfExists(file);
        Files.deleteIfExists(mark);
    }

    /// Open for appending.
    FileChannel open() throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /// @return the number of bytes written
    /// @throws HubException if the disk does not take them
    long append(FileChannel channel, List<ByteBuffer> buffers) throws IOException {
        long written = 0;
        try {
            for (ByteBuffer buffer : buffers) {
                while (buffer.hasRemaining()) {
                    written += channel.write(buffer);
                }
            }
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            throw new HubException(
                    "cannot write " + file + ": " + e.getMessage() + " (disk full?)", e);
        }
        return written;
    }
}
