package mobilellm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.CodedOutputStream;

import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.UnsupportedModelException;
import mobilellm.testing.HostileBytes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.StringJoiner;
import java.util.function.Function;

/// A `tokenizer.model` or `tokenizer.json` comes from a stranger: whatever its bytes, it gives a tokenizer or a message.
class HostileTokenizerFileTest {
    private static final long SEED = 20261125;
    private static final String TEXT = "a b  é🙂 <s>ab</s>\n\tﬁ½1";

    /// A small tokenizer.json with a part of every kind.
    private static final String JSON =
            """
            {"added_tokens":[{"id":8,"content":"<s>","special":true,"lstrip":true,"normalized":false},{"id":9,"content":"xy","single_word":true}],
            "normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Replace","pattern":{"String":" "},"content":"_"}]},
            "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\\\s+(?!\\\\S)|[a-z]{1,3}|\\\\p{N}"},"behavior":"Isolated"},{"type":"Digits"}]},
            "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]},
            "decoder":{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"}]},
            "model":{"type":"BPE","unk_token":"?","fuse_unk":true,"vocab":{"?":0,"a":1,"b":2,"ab":3,"_":4,"_a":5,"_ab":6,"1":7},"merges":["a b",["_","a"],"_ ab"]}}
            """;

    private static final HostileBytes LIMITS =
            new HostileBytes(
                    "tokenizer.json",
                    bytes -> json(bytes.toArray(ValueLayout.JAVA_BYTE)).encode(TEXT, false),
                    100);

    @Test
    void survivesEveryTruncation() {
        for (JsonObject model :
                ReferenceVectorsTest.resource("sentencepiece.jsonl").subList(1, 2)) {
            byte[] bytes = Base64.getDecoder().decode(model.text("model"));
            for (int length = 0; length < bytes.length; length++) {
                assertHarmless(this::sentencePiece, Arrays.copyOf(bytes, length));
            }
        }
        byte[] json = JSON.strip().getBytes(UTF_8);
        assertHarmless(HostileTokenizerFileTest::json, json);
        for (int length = 0; length < json.length; length++) {
            byte[] part = Arrays.copyOf(json, length);
            assertThatThrownBy(() -> json(part)).isInstanceOf(MalformedFileException.class);
        }
    }

    @Test
    void survivesFlippedBits() {
        Random random = new Random(SEED);
        for (JsonObject model : ReferenceVectorsTest.resource("sentencepiece.jsonl")) {
            byte[] bytes = Base64.getDecoder().decode(model.text("model"));
            for (int round = 0; round < 300; round++) {
                assertHarmless(this::sentencePiece, flipped(bytes, random));
            }
        }
        byte[] json = JSON.getBytes(UTF_8);
        for (int round = 0; round < 4_000; round++) {
            assertHarmless(HostileTokenizerFileTest::json, flipped(json, random));
        }
    }

