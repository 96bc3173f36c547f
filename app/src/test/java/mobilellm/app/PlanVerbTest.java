package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.Map;

class PlanVerbTest {
    private final Shell shell = new Shell();

    private Shell.Result plan(String... options) {
        return shell.run(TestArguments.of("plan", "--quiet", options));
    }

    /// MobileLLM-125M: 120 MB in 8 bits are 124,635,456 * 34 / 32, and norms in F32.
    @Test
    void aPresetHasTheKeysThatOthersRelyOn() {
        Map<String, Object> plan = plan("--preset", "125M", "--json").json();
        assertThat(plan)
                .containsEntry("parameters", 124_635_456)
                .containsEntry("layers", 30)
                .containsEntry("executed_layers", 30);
        assertThat(plan)
                .extractingByKey("bytes")
                .isEqualTo(
                        Map.of(
                                "f32", 4 * 124_635_456,
                                "f16", 2 * 124_635_456 + 2 * 61 * 576,
                                "q8_0", 34 * 3_893_760 + 4 * 61 * 576,
                                "q5_0", 22 * 3_893_760 + 4 * 61 * 576,
                                "q4_1", 20 * 3_893_760 + 4 * 61 * 576,
                                "q4_0", 18 * 3_893_760 + 4 * 61 * 576));
        assertThat(plan)
                .extractingByKey("kv_bytes_per_token")
                .isEqualTo(Map.of("f16", 23_040, "f32", 46_080, "q8_0", 12_240));
    }

    @Test
    void bytesAreForHeadsOfMultiplesOf32() {
        Shell.Result result = plan("--layers=2", "--dim=96", "--heads=4", "--kv=q8_0");
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.error()).contains("multiple of 32, here it is 24: use --kv f16");
        assertThat(plan("--layers=2", "--dim=96", "--heads=4").output())
                .doesNotContain("cache in q8_0");
        assertThat(plan("--preset=125M", "--kv=q8_0").output()).contains("cache in q8_0");
    }

    @Test
    void sharedLayersAreStoredOnceAndExecutedTwice() {
        Map<String, Object> plan =
                plan("--preset", "125M", "--sharing", "immediate:2:own", "--json").json();
        assertThat(plan)
                .containsEntry("parameters", 124_635_456)
                .containsEntry("executed_layers", 60);
        assertThat(plan("--preset", "LS-125M", "--json").json())
                .containsEntry("kv_bytes_per_token", plan.get("kv_bytes_per_token"));
    }

    @Test
    void sizesAreEnoughAndDefaultsAreThePapers() {
        assertThat(plan("--layers=30", "--dim=512", "--heads=8", "--untied", "--json").json())
                .containsEntry("intermediate_size", 1536)
                .containsEntry("head_dim", 64)
                .containsEntry("parameters", 135_035_392)
                .containsEntry("tied", false);
    }

    /// 100 is no multiple of 32: there are no blocks of it.
    @Test
    void typesThatCannotBeStoredAreLeftOut() {
        assertThat(plan("--layers=2", "--dim=100", "--heads=2", "--json").json())
                .extractingByKey("bytes")
                .asString()
                .contains("f32", "f16")
                .doesNotContain("q8_0");
    }

    @Test
    void everyRowOfThePaperIsMet() {
        Map<String, Object> tables = plan("--table", "paper", "--json").json();
        List<?> rows = (List<?>) tables.getOrDefault("rows", List.of());
        assertThat(rows)
                .hasSize(19)
                .allSatisfy(
                        row -> assertThat(number(row, "difference")).isBetween(-0.12e6, 0.12e6));
        assertThat((List<?>) tables.getOrDefault("heads", List.of())).hasSize(15);
        assertThat((List<?>) tables.getOrDefault("embedding_sharing", List.of()))
                .allSatisfy(
                        figure -> assertThat(number(figure, "difference")).isBetween(-1.0, 1.0));
        assertThat(plan("--table", "paper").output()).contains("    30      8   512    1536");
    }

    private static double number(Object object, String key) {
        return ((Map<?, ?>) object).get(key) instanceof Number number
                ? number.doubleValue()
                : Double.NaN;
    }

    @Test
    void aDeviceTellsWhatFits() {
        Map<String, Object> plan =
                plan("--device-memory=6GB", "--context=1024", "--kv=f32", "--json").json();
        assertThat(plan).containsEntry("budget", 600_000_000);
        List<?> fits = (List<?>) plan.getOrDefault("fits", List.of());
        assertThat(fits).hasSize(9 * 6);
        assertThat(fits)
                .allSatisfy(
                        fit ->
                                assertThat(((Map<?, ?>) fit).get("fits"))
                                        .isEqualTo(number(fit, "total_bytes") <= 600_000_000));
        assertThat(plan("--preset=1.5B", "--device-memory=6GB").output())
                .containsPattern("1.5B +q4_0 +850.* no  +0")
                .contains("A tenth of 6.0 GB is 600.0 MB");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--kv=f16 | there is nothing to count",
                "--preset 124M | there is no '124M'; there are 125M, 350M",
                "--preset 125M --layers 3 | exclude each other",
                "--layers 3 --dim 64 | sizes need at least",
                "--layers 3 --dim 100 --heads 3 | give --head-dim",
                "--layers 3 --dim 96 --heads 3 --kv-heads 2 | 3 query heads are not a multiple of"
                        + " 2",
                "--table other | --table: expected paper",
                "--device-memory six | expected a size such as 6GB",
            })
    void contradictionsAreWrongUsage(String options, String message) {
        Shell.Result result = plan(options.split(" "));
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.output()).isEmpty();
        assertThat(result.error()).startsWith("error: ").contains(message);
    }
}
