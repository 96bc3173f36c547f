package mobilellm.evaluation;

import mobilellm.engine.Session;

/// Logits of some model behind some ids.
@FunctionalInterface
public interface Predictions {
    /// Fills rows with the logits of positions `first` to the last of the ids.
    ///
    /// @param inputs ids from the start of the sequence
    /// @param rows `[positions, vocabularySize]`; rows of another length are replaced
    void read(int[] inputs, int first, float[][] rows);

    /// Those that a session computes; what it holds before is lost where the ids differ.
    static Predictions of(Session session) {
        return (inputs, first, rows) ->
                session.continueLogits(
                        inputs,
                        first,
                        inputs.length - first,
                        (position, logits) -> {
                            int row = position - first;
                            if (rows[row].length != logits.length) {
                                rows[row] = new float[logits.length];
                            }
                            System.arraycopy(logits, 0, rows[row], 0, logits.length);
                        });
    }
}
