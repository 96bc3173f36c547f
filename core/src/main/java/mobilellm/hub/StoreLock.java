package mobilellm.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/// Exclusion between threads and between processes. The operating system's file locks belong to a process as a whole, and closing
/// any channel to the file drops them all, so threads of this process first exclude each other and only one of them opens the file.
/// The empty file stays behind: deleting it would let a third process lock a new one while a second still holds the old.
final class StoreLock implements AutoCloseable {
    private static final Map<Path, ReentrantLock> THREADS = new ConcurrentHashMap<>();

    private final ReentrantLock thread;
    private final FileChannel channel;

    private StoreLock(ReentrantLock thread, FileChannel channel) {
        this.thread = thread;
        this.channel = channel;
    }

    /// Takes the lock, waiting for its present holder.
    ///
    /// @param waiting called once if there is something to wait for
    static StoreLock take(Path file, Runnable waiting) throws IOException, InterruptedException {
        Path path = file.toAbsolutePath().normalize();
        Files.createDirectories(path.resolveSibling("."));
        ReentrantLock thread = THREADS.computeIfAbsent(path, ignored -> new ReentrantLock());
        boolean noted = false;
        if (!thread.tryLock()) {
            waiting.run();
            noted = true;
            thread.lockInterruptibly();
        }
        try {
            return new StoreLock(thread, locked(path, noted ? () -> {} : waiting));
        } catch (IOException | InterruptedException | RuntimeException e) {
            thread.unlock();
            throw e;
        }
    }

    private static FileChannel locked(Path path, Runnable waiting)
            throws IOException, InterruptedException {
        FileChannel channel =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                waiting.run();
                channel.lock();
            }
            return channel;
        } catch (FileLockInterruptionException e) {
            channel.close();
            throw new InterruptedException("interrupted while waiting for " + path);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            thread.unlock();
        }
    }
}
