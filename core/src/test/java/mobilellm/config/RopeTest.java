package mobilellm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.testing.JsonRow;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.IntStream;

/// Frequencies of the rotary embedding against those of Transformers, which computes them in 32 bits.
class RopeTest {
    @Test
    void frequenciesAreThoseOfTransformers() throws IOException {
        List<JsonRow> tables = tables();
        assertThat(tables).hasSizeGreaterThanOrEqualTo(9);
        for (JsonRow table : tables) {
            if (table.text("rope_type").equals("dynamic")) {
                continue; // beyond the original context; see the next test
            }
            Rope rope = new Rope(table.number("rope_theta"), scaling(table));
            assertSame(rope, table);
            assertThat(rope.attentionFactor())
                    .isEqualTo(table.number("attention_factor"), within(1e-12));
        }
    }

    /// Beyond the original context the frequencies of all positions would change with every token; such a model is run up
    /// to there, where they are the plain ones.
    @Test
    void dynamicScalingIsNoneUpToTheOriginalContext() throws IOException {
        JsonRow plain = tables().getFirst();
        Rope rope = new Rope(plain.number("rope_theta"), new RopeScaling.Dynamic(2, 2048));
        assertSame(rope, plain);
        ModelConfig config =
                new ModelConfig(
                        "llama",
                        1,
                        64,
                        new Attention(1, 1, 64),
                        new FeedForward(64),
                        100,
                        8192,
                        1e-5,
                        rope,
                        true,
                        LayerSharing.NONE);
        assertThat(config.contextLength()).isEqualTo(2048);
    }

    /// A pair's own divisors, as GGUF files have them, say the same as the rule that they were made by.
    @Test
    void dividingPairByPairIsTheRuleWrittenOut() {
        Rope plain = new Rope(500_000);
        Rope scaled = new Rope(500_000, new RopeScaling.Llama3(32, 1, 4, 8192));
        double[] before = plain.frequencies(64);
        double[] after = scaled.frequencies(64);
        List<Double> divisors = IntStream.range(0, 32).mapToObj(i -> before[i] / after[i]).toList();
        assertThat(new Rope(500_000, new RopeScaling.PerPair(divisors)).frequencies(64))
                .containsExactly(after, within(1e-12));
    }

    private static List<JsonRow> tables() throws IOException {
        String json = Files.readString(Shared.path("fixtures/models/rope.json"));
        return JsonRow.parse("{\"tables\":" + json + "}").rows("tables");
    }

    private static void assertSame(Rope rope, JsonRow table) {
        double[] frequencies = rope.frequencies((int) table.number("head_dim"));
        List<?> expected = table.list("inv_freq");
        assertThat(frequencies).hasSize(expected.size());
        for (int i = 0; i < frequencies.length; i++) {
            double frequency = (double) expected.get(i);
            assertThat(frequencies[i])
                    .as("%s, pair %d", table.text("rope_type"), i)
                    .isEqualTo(frequency, within(1e-6 * frequency));
        }
    }

    private static RopeScaling scaling(JsonRow table) {
        if (!table.has("rope_scaling")) {
            return new RopeScaling.None();
        }
        JsonRow scaling = table.row("rope_scaling");
        double factor = scaling.number("factor");
        return switch (table.text("rope_type")) {
            case "linear" -> new RopeScaling.Linear(factor);
            case "llama3" ->
                    new RopeScaling.Llama3(
                            factor,
                            scaling.number("low_freq_factor"),
                            scaling.number("high_freq_factor"),
                            originalContext(scaling));
            case "yarn" ->
                    new RopeScaling.Yarn(
                            factor,
                            originalContext(scaling),
                            32,
                            1,
                            RopeScaling.Yarn.attentionFactor(factor),
                            true);
            default -> throw new IllegalArgumentException(table.text("rope_type"));
        };
    }

    private static int originalContext(JsonRow scaling) {
        return (int) scaling.number("original_max_position_embeddings");
    }
}
