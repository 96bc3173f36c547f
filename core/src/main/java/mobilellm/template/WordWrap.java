package mobilellm.template;

import java.util.ArrayList;
import java.util.List;

/// The filter `wordwrap`: fills lines with as many words as fit, as Python's `textwrap` does. A line can be broken at
/// white space, and behind a hyphen between letters.
final class WordWrap {
    private WordWrap() {}

    static List<String> wrap(Budget budget, String text, int width, boolean breakLongWords) {
        List<String> lines = new ArrayList<>();
        List<String> chunks = chunks(text);
        StringBuilder line = new StringBuilder();
        int used = 0;
        int i = 0;
        while (i < chunks.size()) {
            String chunk = chunks.get(i);
            int length = PythonText.length(chunk);
            if (line.isEmpty() && !lines.isEmpty() && chunk.isBlank()) {
                i++;
            } else if (used + length <= width) {
                line.append(chunk);
                used += length;
                i++;
            } else if (length > width && breakLongWords) {
                budget.spendOnCharacters(chunk.length());
                int room = width - used;
                line.append(PythonText.substring(chunk, 0, room));
                chunks.set(i, PythonText.substring(chunk, room, length));
                used = width;
            } else if (line.isEmpty()) {
                line.append(chunk);
                used = length;
                i++;
            }
            if (i == chunks.size() || used + PythonText.length(chunks.get(i)) > width) {
                String done = PythonText.stripEnd(line.toString(), PythonText::isSpace);
                if (!done.isEmpty()) {
                    lines.add(done);
                }
                line.setLength(0);
                used = 0;
            }
        }
        return lines;
    }

    /// Runs of white space, and words cut behind their hyphens.
    private static List<String> chunks(String text) {
        List<String> chunks = new ArrayList<>();
        int start = 0;
        for (int i = 1; i <= text.length(); i++) {
            boolean cut =
                    i == text.length()
                            || PythonText.isSpace(text.charAt(i))
                                    != PythonText.isSpace(text.charAt(i - 1))
                            || isHyphenation(text, i - 1);
            if (cut) {
                chunks.add(text.substring(start, i));
                start = i;
            }
        }
        return chunks;
    }

    private static boolean isHyphenation(String text, int at) {
        return text.charAt(at) == '-'
                && at >= 2
                && Character.isLetter(text.charAt(at - 1))
                && Character.isLetter(text.charAt(at - 2))
                && at + 2 < text.length()
                && Character.isLetter(text.charAt(at + 1))
                && Character.isLetter(text.charAt(at + 2));
    }
}
