package mobilellm.engine;

/// Ids, the last of which are to be predicted, each from all before it.
///
/// @param ids more than `predicted`
/// @param predicted at least 1
@SuppressWarnings("ArrayRecordComponent") // Compared nowhere, and copies of thousands would cost.
public record Prediction(int[] ids, int predicted) {
    public Prediction {
        if (predicted < 1 || predicted >= ids.length) {
            throw new IllegalArgumentException(
                    "of %d ids 1 to %d can be predicted, got %d"
                            .formatted(ids.length, ids.length - 1, predicted));
        }
    }

    /// Ids that the model reads; the last one is only predicted.
    int rows() {
        return ids.length - 1;
    }

    /// The first row whose logits predict an id.
    int firstPredicting() {
        return rows() - predicted;
    }
}
