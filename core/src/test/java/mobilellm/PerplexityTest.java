package mobilellm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import mobilellm.config.KvType;
import mobilellm.config.LayerSharing;
import mobilellm.config.LayerSharing.Cache;
import mobilellm.config.LayerSharing.Strategy;
import mobilellm.engine.ContextLengthException;
import mobilellm.engine.Session;
import mobilellm.evaluation.Perplexity;
import mobilellm.evaluation.Windows;
import mobilellm.testing.JsonRow;
import mobilellm.testing.RealModel;
import mobilellm.testing.Shared;
import mobilellm.testing.TinyModel;
import mobilellm.tokenizer.Tokenizer;
import mobilellm.tokenizer.TokenizerOptions;
import mobilellm.tokenizer.Tokenizers;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// Perplexities equal those of Transformers, and those that the definition gives.
class PerplexityTest {
    private static final String TRAINED = "data/weights/trained/tiny-2m/";
    private static final String REFERENCE = "fixtures/smollm2/prompts.json";

    /// 100 tokens; `4, 8` is checked by hand: windows 0-7, 4-11, ... predict tokens 1-7, 8-11, ...
    @ParameterizedTest
    @CsvSource({"8, 8, 84", "8, 4, 99", "8, 7, 98", "100, 100, 99", "101, 50, 99", "2, 2, 50"})
    void eachTokenIsPredictedOnceFromItsWindow(int length, int stride, int predicted) {
        int[] ids = new SplittableRandom(1).ints(100, 0, 40).toArray();
        Windows windows = new Windows(length, stride);
        List<Perplexity> steps = new ArrayList<>();
        try (MobileLlm model = tinyModel();
                Session session = model.session()) {
            Perplexity measured = windows.measure(session, ids, 1000, steps::add);

            List<Double> losses = new ArrayList<>();
            int next = 1;
            for (int begin = 0; begin == 0 || begin + length <= ids.length; begin += stride) {
                int[] window = Arrays.copyOfRange(ids, begin, Math.min(begin + length, ids.length));
                for (int i = 1; i < window.length; i++) {
                    if (begin + i >= next) {
                        losses.add(loss(session, Arrays.copyOf(window, i), window[i]));
                    }
                }
                next = begin + window.length;
            }
            double mean = losses.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
            double squares = losses.stream().mapToDouble(loss -> Math.pow(loss - mean, 2)).sum();
            double error = Math.sqrt(squares / (predicted - 1) / predicted);
            assertThat(losses).hasSize(predicted);
            assertThat(measured.tokens()).isEqualTo(predicted);
            assertThat(measured.loss()).isCloseTo(mean, within(1e-7));
            assertThat(measured.lossError()).isCloseTo(error, within(1e-7));
            assertThat(steps).hasSize(windows.count(ids.length)).endsWith(measured);
        }
    }

    private static double loss(Session session, int[] context, int target) {
        session.prefill(context, (done, total) -> true);
        double sum = 0;
        for (float logit : session.logits()) {
            sum += Math.exp(logit);
        }
        return Math.log(sum) - session.logits()[target];
    }

    @Test
    void perplexitiesOfOtherUnitsFollowFromThatOfTokens() {
        Perplexity two = new Perplexity(10, Math.log(2), 0.1);
        assertThat(two.perplexity()).isCloseTo(2, within(1e-12));
        assertThat(two.perplexityError()).isCloseTo(0.2, within(1e-12));
        assertThat(two.bitsPerByte(100, 400)).isCloseTo(0.25, within(1e-12));
        assertThat(two.perUnit(100, 50)).isCloseTo(4, within(1e-12));
    }

    @Test
    void whatCannotBeMeasuredIsRefused() {
        try (MobileLlm model = tinyModel();
                Session session = model.session()) {
            Windows windows = new Windows(TinyModel.CONTEXT + 2, 2);
            int[] ids = new int[TinyModel.CONTEXT + 2];
            assertThatThrownBy(() -> windows.measure(session, ids, 1, step -> {}))
                    .isInstanceOf(ContextLengthException.class);
            assertThatThrownBy(() -> windows.measure(session, new int[1], 1, step -> {}))
                    .hasMessageContaining("1 tokens");
        }
        assertThatThrownBy(() -> new Windows(1, 1)).hasMessageContaining("two tokens");
        assertThatThrownBy(() -> new Windows(8, 9)).hasMessageContaining("1 to 8");
    }

