package mobilellm.tokenizer;

import java.text.Normalizer;

/// Unicode normalisation in linear time. Sorting the marks on one base character is quadratic in their number, in the
/// JDK as elsewhere; a run of more marks than any text has is therefore normalised in parts.
final class UnicodeForms {
    private static final int MOST_MARKS = 1_000;

    private UnicodeForms() {}

    static String normalise(String text, Normalizer.Form form) {
        if (text.chars().allMatch(each -> each < 0x80)) {
            return text;
        }
        StringBuilder target = new StringBuilder(text.length());
        int start = 0;
        int marks = 0;
        for (int index = 0; index < text.length(); ) {
            int codePoint = text.codePointAt(index);
            marks = isMark(codePoint) ? marks + 1 : 0;
            if (marks == MOST_MARKS) {
                target.append(Normalizer.normalize(text.substring(start, index), form));
                start = index;
                marks = 0;
            }
            index += Character.charCount(codePoint);
        }
        return target.append(Normalizer.normalize(text.substring(start), form)).toString();
    }

    private static boolean isMark(int codePoint) {
        int category = Character.getType(codePoint);
        return CharacterSet.MARKS.contains(codePoint, category);
    }
}
