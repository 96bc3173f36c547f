package mobilellm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.charset.StandardCharsets.UTF_8;

import mobilellm.tensor.UnsupportedModelException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

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

    /// What is part of a word for Oniguruma but not by its category; `\b` is only looked for behind digits.
    private static final String WORD_BY_RANGE =
            "²³¹¼-¾\\x{24B6}-\\x{24E9}\\x{1F130}-\\x{1F149}\\x{1F150}-\\x{1F169}\\x{1F170}-\\x{1F189}";

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
                    "'RE",
                    "'\u017F",
                    "/",
                    "DŽ",
                    "AB",
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
                    "1234567",
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
                    "|>",
                    "IMGIMG",
                    "CIZ",
                    "<sentinel:7>",
                    "`",
                    "。",
                    "(",
                    "|");

    @ParameterizedTest
    @EnumSource
    void cutsLikeItsPattern(PreTokenizer rule) {
        Random random = new Random(SEED);
        Stage stage = rule.stage();
        for (int round = 0; round < 2_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int part = random.nextInt(12); part >= 0; part--) {
                text.append(PARTS.get(random.nextInt(PARTS.size())));
            }
            assertThat(words(stage, text.toString()))
                    .as("seed %d, round %d", SEED, round)
                    .isEqualTo(expected(rule, text.toString()));
        }
    }

    /// Every code point below U+3200 and a sample of the others, in all the neighbourhoods that matter.
    @ParameterizedTest
    @EnumSource
    void cutsEveryCharacterLikeItsPattern(PreTokenizer rule) {
        Stage stage = rule.stage();
        for (int block = 0;
                block <= Character.MAX_CODE_POINT;
                block += block < 0x3200 ? 256 : 37 * 256) {
            StringBuilder text = new StringBuilder();
            for (int codePoint = block; codePoint < block + 256; codePoint++) {
                if (Character.getType(codePoint) != Character.SURROGATE) {
                    String character = Character.toString(codePoint);
                    text.append("a" + character + character + " " + character + "1" + character);
                }
            }
            assertThat(words(stage, text.toString()))
                    .as("block U+%04X", block)
                    .isEqualTo(expected(rule, text.toString()));
        }
    }

    /// What Hugging Face's tokenizers (0.22.2, from `kimi-k2` on 0.23.3) cuts with the same patterns: `Sequence([Split(Regex(pattern), "isolated"),
    /// ...]).pre_tokenize_str(text)`, and with `Punctuation("contiguous")` and `Digits(True)` where the models' own files have them.
    @ParameterizedTest
    @MethodSource("cutByTheHuggingFaceLibrary")
    void cutsLikeTheHuggingFaceLibrary(JsonObject row) {
        assertThat(words(PreTokenizer.named(row.text("rule")).stage(), row.text("text")))
                .isEqualTo(row.texts("words"));
    }

    private static List<JsonObject> cutByTheHuggingFaceLibrary() {
        return ReferenceVectorsTest.resource("pre-tokenizers.jsonl");
    }

    @Test
    void listsTheKnownNames() {
        assertThatThrownBy(() -> PreTokenizer.named("qwen\u001B[31m"))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageStartingWith(
                        "unknown pre-tokenizer 'qwen\\u001b[31m'; known are: a.x-4.0,"
                                + " bailingmoe,")
                .hasMessageContaining("smollm");
    }

    private static List<String> words(Stage stage, String text) {
        byte[] utf8 = text.getBytes(UTF_8);
        List<String> words = new ArrayList<>();
        stage.apply(
                utf8,
                0,
                utf8.length,
                true,
                (part, from, to, _) -> words.add(new String(part, from, to - from, UTF_8)));
        return words;
    }

    private static List<String> expected(PreTokenizer rule, String text) {
        List<String> words = List.of(text);
        List<String> patterns =
                rule == PreTokenizer.NUMBERS_ALONE
                        ? List.of("\\p{N}", Split.GPT2)
                        : rule.patterns();
        for (String pattern : patterns) {
            Pattern java = Pattern.compile(inJava(pattern));
            words = words.stream().flatMap(word -> cut(java, word).stream()).toList();
        }
        return words;
    }

    /// The same pattern in the syntax of Java's own matcher, which backtracks.
    private static String inJava(String pattern) {
        return pattern.replace("(?i:", "(?iu:")
                .replace("\\p{Han}", "\\p{IsHan}")
                .replace("\\d", "\\p{Nd}")
                .replace("\\b", "(?![\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}" + WORD_BY_RANGE + "])")
                .replace("[^(\\s", "[^(" + SPACE)
                .replace("[^\\s", "[^" + SPACE)
                .replace("\\s", "[" + SPACE + "]")
                .replace("\\S", "[^" + SPACE + "]");
    }

    /// The matches and what lies between them.
    private static List<String> cut(Pattern pattern, String text) {
        List<String> words = new ArrayList<>();
        int end = 0;
        for (MatchResult match : pattern.matcher(text).results().toList()) {
            words.add(text.substring(end, match.start()));
            words.add(match.group());
            end = match.end();
        }
        words.add(text.substring(end));
        words.removeIf(String::isEmpty);
        return words;
    }
}
