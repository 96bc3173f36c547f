package mobilellm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/// Holds a tokenizer to reference files that several kinds of tokenizers share.
final class Vectors {
    /// A second would do on an idle machine, and a busy one must not fail; a quadratic tokenizer needs many minutes.
    static final Duration LINEAR = Duration.ofMinutes(2);

    private static final int MEBIBYTE = 1 << 20;

    private Vectors() {}

    static void assertStreams(Tokenizer tokenizer, boolean skipSpecial, String file) {
        for (JsonObject row : JsonObject.lines(file)) {
            StreamingDecoder decoder = tokenizer.streamingDecoder(skipSpecial);
            List<String> pieces = new ArrayList<>();
            for (int id : row.ints("ids")) {
                pieces.add(decoder.accept(id));
            }
            assertThat(pieces).isEqualTo(row.texts("pieces"));
            assertThat(decoder.finish()).isEqualTo(row.text("rest"));
        }
    }

    static void assertEncodesLongTexts(Tokenizer tokenizer, String file) {
        for (JsonObject row : JsonObject.lines(file)) {
            String text = generate(row);
            int[] ids = assertTimeoutPreemptively(LINEAR, () -> tokenizer.encode(text, false));
            assertThat(ids).hasSize((int) row.number("count"));
            assertThat(Arrays.copyOf(ids, 16)).isEqualTo(row.ints("first"));
            assertThat(Arrays.copyOfRange(ids, ids.length - 16, ids.length))
                    .isEqualTo(row.ints("last"));
            assertThat(sha256(ids)).isEqualTo(row.text("sha256_i32_le"));
        }
    }

    static void assertTakesLinearTimeForAMebibyteOf(Tokenizer tokenizer, String unit) {
        String text = unit.repeat(MEBIBYTE / unit.length());
        int[] ids = assertTimeoutPreemptively(LINEAR, () -> tokenizer.encode(text, true));
        assertThat(tokenizer.decode(ids, false)).isEqualTo(text);
    }

    private static String generate(JsonObject row) {
        int length = (int) row.number("length");
        StringBuilder text = new StringBuilder();
        if (row.text("generator").equals("repeat")) {
            text.repeat(row.text("unit"), length);
        } else {
            List<String> words = row.texts("words");
            long state = row.number("seed");
            while (text.length() < 2 * length) {
                state = state * 6364136223846793005L + 1442695040888963407L;
                text.append(words.get((int) ((state >>> 33) % words.size())));
            }
        }
        return text.substring(0, text.offsetByCodePoints(0, length));
    }

    private static String sha256(int[] ids) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(ids);
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
