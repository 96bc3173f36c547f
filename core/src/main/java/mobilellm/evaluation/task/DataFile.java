package mobilellm.evaluation.task;

import java.util.regex.Pattern;

/// A file of documents: what it should be, and whose it is. The library ships none.
///
/// @param name in the folder of the data
/// @param rows lines
/// @param sha256 of the file whose scores can be compared with others'
/// @param source who publishes the documents, and which part of them it is
/// @param licence theirs, as far as it is known
public record DataFile(String name, int rows, String sha256, String source, String licence) {
    private static final Pattern SPLIT = Pattern.compile("\\.(test|(subset|validation)\\d*)\\.");

    /// The file of the training split, from which examples are drawn: `arc_easy.train.jsonl`. Nobody's bytes are known.
    String training() {
        return SPLIT.matcher(name).replaceFirst(".train.");
    }

    /// `test` or `validation`, as the name says.
    String split() {
        return name.contains(".validation.") ? "validation" : "test";
    }

    /// Whether the data set has a test split, and this is it.
    boolean isTestSplit() {
        return split().equals("test");
    }

    String expected() {
        return "%s in %,d lines with sha256 %s".formatted(source, rows, sha256);
    }

    static int lines(byte[] bytes) {
        int lines = bytes.length > 0 && bytes[bytes.length - 1] != '\n' ? 1 : 0;
        for (byte one : bytes) {
            lines += one == '\n' ? 1 : 0;
        }
        return lines;
    }
}
