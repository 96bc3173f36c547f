package mobilellm.app;

import mobilellm.checkpoint.Conversion;
import mobilellm.gguf.GgufFile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// A model as one GGUF file: the file that it is, or a temporary one that a directory is converted to.
///
/// @param path the file
/// @param isTemporary whether it goes when this is closed
record GgufCopy(Path path, boolean isTemporary) implements AutoCloseable {
    private static final String SUFFIX = ".gguf";

    static GgufCopy of(Path model, Context context) throws IOException {
        if (!Files.isDirectory(model)) {
            return new GgufCopy(model, false);
        }
        try (Stream<Path> files = Files.list(model)) {
            List<Path> found =
                    files.filter(file -> file.toString().endsWith(SUFFIX))
                            .filter(file -> !GgufFile.isLaterPart(file))
                            .toList();
            if (found.size() == 1 && !Files.exists(model.resolve("config.json"))) {
                return new GgufCopy(found.getFirst(), false);
            }
        }
        Path folder = Files.createTempDirectory("mobilellm-");
        Path copy = folder.resolve("model" + SUFFIX);
        // Deleted in the opposite order, where Ctrl-C ends the process.
        folder.toFile().deleteOnExit();
        copy.toFile().deleteOnExit();
        context.notes().detail("converting the directory to " + copy);
        try {
            Conversion.run(
                            model,
                            copy,
                            new Conversion.Options(
                                    Optional.empty(), false, OptionalLong.empty(), true),
                            (name, done, total) ->
                                    context.notes()
                                            .transientLine(
                                                    "converting: %d %%"
                                                            .formatted(100 * done / total)))
                    .notes()
                    .forEach(context.notes()::note);
        } catch (Throwable e) {
            new GgufCopy(copy, true).close();
            throw e;
        }
        return new GgufCopy(copy, true);
    }

    @Override
    public void close() throws IOException {
        if (isTemporary) {
            Files.deleteIfExists(path);
            Files.deleteIfExists(path.resolveSibling(""));
        }
    }
}
