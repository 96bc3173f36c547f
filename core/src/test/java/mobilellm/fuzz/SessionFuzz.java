package mobilellm.fuzz;

import mobilellm.config.KvType;
import mobilellm.config.LayerSharing;
import mobilellm.engine.ContextLengthException;
import mobilellm.engine.Forgery;
import mobilellm.engine.Session;
import mobilellm.engine.TinyEngine;
import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A saved session. It ends in a checksum that no mutant would hit, so each input gets the right one.
public final class SessionFuzz {
    private static final Folder FOLDER = new Folder();

    // Both live as long as the process.
    private static final TinyEngine ENGINE = new TinyEngine("scalar", LayerSharing.NONE, 1);
    private static final Session SESSION = ENGINE.session(KvType.F32);

    static final Target TARGET =
            Target.of("Session", SessionFuzz::restore, 64, List.of(saved(1), saved(5)));

    private SessionFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        TARGET.run(bytes);
    }

    private static void restore(byte[] bytes) throws IOException {
        Path file = FOLDER.write("fuzzed.session", Forgery.withSum(bytes));
        try {
            SESSION.restore(file, (done, total) -> true);
        } catch (ContextLengthException e) {
            throw new MalformedFileException(e.toString(), e); // more ids than there is room for
        }
    }

    private static byte[] saved(int length) {
        SESSION.prefill(TinyEngine.ids(length), (done, total) -> true);
        Path file = FOLDER.write("seed.session", new byte[0]);
        try {
            SESSION.save(file);
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
