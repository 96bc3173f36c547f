package mobilellm.tokenizer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// SentencePiece's BPE merges whatever two pieces make a third, the one with the best score first. As a list of merges:
/// every way to cut a piece into two others.
final class PieceCuts {
    private PieceCuts() {}

    /// `"left right"`, most important first.
    static List<String> of(SentencePieceVocabulary vocabulary) {
        List<String> pieces = vocabulary.pieces();
        List<Integer> normal =
                IntStream.range(0, pieces.size())
                        .filter(id -> vocabulary.types()[id] == LearntTokens.NORMAL)
                        .boxed()
                        .sorted(
                                Comparator.comparingDouble(
                                        (Integer id) -> -vocabulary.scores()[id]))
                        .toList();
        Set<String> parts = new HashSet<>();
        normal.forEach(id -> parts.add(pieces.get(id)));
        List<String> cuts = new ArrayList<>();
        for (int id : normal) {
            String piece = pieces.get(id);
            for (int middle = 1; middle < piece.length(); middle++) {
                String left = piece.substring(0, middle);
                String right = piece.substring(middle);
                if (parts.contains(left) && parts.contains(right)) {
                    cuts.add(left + " " + right);
                }
            }
        }
        return cuts;
    }
}
