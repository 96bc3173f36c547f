package mobilellm.tokenizer;

import mobilellm.file.Printable;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.UnsupportedModelException;

import java.util.ArrayList;
import java.util.List;

/// Reads regular expressions in the syntax of Oniguruma (which the Hugging Face library uses), as far as tokenizers
/// use it: alternatives, groups, classes, general categories, quantifiers of all three tempers, `(?i:`, and a look at
/// the one next character. Anything else is refused by name.
final class PatternParser {
    private static final int LONGEST = 20_000;
    private static final int DEEPEST = 50;
    private static final int MOST_REPEATS = 1_000;
    private static final int END = -1;

    private final String source;
    private int place;
    private int depth;
    private boolean ignoreCase;

    private PatternParser(String source) {
        this.source = source;
    }

    /// @throws UnsupportedModelException if the expression needs what is not known here
    /// @throws MalformedFileException if it is none
    static Pattern parse(String source) {
        if (source.length() > LONGEST) {
            throw new UnsupportedModelException(
                    "a pattern of the tokenizer has %d characters; at most %d are supported"
                            .formatted(source.length(), LONGEST));
        }
        PatternParser parser = new PatternParser(source);
        Pattern pattern = parser.choice();
        if (parser.peek() != END) {
            throw parser.malformed("nothing to close");
        }
        return pattern;
    }

    private Pattern choice() {
        List<Pattern> alternatives = new ArrayList<>();
        alternatives.add(sequence());
        while (skip("|")) {
            alternatives.add(sequence());
        }
        return alternatives.size() == 1
                ? alternatives.getFirst()
                : new Pattern.Choice(alternatives);
    }

    private Pattern sequence() {
        List<Pattern> parts = new ArrayList<>();
        while (peek() != END && peek() != '|' && peek() != ')') {
            parts.add(quantified(atom()));
        }
        return parts.size() == 1 ? parts.getFirst() : new Pattern.Sequence(parts);
    }

    private Pattern atom() {
        if (skip("(")) {
            return group();
        }
        if (skip("[")) {
            return new Pattern.One(characterClass());
        }
        if (skip(".")) {
            return new Pattern.One(CharacterSet.range('\n', '\n').complement());
        }
        if (skip("$")) { // the end of a line, as in Ruby
            return new Pattern.Ahead(CharacterSet.range('\n', '\n'), true);
        }
        if (skip("\\w")) {
            return new Pattern.One(CharacterSet.WORD_ALONE);
        }
        if (skip("\\W")) {
            return new Pattern.One(CharacterSet.WORD_ALONE.complement());
        }
        if (peek() == '\\') {
            return new Pattern.One(escape());
        }
        int character = next();
        if ("*+?{^".indexOf(character) >= 0) {
            throw unsupported("'%c' here".formatted(character));
        }
        return new Pattern.One(literal(character));
    }

    private Pattern group() {
        if (++depth > DEEPEST) {
            throw unsupported("groups inside groups, more than " + DEEPEST);
        }
        boolean outer = ignoreCase;
        Pattern group;
        if (skip("?=")) {
            group = ahead(choice(), false);
        } else if (skip("?!")) {
            group = ahead(choice(), true);
        } else if (skip("?i:")) {
            ignoreCase = true;
            group = choice();
        } else if (skip("?:") || peek() != '?') {
            group = choice();
        } else {
            throw unsupported("this kind of group");
        }
        if (!skip(")")) {
            throw malformed("a group is not closed");
        }
        ignoreCase = outer;
        depth--;
        return group;
    }

    private Pattern ahead(Pattern what, boolean negative) {
        if (!(what instanceof Pattern.One(CharacterSet set))) {
            throw unsupported("a look ahead further than one character");
        }
        return new Pattern.Ahead(negative ? set.complement() : set, negative);
    }

