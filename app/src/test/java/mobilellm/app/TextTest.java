package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "999, 999 B",
        "1000, 1.0 kB",
        "98362432, 98.4 MB",
        "999949999, 999.9 MB",
        "999950000, 1.0 GB",
        "9223372036854775807, 9.2 EB"
    })
    void bytesHaveFourDigitsAtMost(long bytes, String text) {
        assertThat(Text.bytes(bytes)).isEqualTo(text);
    }

    @Test
    void foreignTextCannotMoveTheCursor() {
        assertThat(Text.printable("a\u001b[2Jb\nc\u202e\u0085é😀"))
                .isEqualTo("a\\u{1b}[2Jb\\nc\\u{202e}\\u{85}é😀");
    }

    @Test
    void shorteningKeepsCharactersWhole() {
        assertThat(Text.shortened("abc", 3)).isEqualTo("abc");
        assertThat(Text.shortened("ab😀d", 3)).isEqualTo("ab…");
    }
}
