package mobilellm.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;

/// What Python's `str` does otherwise than Java's [String]: lengths and indexes count code points, and white space is
/// what Unicode says it is.
public final class PythonText {
    private PythonText() {}

    /// Python's `str.isspace` for one character.
    public static boolean isSpace(int character) {
        return Character.isWhitespace(character)
                || Character.isSpaceChar(character)
                || character == 0x85;
    }

    public static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /// The characters of a text, as texts.
    static List<Value> characters(String text) {
        List<Value> characters = new ArrayList<>(text.length());
        text.codePoints()
                .forEach(point -> characters.add(new Value.Text(Character.toString(point))));
        return characters;
    }

    /// `start` and `end` count code points, and lie within the text.
    static String substring(String text, int start, int end) {
        int from = text.offsetByCodePoints(0, start);
        return text.substring(from, text.offsetByCodePoints(from, end - start));
    }

    /// Python's `str.strip`.
    public static String strip(String text) {
        return stripStart(stripEnd(text, PythonText::isSpace), PythonText::isSpace);
    }

    static String stripStart(String text, IntPredicate strip) {
        int start = 0;
        while (start < text.length() && strip.test(text.codePointAt(start))) {
            start += Character.charCount(text.codePointAt(start));
        }
        return text.substring(start);
    }

    public static String stripEnd(String text, IntPredicate strip) {
        int end = text.length();
        while (end > 0 && strip.test(text.codePointBefore(end))) {
            end -= Character.charCount(text.codePointBefore(end));
        }
        return text.substring(0, end);
    }

    static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    static String upper(String text) {
        return text.toUpperCase(Locale.ROOT);
    }

    /// First character in title case, the others in lower case.
    public static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.codePointAt(0);
        return titleCase(first) + lower(text.substring(Character.charCount(first)));
    }

    /// `str.title`: a word begins wherever a letter follows none, as in `Don'T`.
    static String title(String text) {
        StringBuilder result = new StringBuilder();
        boolean within = false;
        for (int point : text.codePoints().toArray()) {
            String character = Character.toString(point);
            result.append(within ? lower(character) : titleCase(point));
            within = Character.isLetter(point);
        }
        return result.toString();
    }

    static String swapCase(String text) {
        StringBuilder result = new StringBuilder();
        for (int point : text.codePoints().toArray()) {
            String character = Character.toString(point);
            result.append(Character.isUpperCase(point) ? lower(character) : upper(character));
        }
        return result.toString();
    }

    private static String titleCase(int point) {
        int title = Character.toTitleCase(point);
        return title == point ? upper(Character.toString(point)) : Character.toString(title);
    }

    /// Whether there is a letter with case and all such letters have this one.
    static boolean allCased(String text, boolean upperCase) {
        boolean found = false;
        for (int point : text.codePoints().toArray()) {
            boolean upper = Character.isUpperCase(point) || Character.isTitleCase(point);
            boolean lower = Character.isLowerCase(point);
            if (upperCase ? lower : upper) {
                return false;
            }
            found |= upper || lower;
        }
        return found;
    }

    static boolean allMatch(String text, IntPredicate predicate) {
        return !text.isEmpty() && text.codePoints().allMatch(predicate);
    }

    /// Splits at runs of white space; leading and trailing ones give nothing.
    ///
    /// @param limit the most splits; then the rest is one item
    static List<String> splitAtSpace(String text, long limit) {
        List<String> words = new ArrayList<>();
        int start = skip(text, 0, true);
        while (start < text.length() && words.size() < limit) {
            int end = skip(text, start, false);
            words.add(text.substring(start, end));
            start = skip(text, end, true);
        }
        if (start < text.length()) {
            words.add(text.substring(start));
        }
        return words;
    }

    /// Where a run of white space, or of anything else, ends.
    private static int skip(String text, int from, boolean space) {
        int end = from;
        while (end < text.length() && isSpace(text.charAt(end)) == space) {
            end++;
        }
        return end;
    }

    static List<String> split(String text, String separator, long limit) {
        List<String> parts = new ArrayList<>();
        int start = 0;
        int found = text.indexOf(separator);
        while (found >= 0 && parts.size() < limit) {
            parts.add(text.substring(start, found));
            start = found + separator.length();
            found = text.indexOf(separator, start);
        }
        parts.add(text.substring(start));
        return parts;
    }

    static List<String> splitFromEnd(String text, String separator, long limit) {
        List<String> parts = new ArrayList<>();
        int end = text.length();
        int found = text.lastIndexOf(separator);
        while (found >= 0 && parts.size() < limit) {
            parts.add(text.substring(found + separator.length(), end));
            end = found;
            found =
                    end < separator.length()
                            ? -1
                            : text.lastIndexOf(separator, end - separator.length());
        }
        parts.add(text.substring(0, end));
        return parts.reversed();
    }

    static List<String> lines(String text) {
        List<String> lines = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            if (isLineEnd(text.charAt(i))) {
                lines.add(text.substring(start, i));
                if (text.startsWith("\r\n", i)) {
                    i++;
                }
                start = i + 1;
            }
        }
        if (start < text.length()) {
            lines.add(text.substring(start));
        }
        return lines;
    }

    private static boolean isLineEnd(char character) {
        return (character >= '\n' && character <= '\r')
                || (character >= 0x1C && character <= 0x1E)
                || character == 0x85
                || character == 0x2028
                || character == 0x2029;
    }

    /// Order by code point, where Java's own is by UTF-16 unit.
    static int compare(String left, String right) {
        int common = Math.min(left.length(), right.length());
        for (int i = 0; i < common; i++) {
            if (left.charAt(i) != right.charAt(i)) {
                // Two that differ in the second half of a pair have the same first half.
                return Integer.compare(pointAt(left, i), pointAt(right, i));
            }
        }
        return Integer.compare(left.length(), right.length());
    }

    private static int pointAt(String text, int index) {
        boolean second =
                index > 0 && Character.isSurrogatePair(text.charAt(index - 1), text.charAt(index));
        return text.codePointAt(second ? index - 1 : index);
    }
}
