package mobilellm.template;

import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What is left of HTML as text, as the filter `striptags` leaves it (MarkupSafe 3.0.4): without comments and tags, white space
/// collapsed, then character references replaced by what they stand for.
final class Markup {
    private static final Pattern REFERENCE =
            Pattern.compile(
                    "&(?:#(?:[xX](?<hex>[0-9a-fA-F]+)|(?<number>[0-9]+));?|(?<name>\\p{Alpha}\\p{Alnum}*;?))");

    /// Those for what HTML cannot write, of 2,231 that HTML 5 has; these four work without the semicolon, too.
    private static final List<String> NAMES = List.of("amp", "lt", "gt", "quot");

    private static final String NAMED = "&<>\"";

    /// What browsers take the numbers 0x80 to 0x9F for: windows-1252.
    private static final String WINDOWS =
            "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f"
                + "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

    private Markup() {}

    /// @throws EvaluationException if there is a named character reference that is not known here
    static String strip(String text) {
        String words =
                String.join(" ", PythonText.splitAtSpace(withoutTags(text), Integer.MAX_VALUE));
        return REFERENCE
                .matcher(words)
                .replaceAll(found -> Matcher.quoteReplacement(character(found)));
    }

    /// From a comment or a tag that does not end on everything stays.
    private static String withoutTags(String text) {
        StringBuilder kept = new StringBuilder();
        int from = 0;
        for (int start = text.indexOf('<'); start >= 0; start = text.indexOf('<', from)) {
            boolean comment = text.startsWith("<!--", start);
            int end = comment ? text.indexOf("-->", start + 4) : text.indexOf('>', start);
            if (end < 0) {
                break;
            }
            kept.append(text, from, start);
            from = end + (comment ? 3 : 1);
        }
        return kept.append(text, from, text.length()).toString();
    }

    private static String character(MatchResult found) {
        String name = found.group("name");
        if (name == null) {
            String hex = found.group("hex");
            return numbered(hex == null ? found.group("number") : hex, hex == null ? 10 : 16);
        }
        for (int i = 0; i < NAMES.size(); i++) {
            boolean exact = name.equals(NAMES.get(i) + ";");
            if (exact || (!name.endsWith(";") && name.startsWith(NAMES.get(i)))) {
                String rest = exact ? "" : name.substring(NAMES.get(i).length());
                return NAMED.charAt(i) + rest;
            }
        }
        if (name.endsWith(";")) {
            throw new EvaluationException(
                    "the character reference '&" + name + "' is not supported in 'striptags'");
        }
        return found.group();
    }

    /// As browsers and Python's `html.unescape` do: nothing for control characters and what is no character.
    private static String numbered(String digits, int radix) {
        String significant = digits.replaceFirst("^0+(?=.)", "");
        int number =
                significant.length() > 7 ? Integer.MAX_VALUE : Integer.parseInt(significant, radix);
        if (number >= 0x80 && number < 0x80 + WINDOWS.length()) {
            return WINDOWS.substring(number - 0x80, number - 0x7f);
        }
        if (number == 0
                || number > Character.MAX_CODE_POINT
                || (number >= Character.MIN_SURROGATE && number <= Character.MAX_SURROGATE)) {
            return "\ufffd";
        }
        boolean nothing =
                (number < ' ' && "\t\n\f\r".indexOf(number) < 0)
                        || number == 0x7f
                        || (number >= 0xfdd0 && number <= 0xfdef)
                        || (number & 0xfffe) == 0xfffe;
        return nothing ? "" : Character.toString(number);
    }
}
