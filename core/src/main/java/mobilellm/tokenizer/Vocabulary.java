package mobilellm.tokenizer;

import mobilellm.tensor.MalformedFileException;

import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/// What every kind of tokenizer knows of its tokens.
///
/// @param tokens text by id
/// @param index the ids by text
/// @param special the ids of tokens that mark structure; no text of a user becomes one of them
record Vocabulary(
        List<String> tokens,
        TokenIndex index,
        BitSet special,
        OptionalInt bos,
        OptionalInt eos,
        boolean addBos,
        boolean addEos) {
    /// Control tokens that end a turn or a text, whatever the file calls its `eos`: models of many families emit one
    /// of these where the file names another.
    private static final List<String> ENDINGS =
            List.of(
                    "<|endoftext|>",
                    "<|im_end|>",
                    "<|end_of_text|>",
                    "<|eot_id|>",
                    "<|eom_id|>",
                    "<|end|>",
                    "<end_of_turn>");

    /// @throws MalformedFileException if `bos` or `eos` is not in the vocabulary
    Vocabulary {
        checkId("beginning-of-sequence", bos, tokens.size());
        checkId("end-of-sequence", eos, tokens.size());
    }

    private static void checkId(String role, OptionalInt id, int size) {
        if (id.isPresent() && (id.getAsInt() < 0 || id.getAsInt() >= size)) {
            throw new MalformedFileException(
                    "the tokenizer's %s token is %d; expected an id of its vocabulary, 0 to %d"
                            .formatted(role, id.getAsInt(), size - 1));
        }
    }

    /// Whether a token that a file calls user-defined is markup all the same (`<|im_end|>`, `<start_of_turn>`,
    /// `[INST]`): files of many origins say so of their control tokens.
    static boolean isMarkup(String token) {
        int last = token.length() - 1;
        if (last < 2) {
            return false;
        }
        if (token.charAt(0) == '<' && token.charAt(last) == '>') {
            return token.indexOf('|') >= 0 || token.indexOf('｜') >= 0 || token.indexOf('_') >= 0;
        }
        return token.charAt(0) == '['
                && token.charAt(last) == ']'
                && token.substring(1, last)
                        .chars()
                        .allMatch(
                                each -> (each >= 'A' && each <= 'Z') || each == '_' || each == '/');
    }

    int size() {
        return tokens.size();
    }

    /// `eos` and every special token that is known to end a turn or a text.
    Set<Integer> endings() {
        Set<Integer> endings = new TreeSet<>();
        eos.ifPresent(endings::add);
        for (String ending : ENDINGS) {
            int id = index.find(ending);
            if (id >= 0 && special.get(id)) {
                endings.add(id);
            }
        }
        return Collections.unmodifiableSet(endings);
    }
}
