package mobilellm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.config.LayerPlan.Visit;
import mobilellm.config.LayerSharing.Cache;
import mobilellm.config.LayerSharing.Strategy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The order of the visits, and whose keys and values they attend.
class LayerPlanTest {
    /// Blocks A, B, C; as the paper's section 2.3 and its figure 9 have it.
    @ParameterizedTest
    @CsvSource({
        "NONE, 1, ABC",
        "IMMEDIATE, 1, ABC",
        "IMMEDIATE, 2, AABBCC",
        "IMMEDIATE, 3, AAABBBCCC",
        "REPEAT_ALL_OVER, 1, ABC",
        "REPEAT_ALL_OVER, 2, ABCABC",
        "REPEAT_ALL_OVER, 4, ABCABCABCABC",
        "REVERSE, 1, ABC",
        "REVERSE, 2, ABCCBA",
        "REVERSE, 3, ABCCBAABC",
        "REVERSE, 4, ABCCBAABCCBA"
    })
    void visitsGoInTheOrderOfTheStrategy(Strategy strategy, int repeats, String expected) {
        for (Cache cache : Cache.values()) {
            List<Visit> visits =
                    LayerPlan.of(3, new LayerSharing(strategy, repeats, cache)).visits();
            String order =
                    visits.stream()
                            .map(visit -> String.valueOf((char) ('A' + visit.block())))
                            .collect(Collectors.joining());
            assertThat(order).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void everyVisitOfAnOwnCacheHasItsOwnSlot(Strategy strategy) {
        for (int repeats = 1; repeats <= LayerSharing.MAXIMUM_REPEATS; repeats++) {
            LayerPlan plan = LayerPlan.of(5, new LayerSharing(strategy, repeats, Cache.OWN));
            assertThat(plan.cacheSlots()).isEqualTo(5 * repeats);
            assertThat(plan.visits()).allMatch(Visit::writesCache);
            assertThat(plan.visits().stream().map(Visit::cacheSlot))
                    .isEqualTo(IntStream.range(0, 5 * repeats).boxed().toList());
        }
    }

    @ParameterizedTest
    @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void laterVisitsOfAFirstVisitCacheOnlyRead(Strategy strategy) {
        for (int repeats = 1; repeats <= LayerSharing.MAXIMUM_REPEATS; repeats++) {
            LayerPlan plan =
                    LayerPlan.of(5, new LayerSharing(strategy, repeats, Cache.FIRST_VISIT));
            assertThat(plan.cacheSlots()).isEqualTo(5);
            for (int i = 0; i < plan.visits().size(); i++) {
                Visit visit = plan.visits().get(i);
                boolean isFirst =
                        plan.visits().subList(0, i).stream()
                                .noneMatch(earlier -> earlier.block() == visit.block());
                assertThat(visit.writesCache()).isEqualTo(isFirst);
                assertThat(visit.cacheSlot()).isEqualTo(visit.block());
            }
        }
    }

    @Test
    void aBlockRunsOnceWithoutSharing() {
        assertThatThrownBy(() -> new LayerSharing(Strategy.NONE, 2, Cache.OWN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("without layer sharing a block runs once, got 2 repeats");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 9})
    void repeatsAreOneToEight(int repeats) {
        assertThatThrownBy(() -> new LayerSharing(Strategy.IMMEDIATE, repeats, Cache.OWN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("layer sharing repeats must be 1 to 8, got " + repeats);
    }
}
