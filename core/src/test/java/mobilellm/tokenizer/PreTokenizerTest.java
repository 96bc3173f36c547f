package mobilellm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.charset.StandardCharsets.UTF_8;

import mobilellm.tensor.MalformedFileException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// The scanners cut as the regular expressions do that they stand for.
class PreTokenizerTest {
    private static final long SEED = 20261123;

    /// `\s` of Oniguruma and Rust, which Java has under no name.
    private static final String SPACE = "\\t-\\r \\x{85}\\p{Z}";

    private static final Pattern GPT2 =
            Pattern.compile(
                    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^S\\p{L}\\p{N}]+|[S]+(?![^S])|[S]+"
                            .replace("S", SPACE));

    private static final Pattern NUMBERS_AND_OTHERS = Pattern.compile("\\p{N}|\\P{N}+");

    private static final List<String> PARTS =
            List.of(
                    " ",
                    " ",
                    "  ",
                    "\n",
                    "\r\n",
                    "\t",
                    "\u00A0",
                    "\u0085",
                    "\u2028",
                    "\u3000",
                    "\u180E",
                    "\u200B",
                    "\u001C",
                    "'",
                    "'s",
                    "'t",
                    "'re",
                    "'ve",
                    "'m",
                    "'ll",
                    "'d",
                    "'S",
                    "'l",
                    "'r",
                    "a",
                    "Zz",
                    "é",
                    "ß",
                    "ǅ",
                    "ʰ",
                    "日本",
                    "ء",
                    "e\u0301",
                    "𝕳",
                    "𒀀",
                    "1",
                    "23",
                    "½",
                    "Ⅷ",
                    "٣",
                    "𝟘",
                    "𐄇",
                    ".",
                    "...",
                    "-",
                    "_",
                    "€",
                    "🙂",
                    "👩\u200D👧",
                    "\uFFFD",
                    "\u0000",
                    "<|",
                    "|>");

    @ParameterizedTest
    @EnumSource
    void cutsLikeItsPattern(PreTokenizer rule) {
        Random random = new Random(SEED);
        for (int round = 0; round < 20_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int part = random.nextInt(12); part >= 0; part--) {
                text.append(PARTS.get(random.nextInt(PARTS.size())));
            }
            assertThat(words(rule, text.toString()))
                    .as("seed %d, round %d", SEED, round)
                    .isEqualTo(expected(rule, text.toString()));
        }
    }

    /// Every code point there is, in all the neighbourhoods that matter.
    @ParameterizedTest
    @EnumSource
    void cutsEveryCharacterLikeItsPattern(PreTokenizer rule) {
        for (int block = 0; block <= Character.MAX_CODE_POINT; block += 256) {
            StringBuilder text = new StringBuilder();
            for (int codePoint = block; codePoint < block + 256; codePoint++) {
                if (Character.getType(codePoint) != Character.SURROGATE) {
                    String character = Character.toString(codePoint);
                    text.append("a" + character + character + " " + character + "1" + character);
                }
            }
            assertThat(words(rule, text.toString()))
                    .as("block U+%04X", block)
                    .isEqualTo(expected(rule, text.toString()));
        }
    }

    @Test
    void listsTheKnownNames() {
        assertThatThrownBy(() -> PreTokenizer.named("qwen\u001B[31m"))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage("unknown pre-tokenizer \"qwen\\u001B[31m\"; known are: gpt-2, smollm");
    }

    private static List<String> words(PreTokenizer rule, String text) {
        byte[] utf8 = text.getBytes(UTF_8);
        List<String> words = new ArrayList<>();
        for (int from = 0; from < utf8.length; ) {
            int end = rule.endOfWord(utf8, from, utf8.length);
            words.add(new String(utf8, from, end - from, UTF_8));
            from = end;
        }
        return words;
    }

    private static List<String> expected(PreTokenizer rule, String text) {
        return switch (rule) {
            case GPT2 -> matches(GPT2, text);
            case SMOLLM ->
                    matches(NUMBERS_AND_OTHERS, text).stream()
                            .flatMap(stretch -> matches(GPT2, stretch).stream())
                            .toList();
        };
    }

    private static List<String> matches(Pattern pattern, String text) {
        return pattern.matcher(text).results().map(MatchResult::group).toList();
    }
}