    private Pattern quantified(Pattern atom) {
        int least;
        int most;
        int start = place;
        switch (peek()) {
            case '?' -> {
                least = 0;
                most = 1;
                place++;
            }
            case '*' -> {
                least = 0;
                most = -1;
                place++;
            }
            case '+' -> {
                least = 1;
                most = -1;
                place++;
            }
            case '{' -> {
                place++;
                least = number();
                most = !skip(",") ? least : peek() == '}' ? -1 : number();
                if (!skip("}") || least < 0 || (most >= 0 && most < least)) {
                    throw malformed("a number of repetitions was expected");
                }
            }
            default -> {
                return atom;
            }
        }
        if (skip("?")) {
            return new Pattern.Repeat(atom, least, most, false);
        }
        boolean counted = source.charAt(start) == '{';
        Pattern greedy = new Pattern.Repeat(atom, least, most, true);
        return !counted && skip("+") ? possessive(atom, greedy, most) : greedy;
    }

    /// Takes as many as there are and never gives one back: there is no further one behind what was taken.
    private Pattern possessive(Pattern atom, Pattern greedy, int most) {
        if (!(atom instanceof Pattern.One(CharacterSet set))) {
            throw unsupported("a possessive quantifier of more than a character");
        }
        Pattern noMore = new Pattern.Ahead(set.complement(), true);
        return most == 1
                ? new Pattern.Choice(List.of(atom, noMore))
                : new Pattern.Sequence(List.of(greedy, noMore));
    }

    private int number() {
        int start = place;
        int value = 0;
        while (peek() >= '0' && peek() <= '9' && value <= MOST_REPEATS) {
            value = 10 * value + next() - '0';
        }
        if (value > MOST_REPEATS) {
            throw unsupported("more than %d repetitions".formatted(MOST_REPEATS));
        }
        return place == start ? -1 : value;
    }

    private CharacterSet characterClass() {
        if (++depth > DEEPEST) {
            throw unsupported("classes inside classes, more than " + DEEPEST);
        }
        boolean negated = skip("^");
        CharacterSet set = members();
        while (skip("&&")) {
            set = set.and(members());
        }
        if (!skip("]")) {
            throw malformed("a class is not closed");
        }
        depth--;
        return negated ? set.complement() : set;
    }

    /// Reads to the end of a class, or to what it is to be cut with.
    private CharacterSet members() {
        List<CharacterSet> parts = new ArrayList<>();
        while (peek() != END && peek() != ']' && !source.startsWith("&&", place)) {
            if (source.startsWith("[:", place)) {
                throw unsupported("a class by its name");
            }
            if (skip("[")) {
                parts.add(characterClass());
                continue;
            }
            int first = peek() == '\\' ? escapedCharacter() : next();
            if (first < 0) {
                parts.add(escape());
            } else if (peek() == '-'
                    && place + 1 < source.length()
                    && source.charAt(place + 1) != ']') {
                place++;
                int last = peek() == '\\' ? escapedCharacter() : next();
                if (last < first) {
                    throw malformed("a range ends before it begins");
                }
                parts.add(CharacterSet.range(first, last));
            } else {
                parts.add(literal(first));
            }
        }
        return CharacterSet.union(parts);
    }

