package mobilellm.evaluation;

import java.util.List;
import java.util.Optional;

/// A sequence with what a reference implementation computed for it.
///
/// @param name tells it from the others
/// @param text that the tokenizer should turn into `ids`, special tokens parsed; empty where none is stored
/// @param ids the sequence
/// @param rows logits at consecutive positions, the last of which is the last of the sequence
/// @param greedy how the reference goes on with it; empty where that is not stored
public record ReferenceSequence(
        String name,
        Optional<String> text,
        List<Integer> ids,
        List<Row> rows,
        Optional<Greedy> greedy) {
    public ReferenceSequence {
        ids = List.copyOf(ids);
        rows = List.copyOf(rows);
    }

    /// Position of the first row.
    int firstPosition() {
        return ids.size() - rows.size();
    }

    int[] idArray() {
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    /// Logits at one position.
    ///
    /// @param tokens whose logits these are; empty for all tokens of the vocabulary in order
    /// @param logits as many
    public record Row(List<Integer> tokens, List<Float> logits) {
        int token(int index) {
            return tokens.isEmpty() ? index : tokens.get(index);
        }
    }

    /// A continuation by the most probable token.
    ///
    /// @param ids of the continuation
    /// @param gaps how far the best logit was ahead of the second at each step
    public record Greedy(List<Integer> ids, List<Double> gaps) {}
}
