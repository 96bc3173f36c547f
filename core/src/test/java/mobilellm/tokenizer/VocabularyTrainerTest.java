package mobilellm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.tensor.MalformedFileException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;

/// Vocabularies that are learnt: what is merged, and that nothing of a text is lost.
class VocabularyTrainerTest {
    private static final VocabularyPlan.Form BYTE_LEVEL = new VocabularyPlan.ByteLevel("smollm");
    private static final VocabularyPlan.Form SENTENCE_PIECE =
            new VocabularyPlan.SentencePiece(0.999);
    private static final List<String> SPECIAL = List.of("<s>", "</s>", "<|im_end|>");

    private static Stream<VocabularyPlan> plans() {
        return Stream.of(
                plan(BYTE_LEVEL),
                plan(new VocabularyPlan.ByteLevel("llama-bpe")),
                plan(SENTENCE_PIECE));
    }

    private static VocabularyPlan plan(VocabularyPlan.Form form) {
        return new VocabularyPlan(
                form, 600, SPECIAL, Optional.of("<s>"), Optional.of("</s>"), true, 2);
    }

    /// The text of Sennrich et al. 2016. `e s` and `s t` occur 9 times each; `e` has the smaller id.
    @Test
    void mergesTheMostFrequentNeighboursFirst() {
        List<String> texts = new ArrayList<>(Collections.nCopies(5, "low"));
        texts.addAll(Collections.nCopies(2, "lower"));
        texts.addAll(Collections.nCopies(6, "newest"));
        texts.addAll(Collections.nCopies(3, "widest"));
        assertThat(merges(texts, 256 + 7))
                .containsExactly("e s", "es t", "l o", "lo w", "e w", "n ew", "new est");
    }

    /// `aaaa` has three pairs that overlap, `aaa` two; a merge takes the leftmost.
    @Test
    void countsNeighboursThatOverlap() {
        assertThat(merges(List.of("aaaa", "aaa", "bc", "bc", "bc", "bc"), 256 + 3))
                .containsExactly("a a", "b c", "aa a");
    }

    private static List<String> merges(List<String> texts, int size) {
        var plan =
                new VocabularyPlan(
                        BYTE_LEVEL, size, List.of(), Optional.empty(), Optional.empty(), false, 1);
        return ((TrainedVocabulary.ByteLevel) train(plan, texts, 1)).vocabulary().merges();
    }

    /// Byte fallback for the rare, one token for each digit, spaces in front of words, nothing across their ends.
    @Test
    void learnsPieces() {
        List<String> texts =
                new ArrayList<>(Collections.nCopies(2_000, "the cat, 2024\nthe catalogue 2024"));
        texts.add("ж");
        var learnt =
                (TrainedVocabulary.SentencePiece)
                        train(VocabularyPlan.of(SENTENCE_PIECE, 400), texts, 2);
        List<String> pieces = learnt.vocabulary().pieces();
        assertThat(pieces.subList(0, 2)).containsExactly("<unk>", "<0x00>");
        assertThat(pieces.subList(257, pieces.size()))
                .contains("▁the", "▁cat", "▁catalogue", "2", ",", "▁")
                .doesNotContain("ж", "20", "\n", "cat,");
        assertThat(learnt.missing()).isEqualTo(400 - pieces.size()).isPositive();
        Tokenizer tokenizer = learnt.tokenizer();
        assertThat(tokenizer.decode(tokenizer.encode("the ж\n20", false), false))
                .isEqualTo("the ж\n20");
    }

