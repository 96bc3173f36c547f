package mobilellm.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import mobilellm.file.Printable;

import java.text.Normalizer;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;

/// The normalisers and pre-tokenizers that a `tokenizer.json` can name.
final class JsonStages {
    /// U+2581, what Metaspace writes for a space unless told otherwise.
    private static final String METASPACE = "▁";

    private static final String WORDS_WITH_JOINERS =
            "[\\w\\x{200C}\\x{200D}]+|[^\\w\\s\\x{200C}\\x{200D}]+";

    private static final int LONGEST_INSERTION = 100;
    private static final int MOST_GROWTH = 1_000;

    private JsonStages() {}

    static Stage normaliser(JsonTree tree) {
        if (growth(tree) > MOST_GROWTH) {
            throw tree.unsupported(
                    "a sequence of replacements that may make more than %d times as much of a text"
                            .formatted(MOST_GROWTH));
        }
        return switch (tree.type()) {
            case "Sequence" ->
                    tree.objects("normalizers").stream()
                            .map(JsonStages::normaliser)
                            .reduce(Stage.none(), Stage::then);
            case "NFC" -> unicode(Normalizer.Form.NFC);
            case "NFD" -> unicode(Normalizer.Form.NFD);
            case "NFKC" -> unicode(Normalizer.Form.NFKC);
            case "NFKD" -> unicode(Normalizer.Form.NFKD);
            case "Lowercase" -> text(JsonStages::lowerCase);
            case "Strip" -> strip(tree.flag("strip_left", true), tree.flag("strip_right", true));
            case "Prepend" -> {
                String prefix = inserted(tree, "prepend");
                yield text(stretch -> prefix + stretch);
            }
            case "Replace" -> replace(tree);
            case "Precompiled" -> precompiled(tree);
            default -> throw tree.unsupported("normalizer " + Printable.quote(tree.type()));
        };
    }

    /// How many times as long a text may become, in bytes.
    private static long growth(JsonTree tree) {
        return switch (tree.type()) {
            case "Sequence" -> {
                long product = 1;
                for (JsonTree part : tree.objects("normalizers")) {
                    product = Math.min(product * growth(part), MOST_GROWTH + 1);
                }
                yield product;
            }
            case "Replace" -> Math.max(1, Utf8.encode(inserted(tree, "content")).length);
            case "Precompiled" -> CharacterMap.LONGEST_REPLACEMENT;
            default -> 1;
        };
    }

    static Stage preTokenizer(JsonTree tree) {
        return switch (tree.type()) {
            case "Sequence" -> {
                List<JsonTree> parts = tree.objects("pretokenizers");
                yield isNumbersAlone(parts)
                        ? PreTokenizer.NUMBERS_ALONE.stage()
                        : parts.stream()
                                .map(JsonStages::preTokenizer)
                                .reduce(Stage.none(), Stage::then);
            }
            case "ByteLevel" -> byteLevel(tree);
            case "Split" -> Split.of(pattern(tree), behaviour(tree), tree.flag("invert", false));
            case "Digits" ->
                    Split.isolating(tree.flag("individual_digits", false) ? "\\p{N}" : "\\p{N}+");
            case "Punctuation" -> Split.of("[\\p{P}$+<=>^`|~]", behaviour(tree), false);
            case "Whitespace" -> Split.of(WORDS_WITH_JOINERS, Split.Behaviour.REMOVED, true);
            case "WhitespaceSplit" -> Split.of("\\s", Split.Behaviour.REMOVED, false);
            case "Metaspace" -> metaspace(tree);
            default -> throw tree.unsupported("pre_tokenizer " + Printable.quote(tree.type()));
        };
    }

    /// Whether these are the two steps that SmolLM2's file takes where one pattern does.
    static boolean isNumbersAlone(List<JsonTree> parts) {
        return parts.size() == 2
                && parts.get(0).type().equals("Digits")
                && parts.get(0).flag("individual_digits", false)
                && parts.get(1).type().equals("ByteLevel")
                && parts.get(1).flag("use_regex", true)
                && !parts.get(1).flag("add_prefix_space", true);
    }

    private static Stage byteLevel(JsonTree tree) {
        Stage words = tree.flag("use_regex", true) ? Split.isolating(Split.GPT2) : Stage.none();
        return tree.flag("add_prefix_space", true)
                ? text(stretch -> stretch.startsWith(" ") ? stretch : " " + stretch).then(words)
                : words;
    }

