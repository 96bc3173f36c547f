package mobilellm.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.stream.IntStream;

final class HistoryTest {
    @Test
    void remembersWhatWasPromptAndWhatWasGenerated() {
        var history = new History(1);
        history.addPrompt(4, 5, 6);
        IntStream.range(0, 100).forEach(history::add);
        assertThat(history.size()).isEqualTo(103);
        assertThat(history.promptLength()).isEqualTo(3);
        assertThat(history.id(102)).isEqualTo(99);

        history.truncate(4);
        assertThat(history.toArray()).containsExactly(4, 5, 6, 0);
        history.addPrompt(7);
        assertThat(history.promptLength()).as("an earlier answer is prompt").isEqualTo(5);
        history.truncate(2);
        assertThat(history.promptLength()).isEqualTo(2);
    }

    @Test
    void refusesWhatIsNotThere() {
        var history = new History();
        history.add(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> history.truncate(2))
                .withMessageContaining("1 ids to 2");
        assertThatThrownBy(() -> history.id(1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