    @ParameterizedTest
    @MethodSource("plans")
    void isTheSameForAnyOrderAndNumberOfThreads(VocabularyPlan plan) {
        List<String> texts = texts();
        byte[] expected = json(train(plan, texts, 1));
        for (int threads : new int[] {1, 2, 3}) {
            Collections.shuffle(texts, new Random(threads));
            assertThat(json(train(plan, texts, threads))).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @MethodSource("plans")
    void givesBackEveryText(VocabularyPlan plan) {
        TrainedVocabulary learnt = train(plan, texts(), 2);
        Tokenizer direct = learnt.tokenizer();
        Tokenizer json = Tokenizers.fromJson(json(learnt), TokenizerOptions.defaults());
        assertThat(json.vocabularySize()).isEqualTo(direct.vocabularySize()).isEqualTo(600);
        assertThat(json.bos()).isEqualTo(direct.bos()).isEqualTo(direct.idOf("<s>"));
        assertThat(json.addBos()).isTrue();
        for (String text : unseen()) {
            int[] ids = direct.encode(text, false);
            assertThat(json.encode(text, false)).isEqualTo(ids);
            assertThat(direct.decode(ids, false)).isEqualTo(text);
            assertThat(json.decode(ids, false)).isEqualTo(text);
        }
        int[] marked = {json.idOf("<|im_end|>").orElseThrow()};
        assertThat(json.encode("<|im_end|>", true)).isEqualTo(marked);
        assertThat(json.encode("<|im_end|>", false)).doesNotContain(marked);
    }

    @ParameterizedTest
    @MethodSource("plans")
    void learnsNothingFromSpecialTokens(VocabularyPlan plan) {
        List<String> marked = texts().stream().map(text -> text + "<|im_end|>").toList();
        assertThat(json(train(plan, marked, 1))).isEqualTo(json(train(plan, texts(), 1)));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void readsFilesInPieces(boolean manyLines, @TempDir Path folder) throws IOException {
        List<String> texts = new ArrayList<>();
        var fromFiles = new VocabularyTrainer(plan(BYTE_LEVEL), 2);
        for (int number = 0; number < 3; number++) {
            String line = texts().get(3 * number + 1) + (manyLines ? "\n" : " ");
            String text = line.repeat(200_000 / line.length());
            Path file = Files.writeString(folder.resolve("text" + number), text);
            fromFiles.count(file);
            texts.add(text);
        }
        fromFiles.count(Files.createFile(folder.resolve("empty")));
        TrainedVocabulary learnt = fromFiles.train();
        if (manyLines) {
            assertThat(json(learnt)).isEqualTo(json(train(plan(BYTE_LEVEL), texts, 1)));
        } else { // cut inside a word now and then, and still every byte is there
            assertThat(learnt.missing()).isLessThan(600 - 259);
        }
    }

    @Test
    void saysWhatIsMissing() {
        TrainedVocabulary nothing = train(plan(BYTE_LEVEL), List.of(), 2);
        assertThat(nothing.missing()).isEqualTo(600 - 259);
        assertThat(nothing.tokenizer().vocabularySize()).isEqualTo(259);
        assertThat(train(plan(SENTENCE_PIECE), List.of("", "\n"), 2).missing())
                .isEqualTo(600 - 261);
    }

    @Test
    void refusesWhatCannotBe(@TempDir Path folder) throws IOException {
        assertThatThrownBy(() -> train(VocabularyPlan.of(BYTE_LEVEL, 255), texts(), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("255")
                .hasMessageContaining("256");
        Path file =
                Files.write(
                        folder.resolve("latin1"),
                        "caf\u00e9 ".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> new VocabularyTrainer(plan(BYTE_LEVEL), 1).count(file))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("latin1")
                .hasMessageContaining("UTF-8");
    }

    private static TrainedVocabulary train(VocabularyPlan plan, List<String> texts, int threads) {
        var trainer = new VocabularyTrainer(plan, threads);
        trainer.count(texts.iterator());
        return trainer.train();
    }

    private static byte[] json(TrainedVocabulary vocabulary) {
        var target = new ByteArrayOutputStream();
        vocabulary.writeJson(target);
        return target.toByteArray();
    }

    /// Sentences of words that are made of syllables.
    private static List<String> texts() {
        Random random = new Random(150807909);
        List<String> texts = new ArrayList<>();
        String[] syllables = {"ka", "lo", "mi", "én", "straw", "ber", "ry", "ою", "日本", "'s", "12"};
        for (int text = 0; text < 400; text++) {
            StringBuilder line = new StringBuilder();
            for (int word = 0; word < 12; word++) {
                for (int part = 0; part <= random.nextInt(4); part++) {
                    line.append(syllables[random.nextInt(syllables.length)]);
                }
                line.append(random.nextInt(6) == 0 ? ".  " : " ");
            }
            texts.add(line.append(text % 3 == 0 ? "\n\nlomi" : "aaaaaaa").toString());
        }
        return texts;
    }

    private static List<String> unseen() {
        List<String> texts = new ArrayList<>(texts().subList(0, 20));
        texts.addAll(
                List.of(
                        "",
                        " ",
                        "   ka  ",
                        "\n\t\r\n",
                        "<unk> <0x41> <|im_end|></s>",
                        "strawberry's 123 日本語 🍓 \u0000 \uFFFD é",
                        "aaaaaaaaaaaaaaaaaaaaa aaaa aaaaa"));
        Random random = new Random(16);
        for (int i = 0; i < 50; i++) {
            String text =
                    random.ints(40, 0, Character.MAX_CODE_POINT + 1)
                            .filter(each -> each < 0xD800 || each > 0xDFFF)
                            .filter(each -> each != '▁') // SentencePiece's sign for a space
                            .collect(
                                    StringBuilder::new,
                                    StringBuilder::appendCodePoint,
                                    StringBuilder::append)
                            .toString();
            texts.add(text);
        }
        return texts;
    }
}
