package mobilellm.file;

import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.function.Supplier;

/// The bytes of a file as memory, read-only, until [#close]. Nothing is read from the disk before it is touched, so a
/// file that is cut short while it is in use fails late, at the first access to a missing page, with an `InternalError`
/// of the JVM; readers go through [#reading], which turns that into a [MalformedFileException].
public final class MappedFile implements AutoCloseable {
    private final Path path;
    private final Arena arena;
    private final MemorySegment bytes;
    private final BasicFileAttributes attributes;

    private MappedFile(
            Path path, Arena arena, MemorySegment bytes, BasicFileAttributes attributes) {
        this.path = path;
        this.arena = arena;
        this.bytes = bytes;
        this.attributes = attributes;
    }

    /// Maps a whole file.
    ///
    /// @param expected what the file should be, for messages: `a GGUF file`
    /// @throws IOException if it is not there, not a regular file, or cannot be read
    public static MappedFile open(Path path, String expected) throws IOException {
        requireRegular(path, expected);
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            BasicFileAttributes attributes = attributes(path);
            long size = channel.size();
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
            return new MappedFile(path, arena, bytes, attributes);
        } catch (Throwable e) {
            arena.close();
            throw e;
        }
    }

    private static BasicFileAttributes attributes(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class);
    }

    /// Refuses a file that was written to since it was mapped: not every change shows as a missing page. Another file in
    /// its place, or none, is no change of the mapped one.
    ///
    /// @throws MalformedFileException if its size or the time of its last change differ
    public void requireUnchanged() throws IOException {
        BasicFileAttributes now;
        try {
            now = attributes(path);
        } catch (NoSuchFileException e) {
            return;
        }
        boolean same = Objects.equals(now.fileKey(), attributes.fileKey());
        if (same
                && (now.size() != size()
                        || !now.lastModifiedTime().equals(attributes.lastModifiedTime()))) {
            throw new MalformedFileException(
                    "%s: the file was changed while it was read (%d bytes at first, now %d, changed at %s); see that nobody writes to it, and load it again"
                            .formatted(path, size(), now.size(), now.lastModifiedTime()));
        }
    }

    /// Refuses what cannot be mapped.
    ///
    /// @throws IOException if it is not there, or not a regular file: a pipe would block, a device has no end
    /// @throws MalformedFileException if it is empty
    public static void requireRegular(Path path, String expected) throws IOException {
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString(), null, "no such file");
        }
        if (!Files.isRegularFile(path)) {
            String kind = Files.isDirectory(path) ? "a directory" : "not a regular file";
            throw new FileSystemException(
                    path.toString(), null, "is " + kind + ", expected " + expected);
        }
        if (Files.size(path) == 0) {
            throw new MalformedFileException(path + " is empty, expected " + expected);
        }
    }

    /// Runs a reader of mapped memory. The JVM reports a missing page at the reading thread's next safepoint.
    ///
    /// @param what names it in messages
    /// @throws MalformedFileException if the file behind the memory became shorter since it was mapped
    public static <T> T reading(String what, Supplier<T> reader) {
        try {
            T result = reader.get();
            // Any call into the JVM is a safepoint, and this is a cheap one. Yielding would be one,
            // too, and takes milliseconds where other processes compute.
            long _ = Runtime.getRuntime().freeMemory();
            return result;
        } catch (InternalError e) {
            // The JVM's answer to a page that is not there.
            throw new MalformedFileException(
                    what + ": the file became shorter, or its disk failed, while it was read", e);
        }
    }

    /// As [#reading(String, Supplier)], for a reader without a result.
    public static void reading(String what, Runnable reader) {
        reading(
                what,
                () -> {
                    reader.run();
                    return what;
                });
    }

    /// Gives the memory of pages back that will not be read again soon; if they are, they come from the disk or its
    /// cache. Does nothing where the bytes are not those of a mapped file.
    public static void release(MemorySegment bytes) {
        if (bytes.isMapped()) {
            bytes.unload();
        }
    }

    public Path path() {
        return path;
    }

    /// All bytes; valid until [#close].
    public MemorySegment bytes() {
        return bytes;
    }

    public long size() {
        return bytes.byteSize();
    }

    /// Unmaps the file.
    @Override
    public void close() {
        arena.close();
    }
}
