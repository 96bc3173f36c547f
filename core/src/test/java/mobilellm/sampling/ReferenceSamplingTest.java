package mobilellm.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.sampling.Fixtures.Row;

import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Every filter, chain of filters and penalty of the reference outputs, in double.
final class ReferenceSamplingTest {
    private static final double TOLERANCE = 1e-12;

    @Test
    void filtersGiveTheReferenceProbabilities() {
        Row rows = Fixtures.logits();
        assertThat(Fixtures.lines("filters.jsonl"))
                .isNotEmpty()
                .allSatisfy(
                        expected -> {
                            var candidates = filtered(rows, expected);
                            if (!expected.has("ties")) {
                                assertThat(ids(candidates)).containsExactly(expected.ids("ids"));
                            }
                            assertThat(probabilities(candidates))
                                    .containsExactly(expected.numbers("probs"), within(TOLERANCE));
                        });
    }

    private static Candidates filtered(Row rows, Row expected) {
        double[] logits = rows.numbers(expected.text("row"));
        var candidates = new Candidates(logits.length);
        candidates.load(logits);
        for (Object step : (List<?>) expected.value("steps")) {
            var pair = (List<?>) step;
            double value = Fixtures.toNumber(pair.getLast());
            switch (String.valueOf(pair.getFirst())) {
                case "temperature" -> candidates.temperature(value);
                case "top_k" -> candidates.topK((int) value);
                case "top_p" -> candidates.topP(value);
                case "min_p" -> candidates.minP(value);
                case "typical" -> candidates.typical(value);
                default -> throw new IllegalArgumentException("unknown step " + pair);
            }
        }
        candidates.sort();
        return candidates;
    }

    /// Indexes of what may come, the most probable first.
    private static IntStream possible(Candidates candidates) {
        return IntStream.range(0, candidates.size()).filter(i -> candidates.weight(i) > 0);
    }

    private static int[] ids(Candidates candidates) {
        return possible(candidates).map(candidates::id).toArray();
    }

    private static double[] probabilities(Candidates candidates) {
        double total = candidates.weigh();
        return possible(candidates).mapToDouble(i -> candidates.weight(i) / total).toArray();
    }

    @Test
    void penaltiesGiveTheReferenceLogits() {
        Row rows = Fixtures.logits();
        assertThat(Fixtures.lines("penalties.jsonl"))
                .isNotEmpty()
                .allSatisfy(
                        expected -> {
                            double[] logits = rows.numbers(expected.text("row"));
                            double[] penalised = logits.clone();
                            new Penalties(options(expected), logits.length)
                                    .apply(penalised, history(expected));
                            expected.row("changed")
                                    .values()
                                    .forEach(
                                            (id, logit) ->
                                                    logits[Integer.parseInt(id)] =
                                                            Fixtures.toNumber(logit));
                            assertThat(penalised).containsExactly(logits, within(TOLERANCE));
                        });
    }

    private static SamplingOptions options(Row expected) {
        return SamplingOptions.builder()
                .repeatPenalty(expected.number("repeat"))
                .frequencyPenalty(expected.number("frequency"))
                .presencePenalty(expected.number("presence"))
                .repeatLastN((int) expected.number("last_n"))
                .penalisePrompt(!expected.text("style").equals("openai"))
                .build();
    }

    private static History history(Row expected) {
        int[] ids = expected.ids("history");
        int prompt = (int) expected.number("prompt_length");
        var history = new History();
        history.addPrompt(Arrays.copyOf(ids, prompt));
        for (int i = prompt; i < ids.length; i++) {
            history.add(ids[i]);
        }
        return history;
    }
}
