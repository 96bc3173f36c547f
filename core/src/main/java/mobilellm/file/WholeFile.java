package mobilellm.file;

import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/// Files that are small enough to be read at once.
public final class WholeFile {
    private WholeFile() {}

    /// All bytes of a file.
    ///
    /// @param expected what the file should be, for messages: `a JSON file`
    /// @param most bytes that such a file may have
    /// @throws MalformedFileException if it has more
    /// @throws IOException if it is not there, not a regular file, or cannot be read
    public static byte[] read(Path path, String expected, int most) throws IOException {
        MappedFile.requireRegular(path, expected);
        try (InputStream stream = Files.newInputStream(path)) {
            byte[] bytes = stream.readNBytes(most + 1);
            if (bytes.length > most) {
                throw new MalformedFileException(
                        "%s: has more than %d bytes, too many for %s"
                                .formatted(path, most, expected));
            }
            return bytes;
        }
    }
}
