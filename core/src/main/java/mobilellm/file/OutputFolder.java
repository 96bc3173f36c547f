package mobilellm.file;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// A folder of files that comes into being whole or not at all: they are written to a folder of another name, which
/// [#commit] renames. Without that, [#close] deletes it, and so does the end of the process, as by Ctrl-C.
public final class OutputFolder implements AutoCloseable {
    private final Path target;
    private final boolean replace;
    private final String mark;
    private final Unfinished unfinished;

    private OutputFolder(Path target, boolean replace, String mark, Unfinished unfinished) {
        this.target = target;
        this.replace = replace;
        this.mark = mark;
        this.unfinished = unfinished;
    }

    /// Starts a folder.
    ///
    /// @param replace whether a folder of that name may be replaced, with all that is in it; it stays until [#commit]. An
    ///     empty one may always be
    /// @param mark name of a file that a folder must have to be replaced: nobody's home is one
    /// @param sources files or folders that are read meanwhile: none may be the target or lie in it
    /// @throws FileAlreadyExistsException if there is something of that name and it may not be replaced
    /// @throws FileSystemException if the target holds a source, cannot be replaced, or its parent is not there
    public static OutputFolder create(Path target, boolean replace, String mark, Path... sources)
            throws IOException {
        Path place = Files.exists(target) ? target.toRealPath() : absolute(target);
        requireFree(place, replace, mark);
        for (Path source : sources) {
            if (source.toRealPath().startsWith(place)) {
                throw new FileSystemException(
                        target.toString(),
                        null,
                        "holds what is read (%s); give the new one another name".formatted(source));
            }
        }
        if (!Files.isDirectory(place.resolveSibling(""))) {
            throw new FileSystemException(
                    place.resolveSibling("").toString(), null, "there is no such folder");
        }
        Unfinished unfinished = new Unfinished(place);
        try {
            Files.createDirectory(unfinished.path());
            return new OutputFolder(place, replace, mark, unfinished);
        } catch (Throwable e) {
            unfinished.discard();
            throw e;
        }
    }

    private static Path absolute(Path target) {
        return target.toAbsolutePath().normalize();
    }

    private static void requireFree(Path place, boolean replace, String mark) throws IOException {
        if (!Files.exists(place)) {
            return;
        }
        if (!Files.isDirectory(place)) {
            throw new FileSystemException(
                    place.toString(), null, "is a file, expected the name of a folder to write");
        }
        try (Stream<Path> entries = Files.list(place)) {
            if (entries.findAny().isEmpty()) {
                return;
            }
        }
        if (!replace) {
            throw new FileAlreadyExistsException(
                    place.toString(), null, "is there already, and not empty");
        }
        if (!Files.exists(place.resolve(mark))) {
            throw new FileSystemException(
                    place.toString(),
                    null,
                    "has no %s, so it is not replaced; delete it yourself if nothing in it is needed"
                            .formatted(mark));
        }
    }

    /// Starts a file in the folder.
    public OutputFile file(String name) throws IOException {
        return OutputFile.create(unfinished.path().resolve(name), target.resolve(name), false);
    }

    /// Makes the folder appear under its name.
    ///
    /// @return where
    /// @throws IOException if it cannot be; what was there stays
    public Path commit() throws IOException {
        requireFree(target, replace, mark);
        if (!Files.exists(target)) {
            unfinished.rename(target);
            return target;
        }
        Path old = Unfinished.hidden(target, "old");
        Files.move(target, old);
        try {
            unfinished.rename(target);
        } catch (Throwable e) {
            Files.move(old, target);
            throw e;
        }
        Unfinished.delete(old);
        return target;
    }

    /// Deletes what was written, unless it was committed.
    @Override
    public void close() throws IOException {
        unfinished.discard();
    }
}
