package mobilellm.file;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/// A file that comes into being whole or not at all. Bytes go to a file of another name in the same folder; [#commit]
/// waits until they are on the disk and renames it. Without that, [#close] deletes it, and so does the end of the
/// process, as by Ctrl-C. (Only a process that is killed, or a machine that stops, leaves `.NAME.*.partial` behind; it
/// is in nobody's way.)
public final class OutputFile implements ByteSink, AutoCloseable {
    private static final int BUFFER = 1 << 20;

    /// What was written.
    ///
    /// @param path the file
    /// @param bytes its size
    /// @param sha256 of its bytes, as 64 hexadecimal digits
    public record Written(Path path, long bytes, String sha256) {}

    private final Path target;
    private final Path shown;
    private final boolean replace;
    private final Unfinished unfinished;
    private final FileChannel channel;
    private final MessageDigest digest = Sha256.start();
    private final byte[] buffer = new byte[BUFFER];
    private int buffered;
    private long flushed;

    private OutputFile(
            Path target, Path shown, boolean replace, Unfinished unfinished, FileChannel channel) {
        this.target = target;
        this.shown = shown;
        this.replace = replace;
        this.unfinished = unfinished;
        this.channel = channel;
    }

    /// Starts a file.
    ///
    /// @param replace whether a file of that name may be replaced; its contents stay until [#commit]
    /// @param sources files that are read meanwhile: none may be the target, whatever `replace` says
    /// @throws FileAlreadyExistsException if there is a file of that name and it may not be replaced
    /// @throws FileSystemException if the target is a source, is not a regular file, or its folder is not there
    public static OutputFile create(Path target, boolean replace, Path... sources)
            throws IOException {
        Path place = requireFree(target, replace);
        for (Path source : sources) {
            if (Files.exists(place) && Files.isSameFile(place, source)) {
                throw new FileSystemException(
                        target.toString(),
                        null,
                        "is the file that is read; give the new one another name");
            }
        }
        return create(place, target, replace);
    }

    /// @param shown what to call it in messages
    static OutputFile create(Path place, Path shown, boolean replace) throws IOException {
        Path folder = place.resolveSibling("");
        if (!Files.isDirectory(folder)) {
            throw new FileSystemException(folder.toString(), null, "there is no such folder");
        }
        Unfinished unfinished = new Unfinished(place);
        try {
            FileChannel channel =
                    FileChannel.open(
                            unfinished.path(),
                            StandardOpenOption.WRITE,
                            StandardOpenOption.CREATE_NEW);
            return new OutputFile(place, shown, replace, unfinished, channel);
        } catch (Throwable e) {
            unfinished.discard();
            throw e;
        }
    }

    /// Where the file shall be: behind symbolic links, which stay.
    private static Path requireFree(Path target, boolean replace) throws IOException {
        if (!Files.exists(target)) {
            return target.toAbsolutePath().normalize();
        }
        if (!Files.isRegularFile(target)) {
            throw new FileSystemException(
                    target.toString(),
                    null,
                    Files.isDirectory(target)
                            ? "is a directory, expected the name of a file to write"
                            : "is not a regular file and cannot be replaced by one");
        }
        if (!replace) {
            throw new FileAlreadyExistsException(target.toString(), null, "is there already");
        }
        return target.toRealPath();
    }

    @Override
    public void write(MemorySegment bytes) throws IOException {
        for (long at = 0; at < bytes.byteSize(); ) {
            if (buffered == BUFFER) {
                flush();
            }
            int length = (int) Math.min(BUFFER - buffered, bytes.byteSize() - at);
            MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, at, buffer, buffered, length);
            buffered += length;
            at += length;
        }
    }

    /// Writes a text in UTF-8.
    public void write(String text) throws IOException {
        write(MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8)));
    }

    private void flush() throws IOException {
        digest.update(buffer, 0, buffered);
        ByteBuffer full = ByteBuffer.wrap(buffer, 0, buffered);
        try {
            while (full.hasRemaining()) {
                channel.write(full);
            }
        } catch (IOException e) {
            throw notWritten(e);
        }
        flushed += buffered;
        buffered = 0;
    }

    private IOException notWritten(IOException e) {
        if (e instanceof ClosedByInterruptException) {
            return e;
        }
        FileSystemException told =
                new FileSystemException(
                        shown.toString(),
                        null,
                        "could not be written beyond byte %,d (%s); nothing of it was kept"
                                .formatted(flushed, e.getMessage()));
        told.initCause(e);
        return told;
    }

    /// Makes the file appear under its name.
    ///
    /// @throws FileAlreadyExistsException if somebody else made a file of that name meanwhile, and it may not be replaced
    public Written commit() throws IOException {
        flush();
        try {
            channel.force(true);
        } catch (IOException e) {
            throw notWritten(e);
        }
        channel.close();
        requireFree(target, replace);
        unfinished.rename(target);
        return new Written(target, flushed, Sha256.finish(digest));
    }

    /// Deletes what was written, unless it was committed.
    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            unfinished.discard();
        }
    }
}