    /// 8-bit activations add 0.003 to the loss over many windows, and up or down some 0.01 to that of one, of 511 targets.
    @Test
    void windowsOfWikiTextEqualTransformers() throws IOException {
        JsonRow windows = JsonRow.read(Shared.path(REFERENCE)).row("windows");
        byte[] text = Files.readAllBytes(Shared.path("data/" + windows.text("file")));
        String part = new String(text, 0, 40_000, StandardCharsets.UTF_8);
        try (MobileLlm model = load(RealModel.path(), "vector");
                Session session = model.session()) {
            List<Perplexity> steps = new ArrayList<>();
            new Windows(512, 512)
                    .measure(session, model.tokenizer().encode(part, false), 2, steps::add);
            double sum = 0;
            for (int i = 0; i < 2; i++) {
                JsonRow window = windows.rows("windows").get(i);
                sum += window.number("negative_log_likelihood");
                assertThat(steps.get(i).tokens()).isEqualTo(511L * (i + 1));
                assertThat(steps.get(i).loss()).isCloseTo(sum / (511 * (i + 1)), within(0.02));
            }
        }
    }

    /// Plain loops are exact, and slow: a prompt of 20 tokens is one window.
    @Test
    void exactKernelsGiveTheLossOfTransformers() throws IOException {
        JsonRow prose = JsonRow.read(Shared.path(REFERENCE)).rows("prompts").getFirst();
        for (JsonRow row : JsonRow.read(Shared.path(REFERENCE)).rows("prompts")) {
            prose = row.text("name").equals("prose") ? row : prose;
        }
        try (MobileLlm model = load(RealModel.path(), "scalar");
                Session session = model.session()) {
            Perplexity measured =
                    new Windows(512, 512).measure(session, prose.ids("ids"), 1, step -> {});
            assertThat(measured.loss()).isCloseTo(-prose.number("mean_logprob"), within(1e-5));
        }
    }

    /// 96 windows of 256 inputs and the token after them.
    @Test
    void theLossOfAModelTrainedOnFirstVisitsIsThatOfPyTorch() throws IOException {
        double expected =
                JsonRow.read(Shared.path(TRAINED + "expected.json"))
                        .row("ls-first")
                        .number("first-visit");

        assertThat(loss("ls-first", Cache.FIRST_VISIT, 96)).isCloseTo(expected, within(1e-3));
    }

    /// The modes' losses differ by 0.01 to 0.02 in the mean over all windows, and on the same text most windows agree.
    @ParameterizedTest
    @CsvSource({"ls-own, OWN, FIRST_VISIT", "ls-first, FIRST_VISIT, OWN"})
    void theLossIsLeastUnderTheModeThatACheckpointWasTrainedWith(
            String name, Cache trained, Cache other) throws IOException {
        assertThat(loss(name, trained, 12)).isLessThan(loss(name, other, 12) - 0.005);
    }

    private static double loss(String name, Cache cache, int windows) throws IOException {
        LoadOptions options =
                LoadOptions.builder()
                        .threads(2)
                        .keyValueType(KvType.F32)
                        .sharing(new LayerSharing(Strategy.IMMEDIATE, 2, cache))
                        .build();
        try (MobileLlm model = MobileLlm.load(Shared.path(TRAINED + name), options);
                Session session = model.session()) {
            return new Windows(257, 256).measure(session, trainedIds(), windows, step -> {}).loss();
        }
    }

    /// Each text and the id that ends it.
    private static int[] trainedIds() throws IOException {
        byte[] json = Files.readAllBytes(Shared.path(TRAINED + "tokenizer.json"));
        Tokenizer tokenizer = Tokenizers.fromJson(json, TokenizerOptions.defaults());
        return Files.readString(Shared.path(TRAINED + "validation.jsonl"))
                .lines()
                .limit(250)
                .map(line -> tokenizer.encode(JsonRow.parse(line).text("text"), false))
                .flatMapToInt(ids -> IntStream.concat(IntStream.of(ids), IntStream.of(0)))
                .toArray();
    }

    private static MobileLlm load(Path path, String kernels) throws IOException {
        return MobileLlm.load(
                path,
                LoadOptions.builder()
                        .threads(2)
                        .kernels(kernels)
                        .keyValueType(KvType.F32)
                        .contextLength(512)
                        .build());
    }

    private static MobileLlm tinyModel() {
        return MobileLlm.of(
                TinyModel.tensors(),
                TinyModel.config(),
                TinyModel::tokenizer,
                Optional.empty(),
                LoadOptions.builder().threads(2).kernels("scalar").build());
    }
}
