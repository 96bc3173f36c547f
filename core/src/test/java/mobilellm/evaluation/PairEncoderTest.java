package mobilellm.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.engine.Prediction;
import mobilellm.evaluation.task.DataFolder;
import mobilellm.evaluation.task.Document;
import mobilellm.evaluation.task.Pair;
import mobilellm.evaluation.task.Profile;
import mobilellm.evaluation.task.Question;
import mobilellm.file.Sha256;
import mobilellm.testing.EvaluationRows;
import mobilellm.testing.JsonRow;
import mobilellm.testing.RealModel;
import mobilellm.testing.Shared;
import mobilellm.testing.TinyModel;
import mobilellm.tokenizer.Tokenizer;
import mobilellm.tokenizer.TokenizerOptions;
import mobilellm.tokenizer.Tokenizers;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Every request has the ids that the reference has.
@TestInstance(TestInstance.Lifecycle.PER_CLASS) // The tokenizer is built once.
class PairEncoderTest {
    private Tokenizer smolLm2 = TinyModel.tokenizer();

    @BeforeAll
    void readTokenizer() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(RealModel.path())) {
            smolLm2 = checkpoint.tokenizer();
        }
    }

    private static String hash(int[] ids) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(ids);
        return Sha256.of(bytes.array()).substring(0, 16);
    }

    private static List<Document> documents(Profile profile, String task) throws IOException {
        return profile.select(List.of(task))
                .getFirst()
                .read(new DataFolder(Shared.path("data/eval"), true));
    }

    @ParameterizedTest
    @CsvSource({
        "HARNESS, arc_easy, f64_arc_easy",
        "HARNESS, arc_challenge, f64_arc_challenge",
        "HARNESS, boolq, f64_boolq",
        "HARNESS, piqa, f64_piqa",
        "HARNESS, social_iqa, f64_social_iqa",
        "HARNESS, hellaswag, f64_hellaswag",
        "HARNESS, openbookqa, f64_openbookqa",
        "HARNESS, winogrande, f64_winogrande",
        "HARNESS, lambada_openai, f64_lambada_openai",
        "HARNESS, race, f64_race",
        "LLAMA_PAPER, race, f64_race_paper",
    })
    void pairsHaveTheIdsOfTheReference(Profile profile, String task, String fixture)
            throws IOException {
        PairEncoder encoder = new PairEncoder(smolLm2, 8192);
        List<Document> documents = documents(profile, task);
        for (JsonRow row : EvaluationRows.rows(fixture)) {
            List<Pair> pairs = documents.get((int) row.number("doc")).question().pairs();
            assertThat(pairs.stream().map(pair -> hash(encoder.encode(pair).prediction().ids())))
                    .as("%s %s", task, row.values().get("doc"))
                    .isEqualTo(row.list("tok"));
            for (int i = 0; i < pairs.size(); i++) {
                PairEncoder.Encoded encoded = encoder.encode(pairs.get(i));
                assertThat(List.of(encoded.contextLength(), encoded.prediction().predicted()))
                        .map(Integer::doubleValue)
                        .isEqualTo(row.list("n").get(i));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"8192, f64_wikitext", "2048, f64_wikitext_max2048"})
    void pagesAreCutIntoTheWindowsOfTheReference(int longest, String fixture) throws IOException {
        PairEncoder encoder = new PairEncoder(smolLm2, longest);
        List<Document> pages = documents(Profile.HARNESS, "wikitext");
        for (JsonRow row : EvaluationRows.rows(fixture)) {
            Question.Page page = (Question.Page) pages.get((int) row.number("doc")).question();
            List<Prediction> windows = encoder.encodeWhole(page.text());
            List<List<Double>> lengths =
                    row.list("windows").stream()
                            .map(window -> (List<?>) window)
                            .map(window -> List.of((Double) window.get(0), (Double) window.get(1)))
                            .toList();
            assertThat(windows)
                    .map(
                            window ->
                                    List.of(
                                            (double) window.ids().length - window.predicted(),
                                            (double) window.predicted()))
                    .isEqualTo(lengths);
        }
    }

    @Test
    void windowsOverlapAsTheHarnessCutsThem() {
        // Prefix 1 (BOS); ids of the text are 34 times 'the'.
        PairEncoder encoder = new PairEncoder(smolLm2, 10);
        String text = "a" + " the".repeat(33);
        int[] ids = smolLm2.encode(text, true);
        assertThat(ids).hasSize(34);
        List<Prediction> windows = encoder.encodeWhole(text);
        assertThat(windows).map(Prediction::predicted).containsExactly(10, 10, 10, 4);
        assertThat(windows.getFirst().ids()).startsWith(smolLm2.bos().orElseThrow()).hasSize(11);
        assertThat(windows.getLast().ids()).isEqualTo(Arrays.copyOfRange(ids, 23, 34));
    }

    @Test
    void whatIsTooLongLosesItsBeginning() {
        PairEncoder encoder = new PairEncoder(TinyModel.tokenizer(), 10);
        PairEncoder.Encoded cut = encoder.encode(new Pair("abcdefghijklmnop", " xyz"));
        assertThat(cut.isCut()).isTrue();
        assertThat(cut.contextLength()).isEqualTo(16);
        assertThat(TinyModel.tokenizer().decode(cut.prediction().ids(), false))
                .isEqualTo("jklmnop xyz");
        assertThat(encoder.encode(new Pair("abcdef", " xyz")).isCut()).isFalse();
        assertThatThrownBy(() -> encoder.encode(new Pair("a", " bcdefghijklm")))
                .hasMessageContaining("13 tokens, the model reads at most 10");
    }

    @Test
    void whiteSpaceMovesToTheContinuation() {
        PairEncoder encoder = new PairEncoder(TinyModel.tokenizer(), 90);
        PairEncoder.Encoded moved = encoder.encode(new Pair("ab \n", "c"));
        assertThat(moved.contextLength()).isEqualTo(2);
        assertThat(moved.prediction().predicted()).isEqualTo(3);
        assertThatThrownBy(() -> encoder.encode(new Pair(" \n ", "c")))
                .hasMessageContaining("white space alone");
    }

    /// "th" + "e" is one token, as long as "th" alone... so nothing is left of the continuation.
    @Test
    void aContinuationThatVanishesIsAnErrorOrEncodedAlone() {
        Pair pair = new Pair("th", "e");
        assertThatThrownBy(() -> new PairEncoder(TinyModel.tokenizer(), 90).encode(pair))
                .hasMessageContaining("the continuation 'e' vanishes");
        PairEncoder.Encoded alone =
                new PairEncoder(TinyModel.tokenizer(), 90, true, true).encode(pair);
        assertThat(alone.isRepaired()).isTrue();
        assertThat(TinyModel.tokenizer().decode(alone.prediction().ids(), false)).isEqualTo("the");
    }

    /// Llama's tokenizer puts a token in front; a text that spells it gets no second one, and a whole text has it predicted.
    @Test
    void theBeginningOfATextIsThereOnce() throws IOException {
        Tokenizer llama =
                Tokenizers.sentencePiece(
                        Files.readAllBytes(Shared.path("data/tokenizers/llama2/tokenizer.model")),
                        TokenizerOptions.defaults());
        PairEncoder encoder = new PairEncoder(llama, 2048);
        int bos = llama.bos().orElseThrow();
        assertThat(llama.addBos()).isTrue();
        int[] plain = encoder.encode(new Pair("Hello", " world")).prediction().ids();
        assertThat(plain).startsWith(bos).hasSize(3);
        assertThat(encoder.encode(new Pair("<s>Hello", " world")).prediction().ids())
                .startsWith(bos)
                .satisfies(ids -> assertThat(IntStream.of(ids).filter(id -> id == bos)).hasSize(1));
        assertThat(encoder.encode(new Pair("", " yes")).prediction().ids())
                .containsExactly(bos, 29871, 4874);
        assertThat(encoder.encodeWhole("Hello").getFirst().ids()).startsWith(bos, bos).hasSize(3);
        PairEncoder once = new PairEncoder(llama, 2048, false, false);
        assertThat(once.encodeWhole("Hello").getFirst().ids()).startsWith(bos).hasSize(2);
    }
}
