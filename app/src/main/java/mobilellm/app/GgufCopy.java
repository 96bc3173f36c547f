package mobilellm.app;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.checkpoint.Conversion;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/// A model as one GGUF file: the file that it is, or a temporary one that a directory is converted to.
///
/// @param path the file
/// @param isTemporary whether it goes when this is closed
record GgufCopy(Path path, boolean isTemporary) implements AutoCloseable {
    static GgufCopy of(Path model, Context context) throws IOException {
        Optional<Path> file = Checkpoint.ggufFile(model);
        if (file.isPresent()) {
            return new GgufCopy(file.get(), false);
        }
        Path folder = Files.createTempDirectory("mobilellm-");
        Path copy = folder.resolve("model.gguf");
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
