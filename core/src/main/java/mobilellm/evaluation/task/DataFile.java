package mobilellm.evaluation.task;

import mobilellm.file.Sha256;
import mobilellm.file.WholeFile;
import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/// A file of documents: what it should be, and whose it is. The library ships none.
///
/// @param name in the folder of the data
/// @param rows lines
/// @param sha256 of the file whose scores can be compared with others'
/// @param source who publishes the documents, and which part of them it is
/// @param licence theirs, as far as it is known
public record DataFile(String name, int rows, String sha256, String source, String licence) {
    static final int LARGEST = 1 << 30;
    private static final Pattern SPLIT = Pattern.compile("\\.(test|(subset|validation)\\d*)\\.");

    /// The bytes of the file.
    ///
    /// @param checked whether other bytes than the known ones are refused
    /// @throws IOException if it is not there or cannot be read
    /// @throws MalformedFileException if it is another file
    byte[] read(Path folder, boolean checked) throws IOException {
        Path path = folder.resolve(name);
        if (!Files.exists(path)) {
            throw new IOException("there is no file %s, expected %s".formatted(path, expected()));
        }
        byte[] bytes = WholeFile.read(path, "a file of documents", LARGEST);
        String actual = Sha256.of(bytes);
        if (checked && !actual.equals(sha256)) {
            throw new MalformedFileException(
                    "%s has sha256 %s and %,d lines, expected %s; its scores could not be compared with others'"
                            .formatted(path, actual, lines(bytes), expected()));
        }
        return bytes;
    }

    /// The file of the training split, from which examples are drawn: `arc_easy.train.jsonl`. Nobody's bytes are known.
    String training() {
        return SPLIT.matcher(name).replaceFirst(".train.");
    }

    /// Whether the data set has a test split, and this is it.
    boolean isTestSplit() {
        return name.contains(".test.");
    }

    private String expected() {
        return "%s in %,d lines with sha256 %s".formatted(source, rows, sha256);
    }

    private static int lines(byte[] bytes) {
        int lines = bytes.length > 0 && bytes[bytes.length - 1] != '\n' ? 1 : 0;
        for (byte one : bytes) {
            lines += one == '\n' ? 1 : 0;
        }
        return lines;
    }
}
