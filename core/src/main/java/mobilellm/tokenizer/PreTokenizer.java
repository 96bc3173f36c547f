package mobilellm.tokenizer;

import mobilellm.file.Printable;
import mobilellm.tensor.UnsupportedModelException;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The rules that cut text into the words inside which tokens are merged, by the names GGUF files give them
/// (`tokenizer.ggml.pre`). The patterns are those of the models' own `tokenizer.json` files; several of one rule cut one
/// after the other, each what the one before left.
enum PreTokenizer {
    GPT2(
            false,
            List.of(Split.GPT2),
            "gpt-2 phi-2 mpt olmo jais trillion granite-docling jina-es jina-de jina-v2-es"
                    + " jina-v2-de gigachat a.x-4.0 mellum modern-bert exaone4"),

    /// Every number alone, and what lies between as GPT-2 does: two steps in the models' files, here one of twice the
    /// speed. White space before a number goes together, as at the end of a text.
    NUMBERS_ALONE(
            false,
            List.of(
                    "\\p{N}|'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?[^\\s\\p{L}\\p{N}]+"
                            + "|\\s+(?=\\p{N})|\\s+(?!\\S)|\\s+"),
            "smollm starcoder refact command-r codeshell exaone minerva-7b mellum2"),

    LLAMA3(
            true,
            List.of(Patterns.llama3("\\p{N}{1,3}")),
            "llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano"),

    LLAMA3_BY_MERGES(
            false, List.of(Patterns.llama3("\\p{N}{1,3}")), "dbrx smaug-bpe glm4 chatglm-bpe"),

    QWEN2(
            false,
            List.of(Patterns.llama3("\\p{N}")),
            "qwen2 deepseek-r1-qwen stablelm2 megrez hunyuan grok-2 kormo solar-open" + " f2llmv2"),

    QWEN35(
            false,
            List.of(Patterns.llama3("[\\p{L}\\p{M}]", "\\p{L}\\p{M}\\p{N}", "\\p{N}")),
            "qwen35"),

