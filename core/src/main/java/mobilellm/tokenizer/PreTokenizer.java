package mobilellm.tokenizer;

import mobilellm.file.Printable;
import mobilellm.tensor.UnsupportedModelException;

import java.util.Arrays;
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
            "smollm starcoder refact command-r codeshell exaone minerva-7b"),

    LLAMA3(
            true,
            List.of(Patterns.llama3("\\p{N}{1,3}")),
            "llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2"),

    LLAMA3_BY_MERGES(
            false, List.of(Patterns.llama3("\\p{N}{1,3}")), "dbrx smaug-bpe glm4 chatglm-bpe"),

    QWEN2(
            false,
            List.of(Patterns.llama3("\\p{N}")),
            "qwen2 deepseek-r1-qwen stablelm2 megrez hunyuan grok-2 kormo solar-open"),

    DEEPSEEK3(
            false,
            List.of("\\p{N}{1,3}", "[一-龥\\u3040-ゟ゠-ヿ]+", Patterns.DEEPSEEK3),
            "deepseek-v3 hunyuan-dense"),

    DEEPSEEK_CODER(
            false,
            List.of("[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", "[一-龥\\u0800-一가-\\uD7FF]+", "\\p{N}"),
            "deepseek-coder"),

    GPT4O(
            false,
            List.of(Patterns.gpt4o("(?i:'s|'t|'re|'ve|'m|'ll|'d)?", "\\p{N}{1,3}")),
            "gpt-4o llama4 kanana2"),

    TEKKEN(true, List.of(Patterns.gpt4o("", "\\p{N}")), "tekken"),

    /// Named so by converters that knew no better, and by files from before rules had names.
    DEFAULT(
            false,
            List.of("[\\p{P}\\$\\+<=>\\^~\\|]+", Split.GPT2, "\\p{N}+", "[0-9][0-9][0-9]"),
            "default");

    /// Patterns that several models share but for their numbers.
    private static final class Patterns {
        static final String DEEPSEEK3 =
                "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
                        + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
                        + "| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

        static String llama3(String numbers) {
            return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
                    + numbers
                    + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
        }

        static String gpt4o(String endings, String numbers) {
            String upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
            String lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
            String before = "[^\\r\\n\\p{L}\\p{N}]?";
            return before
                    + upper
                    + "*"
                    + lower
                    + "+"
                    + endings
                    + "|"
                    + before
                    + upper
                    + "+"
                    + lower
                    + "*"
                    + endings
                    + "|"
                    + numbers
                    + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
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

    /// The rule that cuts with these patterns.
    static Optional<PreTokenizer> of(List<String> patterns, boolean wholeWords) {
        return Arrays.stream(values())
                .filter(rule -> rule.patterns.equals(patterns) && rule.wholeWords == wholeWords)
                .findFirst();
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
        return this == LLAMA3 || this == TEKKEN;
    }

    /// Whether a word that is a token is that token whatever the merges say.
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
