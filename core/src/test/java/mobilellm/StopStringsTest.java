package mobilellm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;

class StopStringsTest {
    @Test
    void textPassesThroughWithoutStopStrings() {
        StopStrings stop = new StopStrings(List.of());

        assertThat(stop.accept("any")).isEqualTo("any");
        assertThat(stop.finish()).isEmpty();
        assertThat(stop.isFound()).isFalse();
    }

    @Test
    void whatMayBecomeAStopStringIsHeldBack() {
        StopStrings stop = new StopStrings(List.of("\nUser:"));

        assertThat(stop.accept("Hello.\n")).isEqualTo("Hello.");
        assertThat(stop.accept("Us")).isEmpty();
        assertThat(stop.accept("eful")).isEqualTo("\nUseful");
        assertThat(stop.accept("\nUse")).isEmpty();
        assertThat(stop.accept("r: no more")).isEmpty();
        assertThat(stop.isFound()).isTrue();
        assertThat(stop.accept("nothing")).isEmpty();
        assertThat(stop.finish()).isEmpty();
    }

    @Test
    void whatWasHeldBackComesAtTheEnd() {
        StopStrings stop = new StopStrings(List.of("STOP"));

        assertThat(stop.accept("no ST")).isEqualTo("no ");
        assertThat(stop.finish()).isEqualTo("ST");
    }

    @Test
    void aStopStringMayBeginInsideABrokenOffOne() {
        StopStrings stop = new StopStrings(List.of("aab"));

        assertThat(stop.accept("a") + stop.accept("a") + stop.accept("a") + stop.accept("b"))
                .isEqualTo("a");
        assertThat(stop.isFound()).isTrue();
    }

    @Test
    void theFirstOfSeveralCounts() {
        StopStrings stop = new StopStrings(List.of("three", "two"));

        assertThat(stop.accept("one two three")).isEqualTo("one ");
    }
}
