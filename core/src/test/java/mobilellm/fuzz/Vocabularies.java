package mobilellm.fuzz;

import mobilellm.testing.JsonRow;
import mobilellm.tokenizer.Tokenizer;
import mobilellm.tokenizer.Tokenizers;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/// The small tokenizers that the tokenizers' own tests are given.
final class Vocabularies {
    private static final String TEXT = "a b  é🙂 <s>ab</s>\n\tﬁ½1 the The 1234";

    private Vocabularies() {}

    /// A member of each row of a resource.
    static List<String> read(String resource, String member) {
        try (InputStream stream = Tokenizers.class.getResourceAsStream(resource)) {
            String text =
                    new String(
                            Objects.requireNonNull(stream).readAllBytes(), StandardCharsets.UTF_8);
            return text.lines().map(line -> JsonRow.parse(line).text(member)).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Encodes and decodes.
    static void use(Tokenizer tokenizer) {
        for (int id : tokenizer.encode(TEXT, true)) {
            Objects.requireNonNull(tokenizer.piece(id));
        }
        tokenizer.decode(tokenizer.encode(TEXT, false), true);
    }
}