    private static byte[] flipped(byte[] bytes, Random random) {
        byte[] flipped = bytes.clone();
        for (int flip = random.nextInt(3); flip >= 0; flip--) {
            flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return flipped;
    }

    private static void assertHarmless(Function<byte[], Tokenizer> reader, byte[] bytes) {
        try {
            Tokenizer tokenizer = reader.apply(bytes);
            for (int id : tokenizer.encode(TEXT, true)) {
                assertThat(tokenizer.piece(id)).isNotNull();
            }
            tokenizer.decode(tokenizer.encode(TEXT, false), true);
        } catch (MalformedFileException | UnsupportedModelException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"<0x-1>", "<0xG0>", "<0x100>", "0x41", "<0x4>", "<0x+1>"})
    void refusesABytePieceThatIsNoByte(String piece) {
        assertThatThrownBy(() -> sentencePiece(model(piece(piece, 6))))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("is of type byte; expected <0x00> to <0xFF>");
    }

    @Test
    void refusesPiecesThatContradictThemselves() {
        assertThatThrownBy(() -> sentencePiece(new byte[0]))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("no pieces");
        assertThatThrownBy(() -> sentencePiece(model(piece("<0x41>", 6))))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("pieces for 1 bytes; expected none or 256");
        assertThatThrownBy(() -> sentencePiece(model(piece("a", 9))))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("type 9; expected 1 to 6");
        assertThatThrownBy(() -> sentencePiece(model(piece("", 1))))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("piece 0 of the tokenizer is empty");
        assertThatThrownBy(() -> sentencePiece(model(piece("a".repeat(1000), 1))))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("has 1000 characters");
        Tokenizer twice = sentencePiece(model(piece("a", 1), piece("a", 1), piece("▁", 1)));
        assertThat(twice.decode(twice.encode("aa", false), true)).isEqualTo("aa");
    }

    /// A length of 2 GB in a file of a few bytes.
    @Test
    void believesNoLength() {
        byte[] huge = {0x0A, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x07, 1};
        assertThatThrownBy(() -> sentencePiece(huge))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("the SentencePiece model is damaged at byte");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 3, 1_000_000_000})
    void refusesSpecialTokensThatLeaveAGap(int id) {
        TokenizerOptions options =
                new TokenizerOptions(
                        true,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Map.of(id, "<x>"));
        assertThatThrownBy(() -> Tokenizers.sentencePiece(model(piece("a", 1)), options))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("special token");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "'\"a\":1' ~ '\"a\":-1' ~ a token of tokenizer.json has id -1",
                "'\"a\":1' ~ '\"a\":2147483647' ~ a token of tokenizer.json has id 2147483647",
                "'\"a\":1' ~ '\"a\":99999999999999' ~ not the JSON it should be",
                "'\"a\":1' ~ '\"a\":2' ~ have the same id 2",
                "'\"id\":8' ~ '\"id\":-8' ~ member 'id' should be a whole number",
                "'a b' ~ 'a z' ~ its second half is not in the vocabulary",
                "'a b' ~ 'b a' ~ the merged token is not in the vocabulary",
                "'a b' ~ 'a  b' ~ expected two tokens with one space between them",
                "'\"unk_token\":\"?\"' ~ '\"unk_token\":\"!\"' ~ is not in the vocabulary",
                "'\"id\":\"<s>\"' ~ '\"id\":\"<t>\"' ~ is not in the vocabulary",
                "'[a-z]{1,3}' ~ '[a-z]{1,3' ~ a number of repetitions was expected",
                "'[a-z]{1,3}' ~ '[z-a]' ~ a range ends before it begins",
                "'[a-z]{1,3}' ~ '[a-z' ~ a class is not closed",
                "'[a-z]{1,3}' ~ '[[a]&&[b]' ~ a class is not closed",
            })
    void refusesJsonThatContradictsItself(String from, String to, String message) {
        String changed = JSON.replace(from, to);
        assertThat(changed).isNotEqualTo(JSON);
        assertThatThrownBy(() -> json(changed.getBytes(UTF_8)))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "'\"type\":\"BPE\"' ~ '\"type\":\"WordPiece\"' ~ 'model ''WordPiece'''",
                "'\"NFC\"' ~ '\"BertNormalizer\"' ~ 'normalizer ''BertNormalizer'''",
                "'\"Digits\"' ~ '\"BertPreTokenizer\"' ~ 'pre_tokenizer ''BertPreTokenizer'''",
                "'\"Fuse\"' ~ '\"CTC\"' ~ 'decoder ''CTC'''",
                "'\"TemplateProcessing\"' ~ '\"BertProcessing\"' ~ 'post_processor"
                        + " ''BertProcessing'''",
                "'\"fuse_unk\":true' ~ '\"dropout\":0.1' ~ dropout",
                "'\"fuse_unk\":true' ~ '\"end_of_word_suffix\":\"</w>\"' ~ end_of_word_suffix",
                "'\"decoder\":' ~ '\"coder\":' ~ a file without one",
                "'[a-z]{1,3}' ~ '(?<=a)b' ~ this kind of group",
                "'[a-z]{1,3}' ~ '(?=ab)' ~ a look ahead further than one character",
                "'[a-z]{1,3}' ~ '(?:ab)++' ~ a possessive quantifier",
                "'[a-z]{1,3}' ~ '\\\\p{Hiragana}' ~ p{Hiragana}",
                "'[a-z]{1,3}' ~ '[[:alpha:]]' ~ a class by its name",
                "'[a-z]{1,3}' ~ '\\\\bx' ~ \\b",
                "'[a-z]{1,3}' ~ '(?:[ab]{1,900}){1,900}' ~ has more than",
                "'[a-z]{1,3}' ~ '[ab]*a[ab]{20}' ~ needs more than",
            })
    void refusesByNameWhatItDoesNotKnow(String from, String to, String message) {
        String changed = JSON.replace(from, to);
        assertThat(changed).isNotEqualTo(JSON);
        assertThatThrownBy(() -> json(changed.getBytes(UTF_8)))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining(message);
    }

    @Test
    void refusesDeepJson() {
        String deep = "{\"x\":" + "[".repeat(100_000);
        assertThatThrownBy(() -> json(deep.getBytes(UTF_8)))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("depth");
        String groups = JSON.replace("[a-z]{1,3}", "(".repeat(10_000));
        assertThatThrownBy(() -> json(groups.getBytes(UTF_8)))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("groups inside groups");
    }

    /// Each replacement doubles the text, and there are a hundred.
    @Test
    void boundsWhatReplacementsMakeOfAText() {
        String twice = "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"aa\"}";
        String all = (twice + ",").repeat(99) + twice;
        byte[] json = JSON.replace("{\"type\":\"NFC\"}", all).getBytes(UTF_8);
        assertThatThrownBy(() -> json(json))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("more than 1000 times as much of a text");
    }

    /// Patterns and normal forms on which backtracking and sorting take quadratic time or worse.
    @Test
    void takesLinearTimeOnWhatIsMadeToBeSlow() {
        String pattern = JSON.replace("[a-z]{1,3}", "(?:a|aa|b*)+c|x+$|\\\\s+$");
        Tokenizer slow = json(pattern.getBytes(UTF_8));
        for (String unit : new String[] {"a", "b", "x", " ", "ab"}) {
            String text = unit.repeat(1 << 17) + "!";
            assertTimeoutPreemptively(Vectors.LINEAR, () -> slow.encode(text, false));
        }
        Tokenizer normalised = json(JSON.getBytes(UTF_8));
        String marks = "a" + "\u0301\u0323".repeat(1 << 16);
        assertTimeoutPreemptively(Vectors.LINEAR, () -> normalised.encode(marks, false));
    }

    /// A script is looked up among all characters once, however often a pattern names it.
    @Test
    void aScriptThatIsNamedThousandsOfTimesTakesLittleTime() {
        String pattern = "[" + "\\\\p{Han}".repeat(2_400) + "]";
        assertThat(LIMITS.isAccepted(JSON.replace("[a-z]{1,3}", pattern).getBytes(UTF_8))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void tokensOfOneHashCodeTakeLittleHeapAndTime(boolean added) {
        StringJoiner vocabulary = new StringJoiner(",", "{", "}");
        StringJoiner tokens = new StringJoiner(",", "[", "]");
        List<String> names = HostileBytes.collidingNames(16);
        for (int id = 0; id < names.size(); id++) {
            String name = names.get(id);
            vocabulary.add("\"%s\":%d".formatted(name, id));
            tokens.add("{\"id\":%d,\"content\":\"%s\"}".formatted(id, name));
        }
        String file =
                "{\"added_tokens\":%s,\"decoder\":{\"type\":\"Fuse\"},\"model\":{\"type\":\"BPE\",\"vocab\":%s,\"merges\":[]}}"
                        .formatted(added ? tokens : "[]", vocabulary);
        assertThat(LIMITS.isAccepted(file.getBytes(UTF_8))).isTrue();
    }

    private static Tokenizer json(byte[] bytes) {
        return Tokenizers.fromJson(bytes, TokenizerOptions.defaults());
    }

    private Tokenizer sentencePiece(byte[] bytes) {
        return Tokenizers.sentencePiece(bytes, TokenizerOptions.defaults());
    }

    private interface Fields {
        void write(CodedOutputStream output) throws IOException;
    }

    private static byte[] message(Fields fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream output = CodedOutputStream.newInstance(bytes);
        try {
            fields.write(output);
            output.flush();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return bytes.toByteArray();
    }

    private static byte[] piece(String text, int type) {
        return message(
                output -> {
                    output.writeString(1, text);
                    output.writeFloat(2, -1);
                    output.writeInt32(3, type);
                });
    }

    /// A BPE model of these pieces.
    private static byte[] model(byte[]... pieces) {
        return message(
                output -> {
                    for (byte[] piece : pieces) {
                        output.writeByteArray(1, piece);
                    }
                    output.writeByteArray(2, message(trainer -> trainer.writeInt32(3, 2)));
                });
    }
}
