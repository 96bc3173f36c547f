package mobilellm.evaluation.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.Map;

class PythonLiteralTest {
    /// What CPython's `repr` writes of these values.
    @Test
    void textsListsAndDictionariesAreRead() {
        String text =
                "[{'a': \"it's\", 'b': ['\"', 'both \\' \"', '\\\\\\n"
                        + "\\t\\x07\\u2028\\U000e0001']}, {}, []]";
        assertThat(PythonLiteral.read(text))
                .isEqualTo(
                        List.of(
                                Map.of(
                                        "a",
                                        "it's",
                                        "b",
                                        List.of(
                                                "\"",
                                                "both ' \"",
                                                "\\\n\t\u0007\u2028"
                                                        + Character.toString(0xe0001))),
                                Map.of(),
                                List.of()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    ['a | the quote
                    ['a' 'b'] | a comma
                    [{'a'}] | a colon
                    [{['a']: 'b'}] | a key that is a text
                    ['\\q'] | an escape
                    ['\\u12'] | 4 hexadecimal digits
                    [1] | a text
                    [] [] | the end
                    [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]] | no deeper
                    """)
    void whatItIsNotIsTold(String text, String expected) {
        assertThatThrownBy(() -> PythonLiteral.read(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(expected);
    }
}
