package mobilellm.app;

import mobilellm.tokenizer.Tokenizer;

import org.jspecify.annotations.Nullable;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.StringTokenizer;
import java.util.stream.IntStream;

/// A text that a model's predictions are measured on.
///
/// @param texts one or more, one after the other
/// @param areDocuments whether the token that ends a text stands behind each of them
record EvaluationText(List<String> texts, boolean areDocuments) {
    /// Texts are plain: what looks like a special token in them is text. A model that expects a token at the beginning of
    /// a sequence gets it once, before the first text, as its tokenizer would put it there.
    int[] encode(Tokenizer tokenizer) {
        OptionalInt begin = tokenizer.addBos() ? tokenizer.bos() : OptionalInt.empty();
        OptionalInt end = areDocuments ? end(tokenizer) : OptionalInt.empty();
        IntStream all =
                texts.stream()
                        .flatMapToInt(
                                text ->
                                        IntStream.concat(
                                                IntStream.of(tokenizer.encode(text, false)),
                                                end.stream()));
        return IntStream.concat(begin.stream(), all).toArray();
    }

    /// A tokenizer that names no end of a sequence may still have one token that ends an answer.
    private static OptionalInt end(Tokenizer tokenizer) {
        Set<Integer> ends = tokenizer.endOfGeneration();
        return tokenizer.eos().isPresent() || ends.size() != 1
                ? tokenizer.eos()
                : OptionalInt.of(ends.iterator().next());
    }

    /// In UTF-8.
    long bytes() {
        return texts.stream().mapToLong(text -> text.getBytes(StandardCharsets.UTF_8).length).sum();
    }

    /// Between white space.
    long words() {
        return texts.stream().mapToLong(text -> new StringTokenizer(text).countTokens()).sum();
    }

    /// The text of a file, or the texts of a file's lines.
    static EvaluationText read(@Nullable String file, @Nullable String jsonl, Context context)
            throws IOException {
        if (jsonl == null) {
            return new EvaluationText(List.of(Texts.read(String.valueOf(file), context)), false);
        }
        List<String> texts = new ArrayList<>();
        try (InputStream stream = Texts.open(jsonl, context);
                BufferedReader lines = Texts.lines(stream)) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (!line.isBlank()) {
                    String where = "line " + number + " of " + Texts.name(jsonl);
                    if (!(Json.readObject(line, where).get("text") instanceof String text)) {
                        throw new IllegalArgumentException(where + ": expected {\"text\": \"…\"}");
                    }
                    texts.add(text);
                }
            }
        }
        return new EvaluationText(texts, true);
    }
}
