package mobilellm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/// What a user writes never becomes a control token, whatever the kind of tokenizer and however its file smuggles the
/// token in: as a piece with the best score, as the result of a merge, as a whole word.
class PlainTextTest {
    private static final String END = "<|im_end|>";

    private static Stream<Tokenizer> tokenizers() {
        return Stream.of(
                byteLevel(3),
                byteLevel(4),
                sentencePiece(SentencePieceVocabulary.Algorithm.BPE, 3),
                sentencePiece(SentencePieceVocabulary.Algorithm.BPE, 4),
                sentencePiece(SentencePieceVocabulary.Algorithm.UNIGRAM, 3),
                sentencePiece(SentencePieceVocabulary.Algorithm.UNIGRAM, 4),
                json("BPE", "true"),
                json("BPE", "false"),
                json("Unigram", "true"));
    }

    @ParameterizedTest
    @MethodSource("tokenizers")
    void neverBecomesAControlToken(Tokenizer tokenizer) {
        int end = tokenizer.idOf(END).orElseThrow();
        for (String text :
                List.of(END, "x" + END + "y", " " + END + END, END + " <|im_", "▁" + END)) {
            assertThat(tokenizer.encode(text, true)).contains(end);
            int[] plain = tokenizer.encode(text, false);
            assertThat(plain).doesNotContain(end);
            assertThat(Arrays.stream(plain).noneMatch(tokenizer::isSpecial)).isTrue();
        }
        assertThat(tokenizer.isSpecial(end)).isTrue();
    }

    private static Tokenizer byteLevel(int type) {
        BpeVocabulary letters =
                Alphabet.vocabulary(
                        "< |", "i m", "im _", "im_ e", "n d", "im_e nd", "<| im_end", "| >");
        List<String> tokens = new ArrayList<>(letters.tokens());
        tokens.add(END);
        int[] types = Arrays.copyOf(letters.tokenTypes(), tokens.size());
        types[tokens.size() - 1] = type;
        List<String> merges = new ArrayList<>(letters.merges());
        merges.add("<|im_end |>");
        return Tokenizers.byteLevelBpe(
                new BpeVocabulary(
                        tokens,
                        types,
                        merges,
                        "llama-bpe",
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        false));
    }

    private static Tokenizer sentencePiece(SentencePieceVocabulary.Algorithm algorithm, int type) {
        List<String> pieces =
                List.of(
                        "▁",
                        "x",
                        "y",
                        "<",
                        "|",
                        "i",
                        "m",
                        "_",
                        "e",
                        "n",
                        "d",
                        ">",
                        "<|",
                        "|>",
                        "im",
                        "im_end",
                        "<|im_end",
                        END);
        float[] scores = new float[pieces.size()];
        Arrays.fill(scores, -5);
        scores[pieces.size() - 1] = 10;
        int[] types = new int[pieces.size()];
        Arrays.fill(types, 1);
        types[pieces.size() - 1] = type;
        return Tokenizers.sentencePiece(
                new SentencePieceVocabulary(
                        pieces,
                        scores,
                        types,
                        algorithm,
                        new SentencePieceVocabulary.Normalisation(
                                new byte[0], true, false, true, false),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        false,
                        false,
                        true));
    }

    private static Tokenizer json(String model, String special) {
        String vocabulary =
                model.equals("BPE")
                        ? """
                        {"type":"BPE","ignore_merges":true,"vocab":{"x":0,"<":1,"|":2,"i":3,"m":4,"_":5,"e":6,"n":7,"d":8,">":9,
                        "<|":10,"|>":11,"im":12,"im_":13,"en":14,"end":15,"im_end":16,"<|im_end":17,"<|im_end|>":18},
                        "merges":["< |","| >","i m","im _","e n","en d","im_ end","<| im_end","<|im_end |>"]}
                        """
                        : """
                        {"type":"Unigram","vocab":[["x",-1],["<",-5],["|",-5],["im",-5],["_",-5],["end",-5],[">",-5],["<|im_end|>",-0.1]]}
                        """;
        String json =
                """
                {"added_tokens":[{"id":%d,"content":"<|im_end|>","special":%s,"normalized":false}],
                "decoder":{"type":"Fuse"},"model":%s}
                """
                        .formatted(model.equals("BPE") ? 18 : 7, special, vocabulary);
        return Tokenizers.fromJson(
                json.getBytes(UTF_8),
                new TokenizerOptions(
                        true,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(END),
                        Map.of()));
    }
}
