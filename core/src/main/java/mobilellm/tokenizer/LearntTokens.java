package mobilellm.tokenizer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The tokens of a vocabulary that is being learnt, by id. Those that mark structure or stand for a byte cannot be
/// parts of others; no other token may have their text.
final class LearntTokens {
    /// Stands for what cannot be written; SentencePiece wants one in every vocabulary.
    static final String UNKNOWN = "<unk>";

    static final int NORMAL = 1;
    static final int UNKNOWN_TYPE = 2;
    static final int CONTROL = 3;
    static final int USER_DEFINED = 4;
    static final int BYTE = 6;

    private final List<String> texts = new ArrayList<>();
    private final List<Integer> types = new ArrayList<>();
    private final Map<String, Integer> ids = new HashMap<>();
    private final int longest;

    /// @param longest how many characters a merged token may have
    LearntTokens(int longest) {
        this.longest = longest;
    }

    int size() {
        return texts.size();
    }

    List<String> texts() {
        return texts;
    }

    int[] types() {
        return types.stream().mapToInt(Integer::intValue).toArray();
    }

    /// Adds a token and gives its id.
    int add(String text, int type) {
        ids.put(text, texts.size());
        texts.add(text);
        types.add(type);
        return texts.size() - 1;
    }

    /// The id of what `left` and `right` become: a token with that text may be there already, by other parts.
    ///
    /// @return -1 if there must be no such token
    int merge(int left, int right) {
        String text = texts.get(left) + texts.get(right);
        Integer known = ids.get(text);
        if (known != null) {
            return types.get(known) == NORMAL ? known : -1;
        }
        return text.codePointCount(0, text.length()) > longest ? -1 : add(text, NORMAL);
    }
}