    /// Reads an escape that stands for one character, or reads nothing and gives -1.
    private int escapedCharacter() {
        int start = place;
        place++;
        int character = next();
        return switch (character) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'f' -> '\f';
            case 'v' -> 0x0B;
            case 'u' -> hexadecimal(4);
            case 'x' -> skip("{") ? bracedHexadecimal() : hexadecimal(2);
            default -> {
                if (Character.isLetterOrDigit(character)) {
                    place = start;
                    yield -1;
                }
                yield character;
            }
        };
    }

    private int bracedHexadecimal() {
        int close = source.indexOf('}', place);
        int value = hexadecimal(Math.clamp(close - place, 0, 8));
        place++;
        return value;
    }

    private int hexadecimal(int digits) {
        int end = place + digits;
        try {
            if (digits > 0 && end <= source.length()) {
                int value = Integer.parseUnsignedInt(source, place, end, 16);
                if (Character.isValidCodePoint(value)) {
                    place = end;
                    return value;
                }
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        throw malformed("a code point in hexadecimal was expected");
    }

    private CharacterSet escape() {
        int character = escapedCharacter();
        if (character >= 0) {
            return literal(character);
        }
        place++;
        int letter = next();
        return switch (letter) {
            case 's' -> CharacterSet.WHITE_SPACE;
            case 'S' -> CharacterSet.WHITE_SPACE.complement();
            case 'd' -> CharacterSet.DIGITS;
            case 'D' -> CharacterSet.DIGITS.complement();
            case 'w' -> CharacterSet.WORD;
            case 'W' -> CharacterSet.WORD.complement();
            case 'p' -> property();
            case 'P' -> property().complement();
            default -> throw unsupported("\\" + Character.toString(letter));
        };
    }

    private CharacterSet property() {
        int close = source.indexOf('}', place);
        if (!skip("{") || close < 0) {
            throw malformed("a property in braces was expected");
        }
        String name = source.substring(place, close);
        place = close + 1;
        boolean negated = name.startsWith("^");
        CharacterSet set =
                switch (negated ? name.substring(1) : name) {
                    case "L", "Letter" -> CharacterSet.LETTERS;
                    case "M", "Mark" -> CharacterSet.MARKS;
                    case "N", "Number" -> CharacterSet.NUMBERS;
                    case "P", "Punctuation" -> CharacterSet.PUNCTUATION;
                    case "S", "Symbol" -> CharacterSet.SYMBOLS;
                    case "Z", "Separator" -> CharacterSet.SEPARATORS;
                    case "Lu" -> CharacterSet.ofCategories(Character.UPPERCASE_LETTER);
                    case "Ll" -> CharacterSet.ofCategories(Character.LOWERCASE_LETTER);
                    case "Lt" -> CharacterSet.ofCategories(Character.TITLECASE_LETTER);
                    case "Lm" -> CharacterSet.ofCategories(Character.MODIFIER_LETTER);
                    case "Lo" -> CharacterSet.ofCategories(Character.OTHER_LETTER);
                    case "Mn" -> CharacterSet.ofCategories(Character.NON_SPACING_MARK);
                    case "Mc" -> CharacterSet.ofCategories(Character.COMBINING_SPACING_MARK);
                    case "Nd" -> CharacterSet.DIGITS;
                    case "Nl" -> CharacterSet.ofCategories(Character.LETTER_NUMBER);
                    case "No" -> CharacterSet.ofCategories(Character.OTHER_NUMBER);
                    case "Han" -> CharacterSet.han();
                    case "Zs" -> CharacterSet.ofCategories(Character.SPACE_SEPARATOR);
                    default -> throw unsupported("\\p{" + name + "}");
                };
        return negated ? set.complement() : set;
    }

    private CharacterSet literal(int character) {
        if (!ignoreCase || !Character.isLetter(character)) {
            return CharacterSet.range(character, character);
        }
        int lower = Character.toLowerCase(character);
        int upper = Character.toUpperCase(character);
        List<CharacterSet> cases = new ArrayList<>();
        cases.add(CharacterSet.range(lower, lower));
        cases.add(CharacterSet.range(upper, upper));
        switch (lower) { // the two ASCII letters that share their case folding with another
            // (CaseFolding.txt)
            case 's' -> cases.add(CharacterSet.range(0x17F, 0x17F));
            case 'k' -> cases.add(CharacterSet.range(0x212A, 0x212A));
            default -> {}
        }
        return CharacterSet.union(cases);
    }

    private int peek() {
        return place < source.length() ? source.codePointAt(place) : END;
    }

    private int next() {
        int character = peek();
        if (character == END) {
            throw malformed("it ends too early");
        }
        place += Character.charCount(character);
        return character;
    }

    private boolean skip(String expected) {
        boolean found = source.startsWith(expected, place);
        place += found ? expected.length() : 0;
        return found;
    }

    private UnsupportedModelException unsupported(String what) {
        return new UnsupportedModelException(
                "pattern %s of the tokenizer, character %d: %s is not supported"
                        .formatted(Printable.quote(source), place, Printable.quote(what)));
    }

    private MalformedFileException malformed(String problem) {
        return new MalformedFileException(
                "pattern %s of the tokenizer, character %d: %s"
                        .formatted(Printable.quote(source), place, problem));
    }
}