    SEED_CODER(
            false,
            List.of(
                    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1}"
                            + "| ?[^\\s\\p{L}\\p{N}\\r\\n]+|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"),
            "seed-coder"),

    BAILING(
            false,
            List.of(
                    "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}"
                            + "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"),
            "bailingmoe bailingmoe2 llada-moe"),

    DEEPSEEK3(
            false,
            List.of("\\p{N}{1,3}", "[一-龥\\u3040-ゟ゠-ヿ]+", Patterns.DEEPSEEK3),
            "deepseek-v3 hunyuan-dense joyai-llm hy_v4"),

    DEEPSEEK(
            false,
            List.of(
                    "[\\r\\n]",
                    "\\s?" + Patterns.DEEPSEEK_LETTERS + "+",
                    "\\s?[!-/:-~！-／：-～‘-‟\\u3000-。]+",
                    "\\s+$",
                    Patterns.DEEPSEEK_HAN,
                    "\\p{N}"),
            "deepseek-llm"),

    DEEPSEEK_CODER(
            false,
            List.of("[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", Patterns.DEEPSEEK_HAN, "\\p{N}"),
            "deepseek-coder"),

    GPT4O(false, List.of(Patterns.GPT4O), "gpt-4o llama4 kanana2 minimax-m2 talkie"),

    TEKKEN(true, List.of(Patterns.gpt4o("", "", "\\p{N}", "[\\r\\n/]*")), "tekken"),

    /// Words of Chinese characters on their own.
    KIMI_K2(
            false,
            List.of(
                    "[\\p{Han}]+|"
                            + Patterns.gpt4o(
                                    "&&[^\\p{Han}]", Patterns.ENDINGS, "\\p{N}{1,3}", "[\\r\\n]*")),
            "kimi-k2"),

    TINY_AYA(false, List.of(DigitGroups.BEFORE_NO_WORD, Patterns.GPT4O), "tiny_aya cohere2moe"),

    /// Words of several words: only numbers are cut.
    SUPERBPE(false, List.of("\\p{N}+", DigitGroups.BEFORE_NO_DIGIT), "superbpe"),

    /// Spaces in powers of two.
    JAIS2(
            false,
            List.of(
                    Patterns.ENDING
                            + "|"
                            + Patterns.BEFORE
                            + "\\p{L}+|\\p{N}{1,3}"
                            + Patterns.AFTER
                            + "|\\s{512}(?!\\S)|\\s{256}(?!\\S)|\\s{128}(?!\\S)|\\s{64}(?!\\S)"
                            + "|\\s{32}(?!\\S)|\\s{16}(?!\\S)|\\s{8}(?!\\S)|\\s{4}(?!\\S)"
                            + "|\\s{1,2}(?!\\S)|\\s{1}"),
            "jais-2"),

    /// Words go on over single spaces.
    EXAONE_MOE(
            false,
            List.of(
                    Patterns.ENDING
                            + "|"
                            + Patterns.BEFORE
                            + "(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}"
                            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]"
                            + Patterns.SPACES),
            "exaone-moe"),

    MINICPM5(true, List.of("\\p{N}{1,3}", Patterns.llama3("\\p{N}+")), "minicpm5"),

    /// Suffixes stay with their apostrophes, as Turkish has them.
    UFAKZEKA(
            false,
            List.of(Patterns.BEFORE + "\\p{L}+|\\p{N}" + Patterns.AFTER + Patterns.SPACES),
            "ufakzeka"),

    FALCON(false, List.of("[\\p{P}\\$\\+<=>\\^~\\|`]+", Split.GPT2, "[0-9][0-9][0-9]"), "falcon"),

    BLOOM(false, List.of(Patterns.BLOOM), "bloom poro-chat gpt3-finnish"),

    VIKING(false, List.of(Patterns.BLOOM, "\\p{N}"), "viking"),

    CHAMELEON(
            false,
            List.of(
                    "<sentinel:[0-9]+>",
                    "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
                    "([\\t\\n]|    |  )",
                    "\\p{N}",
                    "[\\p{P}!-/:-@\\[-`{-~]",
                    Split.GPT2),
            "chameleon"),

    /// Named so by converters that knew no better, and by files from before rules had names.
    DEFAULT(
            false,
            List.of("[\\p{P}\\$\\+<=>\\^~\\|]+", Split.GPT2, "\\p{N}+", "[0-9][0-9][0-9]"),
            "default");

    /// Patterns that several models share but for their numbers.
    private static final class Patterns {
        static final String ENDING = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

        static final String ENDINGS = ENDING + "?";

        /// What may stand in front of a word's letters.
        static final String BEFORE = "[^\\r\\n\\p{L}\\p{N}]?";

        /// Punctuation with line ends, and line ends: what follows words and numbers.
        static final String AFTER = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+";

        static final String SPACES = "|\\s+(?!\\S)|\\s+";

        static final String GPT4O = gpt4o("", ENDINGS, "\\p{N}{1,3}", "[\\r\\n/]*");

        static final String BLOOM = " ?[^(\\s|.,!?…。，、।۔،)]+";

        static final String DEEPSEEK_HAN = "[一-龥\\u0800-一가-\\uD7FF]+";

        /// Letters that have another case, as Unicode 13 had them.
        static final String DEEPSEEK_LETTERS =
                "[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ"
                    + "-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\\x{1F7D}ᾀ-ᾴᾶ-ᾼ\\x{1FBE}ῂ-ῄῆ-ῌῐ-\\x{1FD3}ῖ-\\x{1FDB}ῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\\x{2126}ℨ\\x{212A}"
                    + "-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]";

        static final String DEEPSEEK3 =
                "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
                        + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
                        + "| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

        static String llama3(String numbers) {
            return llama3("\\p{L}", "\\p{L}\\p{N}", numbers);
        }

        /// @param wordly characters that are no punctuation
        static String llama3(String letter, String wordly, String numbers) {
            return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?"
                    + letter
                    + "+|"
                    + numbers
                    + "| ?[^\\s"
                    + wordly
                    + "]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
        }

        /// @param but what is to be left out of letters, as the end of a class
        /// @param after what goes with punctuation in front of it
        static String gpt4o(String but, String endings, String numbers, String after) {
            String upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}" + but + "]";
            String lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}" + but + "]";
            return BEFORE
                    + upper
                    + "*"
                    + lower
                    + "+"
                    + endings
                    + "|"
                    + BEFORE
                    + upper
                    + "+"
                    + lower
                    + "*"
                    + endings
                    + "|"
                    + numbers
                    + "| ?[^\\s\\p{L}\\p{N}]+"
                    + after
                    + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
        }
    }

    private final boolean wholeWords;

    @SuppressWarnings("ImmutableEnumChecker") // made by List.of
    private final List<String> patterns;

    @SuppressWarnings("ImmutableEnumChecker") // made by List.of
    private final List<String> names;

    PreTokenizer(boolean wholeWords, List<String> patterns, String names) {
        this.wholeWords = wholeWords;
        this.patterns = patterns;
        this.names = List.of(names.split(" ", -1));
    }

    /// @throws UnsupportedModelException if there is none of that name
    static PreTokenizer named(String ggufName) {
        for (PreTokenizer candidate : values()) {
            if (candidate.names.contains(ggufName)) {
                return candidate;
            }
        }
        throw new UnsupportedModelException(
                "unknown pre-tokenizer %s; known are: %s"
                        .formatted(Printable.quote(ggufName), String.join(", ", names())));
    }

    /// The rule that cuts with these patterns, if there are two the one that treats whole words so.
    static Optional<PreTokenizer> of(List<String> patterns, boolean wholeWords) {
        return Arrays.stream(values())
                .filter(rule -> rule.patterns.equals(patterns))
                .min(Comparator.comparing(rule -> rule.wholeWords != wholeWords));
    }

    /// The name by which GGUF files know it best.
    String ggufName() {
        return names.getFirst();
    }

    /// All names, in alphabetical order.
    static List<String> names() {
        return Arrays.stream(values()).flatMap(each -> each.names.stream()).sorted().toList();
    }

    /// Whether models with this rule expect `bos` even where their file does not say so (llama.cpp).
    boolean addsBos() {
        return this == LLAMA3 || this == TEKKEN || this == CHAMELEON;
    }

    /// Whether a word that is a token is that token whatever the merges say, unless the vocabulary says otherwise.
    boolean wholeWords() {
        return wholeWords;
    }

    List<String> patterns() {
        return patterns;
    }

    Stage stage() {
        return patterns.stream().map(Split::isolating).reduce(Stage.none(), Stage::then);
    }
}
