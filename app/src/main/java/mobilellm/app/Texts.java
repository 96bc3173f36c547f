package mobilellm.app;

import org.jspecify.annotations.Nullable;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Reads what users hand in: UTF-8 text from a file or stdin, and lists of token ids.
final class Texts {
    private static final String STDIN = "-";
    private static final int MOST_ID_CHARACTERS = 12;

    private Texts() {}

    /// The whole text of a file, or of stdin for `-`.
    ///
    /// @throws IOException if it cannot be read, or is not UTF-8
    static String read(String fileOrDash, Context context) throws IOException {
        if (fileOrDash.equals(STDIN)) {
            return readInput(context);
        }
        return decode(Files.readAllBytes(file(fileOrDash)), fileOrDash);
    }

    /// The whole text of stdin.
    static String readInput(Context context) throws IOException {
        if (context.environment().inputTerminal()) {
            context.notes()
                    .note("reading from the terminal; Ctrl-D on an empty line ends the text");
        }
        return decode(context.input().readAllBytes(), "stdin");
    }

    /// The bytes of a file, or of stdin for `-`; to be closed by the caller.
    static InputStream open(String fileOrDash, Context context) throws IOException {
        return fileOrDash.equals(STDIN) ? context.input() : Files.newInputStream(file(fileOrDash));
    }

    /// Where the system reads a directory, it complains without saying which one.
    private static Path file(String name) throws IOException {
        Path file = Path.of(name);
        if (Files.isDirectory(file)) {
            throw new IOException(name + " is a directory, expected a file");
        }
        return file;
    }

    /// Lines of strict UTF-8.
    static BufferedReader lines(InputStream stream) {
        // A new decoder reports what is malformed; the one behind a charset replaces it.
        return new BufferedReader(
                new InputStreamReader(stream, StandardCharsets.UTF_8.newDecoder()));
    }

    /// A file's name for messages.
    static String name(String fileOrDash) {
        return fileOrDash.equals(STDIN) ? "stdin" : fileOrDash;
    }

    /// Strict: a replacement character put in silently would be tokenized as if the user had written it.
    static String decode(byte[] bytes, String name) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(buffer)
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IOException(
                    name + " is not UTF-8: byte " + buffer.position() + " begins no character", e);
        }
    }

    /// Token ids between commas, white space or brackets: `1,2,3`, `[1, 2, 3]`.
    ///
    /// @throws IllegalArgumentException if one is no id of a vocabulary of this size
    static int[] ids(String text, int vocabularySize) {
        return Arrays.stream(text.split("[\\s,\\[\\]]+"))
                .filter(word -> !word.isEmpty())
                .mapToInt(word -> id(word, vocabularySize))
                .toArray();
    }

    private static int id(String word, int vocabularySize) {
        int id = -1;
        try {
            id = Integer.parseInt(word);
        } catch (NumberFormatException e) {
            // Stays -1: no number and no id get the same sentence.
        }
        return checked(id, "the ids", word, vocabularySize);
    }

    private static int checked(int id, String where, String word, int vocabularySize) {
        if (id < 0 || id >= vocabularySize) {
            throw new IllegalArgumentException(
                    "%s: expected token ids from 0 to %d, got '%s'"
                            .formatted(
                                    where,
                                    vocabularySize - 1,
                                    Text.shortened(word, MOST_ID_CHARACTERS)));
        }
        return id;
    }

    /// Token ids of a JSON array.
    ///
    /// @param where names the array in a message
    static int[] ids(@Nullable Object json, String where, int vocabularySize) {
        if (!(json instanceof List<?> list)) {
            throw new IllegalArgumentException(where + ": expected {\"ids\": [1, 2, 3]}");
        }
        int[] ids = new int[list.size()];
        for (int i = 0; i < ids.length; i++) {
            Object element = list.get(i);
            int id = element instanceof Integer number ? number : -1;
            ids[i] = checked(id, where, String.valueOf(element), vocabularySize);
        }
        return ids;
    }

    /// Ids as the command line prints and reads them: `1 2 3`.
    static String joined(int[] ids) {
        StringBuilder text = new StringBuilder();
        IntStream.of(ids).forEach(id -> text.append(text.isEmpty() ? "" : " ").append(id));
        return text.toString();
    }
}