    private static Stage metaspace(JsonTree tree) {
        String replacement = tree.has("replacement") ? inserted(tree, "replacement") : METASPACE;
        String scheme =
                tree.string(
                        "prepend_scheme", tree.flag("add_prefix_space", true) ? "always" : "never");
        if (!List.of("always", "first", "never").contains(scheme)) {
            throw tree.unsupported("prepend_scheme " + Printable.quote(scheme));
        }
        Stage prepended =
                (utf8, from, to, first, next) -> {
                    String stretch = string(utf8, from, to).replace(" ", replacement);
                    boolean wanted = scheme.equals("always") || (first && scheme.equals("first"));
                    String prefix = wanted && !stretch.startsWith(replacement) ? replacement : "";
                    give(prefix + stretch, first, next);
                };
        return tree.flag("split", true)
                ? prepended.then(
                        Split.of(literally(replacement), Split.Behaviour.MERGED_WITH_NEXT, false))
                : prepended;
    }

    /// Text that is put into texts, perhaps many times.
    private static String inserted(JsonTree tree, String member) {
        String text = tree.string(member);
        if (text.length() > LONGEST_INSERTION) {
            throw tree.unsupported("a %s of %d characters".formatted(member, text.length()));
        }
        return text;
    }

    private static Split.Behaviour behaviour(JsonTree tree) {
        String name = tree.string("behavior", "Isolated");
        for (Split.Behaviour behaviour : Split.Behaviour.values()) {
            if (behaviour.name().replace("_", "").equals(name.toUpperCase(Locale.ROOT))) {
                return behaviour;
            }
        }
        throw tree.unsupported("behavior " + Printable.quote(name));
    }

    /// The pattern of a component, which is a regular expression or plain text.
    private static String pattern(JsonTree tree) {
        JsonTree pattern = tree.object("pattern");
        return pattern.has("String")
                ? literally(pattern.string("String"))
                : pattern.string("Regex");
    }

    private static String literally(String text) {
        StringBuilder pattern = new StringBuilder();
        text.codePoints()
                .forEach(
                        each ->
                                pattern.append(
                                        Character.isLetterOrDigit(each)
                                                ? Character.toString(each)
                                                : "\\x{%X}".formatted(each)));
        return pattern.toString();
    }

    /// Replaces every match.
    private static Stage replace(JsonTree tree) {
        Automaton pattern = Automaton.of(pattern(tree));
        byte[] content = Utf8.encode(inserted(tree, "content"));
        return (utf8, from, to, first, next) -> {
            ByteList target = new ByteList(to - from);
            Automaton.Matcher matcher = pattern.matcher(utf8, to);
            int index = from;
            while (index < to) {
                int end = matcher.match(index);
                if (end > index) {
                    target.add(content, 0, content.length);
                } else {
                    end = index + Utf8.length(utf8[index]);
                    target.add(utf8, index, end);
                }
                index = end;
            }
            if (target.size() > 0) {
                next.accept(target.array(), 0, target.size(), first);
            }
        };
    }

    private static Stage strip(boolean left, boolean right) {
        Automaton space = Automaton.of("\\s+");
        return (utf8, from, to, first, next) -> {
            int start = left ? Math.max(from, space.matcher(utf8, to).match(from)) : from;
            int end = to;
            while (right && end > start && isSpace(utf8, Utf8.previous(utf8, end))) {
                end = Utf8.previous(utf8, end);
            }
            if (start < end) {
                next.accept(utf8, start, end, first);
            }
        };
    }

    private static boolean isSpace(byte[] utf8, int index) {
        int codePoint = Utf8.codePoint(utf8, index);
        return CharacterSet.WHITE_SPACE.contains(codePoint, Character.getType(codePoint));
    }

    private static Stage precompiled(JsonTree tree) {
        byte[] charsmap;
        try {
            charsmap = Base64.getDecoder().decode(tree.string("precompiled_charsmap"));
        } catch (IllegalArgumentException e) {
            throw tree.malformed("precompiled_charsmap is not base64");
        }
        return new SentencePieceNormaliser(
                new SentencePieceVocabulary.Normalisation(charsmap, false, false, false, false),
                new ByteTrie(new byte[0][], new int[0]),
                true);
    }

    private static Stage unicode(Normalizer.Form form) {
        return text(stretch -> UnicodeForms.normalise(stretch, form));
    }

    /// Character by character: what stands around a capital sigma does not matter.
    private static String lowerCase(String stretch) {
        StringBuilder lower = new StringBuilder(stretch.length());
        stretch.codePoints()
                .forEach(each -> lower.append(Character.toString(each).toLowerCase(Locale.ROOT)));
        return lower.toString();
    }

    private static Stage text(UnaryOperator<String> change) {
        return (utf8, from, to, first, next) ->
                give(change.apply(string(utf8, from, to)), first, next);
    }

    private static String string(byte[] utf8, int from, int to) {
        return new String(utf8, from, to - from, UTF_8);
    }

    private static void give(String stretch, boolean first, Stage.Sink next) {
        if (!stretch.isEmpty()) {
            byte[] utf8 = Utf8.encode(stretch);
            next.accept(utf8, 0, utf8.length, first);
        }
    }
}
