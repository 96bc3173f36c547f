package mobilellm;

import java.util.List;

/// Finds stop strings in text that comes in pieces, also across their borders. Text that may turn out to be the beginning
/// of a stop string is held back until it is known, so that no part of one is ever shown.
final class StopStrings {
    private final List<String> strings;
    private final StringBuilder pending = new StringBuilder();
    private boolean found;

    StopStrings(List<String> strings) {
        this.strings = strings;
    }

    /// Whether a stop string came. Nothing is shown after that.
    boolean isFound() {
        return found;
    }

    /// Takes a piece and returns what may be shown now.
    String accept(String piece) {
        if (found || piece.isEmpty()) {
            return "";
        }
        if (strings.isEmpty()) {
            return piece;
        }
        pending.append(piece);
        int first = pending.length();
        for (String string : strings) {
            int index = pending.indexOf(string);
            if (index >= 0 && index < first) {
                first = index;
                found = true;
            }
        }
        return take(found ? first : pending.length() - heldBack());
    }

    /// Ends the text and returns what had been held back.
    String finish() {
        return found ? "" : take(pending.length());
    }

    /// Length of the longest end of the text with which a stop string begins.
    private int heldBack() {
        int longest = 0;
        for (String string : strings) {
            int length = Math.min(string.length() - 1, pending.length());
            while (length > longest && !endsWithFirst(string, length)) {
                length--;
            }
            longest = Math.max(longest, length);
        }
        return longest;
    }

    private boolean endsWithFirst(String string, int length) {
        int start = pending.length() - length;
        for (int i = 0; i < length; i++) {
            if (pending.charAt(start + i) != string.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private String take(int length) {
        String taken = pending.substring(0, length);
        pending.delete(0, length);
        return taken;
    }
}
