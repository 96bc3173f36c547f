package mobilellm.evaluation;

import java.util.Locale;
import java.util.regex.Pattern;

/// Texts in which differences that do not count are gone.
final class Normalised {
    private static final Pattern PUNCTUATION = Pattern.compile("\\p{Punct}");
    private static final Pattern ARTICLES = Pattern.compile("\\b(a|an|the)\\b");
    private static final Pattern BLANKS = Pattern.compile("\\s+");

    private Normalised() {}

    /// Without case and ASCII punctuation, as the harness's `ignore_case` and `ignore_punctuation`.
    static String plain(String text) {
        return PUNCTUATION.matcher(text.toLowerCase(Locale.ROOT)).replaceAll("");
    }

    /// Also without articles and doubled blanks (Touvron et al. 2023, appendix A).
    static String loose(String text) {
        String words = ARTICLES.matcher(plain(text)).replaceAll(" ");
        return BLANKS.matcher(words).replaceAll(" ").strip();
    }
}
