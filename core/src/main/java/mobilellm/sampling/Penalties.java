package mobilellm.sampling;

import java.util.TreeMap;

/// Logit bias and the penalties on what was said before: the steps that change logits.
final class Penalties {
    private final SamplingOptions options;
    private final int[] biasedIds;
    private final double[] biases;

    /// Occurrences in the window by id, all zero between two calls: counting needs no hashing and no allocation.
    private final int[] occurrences;

    private final int[] generatedOccurrences;

    Penalties(SamplingOptions options, int vocabularySize) {
        this.options = options;
        var sorted = new TreeMap<>(options.logitBias());
        if (!sorted.isEmpty() && sorted.lastKey() >= vocabularySize) {
            throw new IllegalArgumentException(
                    "logit-bias token id %d is outside the vocabulary of %d"
                            .formatted(sorted.lastKey(), vocabularySize));
        }
        biasedIds = sorted.keySet().stream().mapToInt(Integer::intValue).toArray();
        biases = sorted.values().stream().mapToDouble(Double::doubleValue).toArray();
        occurrences = new int[isActive() ? vocabularySize : 0];
        generatedOccurrences = new int[isActive() ? vocabularySize : 0];
    }

    private boolean isActive() {
        return options.repeatLastN() != 0
                && (options.repeatPenalty() != 1
                        || options.frequencyPenalty() != 0
                        || options.presencePenalty() != 0);
    }

    /// Whether [#apply] changes anything.
    boolean changesLogits() {
        return isActive() || biasedIds.length > 0;
    }

    /// Changes `logits` `[vocabulary]` in place.
    void apply(double[] logits, History history) {
        for (int i = 0; i < biasedIds.length; i++) {
            logits[biasedIds[i]] += biases[i];
        }
        if (!isActive()) {
            return;
        }
        int start =
                options.repeatLastN() < 0 ? 0 : Math.max(0, history.size() - options.repeatLastN());
        for (int i = start; i < history.size(); i++) {
            occurrences[history.id(i)]++;
            if (options.penalisePrompt() || i >= history.promptLength()) {
                generatedOccurrences[history.id(i)]++;
            }
        }
        for (int i = start; i < history.size(); i++) {
            int id = history.id(i);
            if (occurrences[id] > 0) {
                logits[id] = penalised(logits[id], generatedOccurrences[id]);
                occurrences[id] = 0;
                generatedOccurrences[id] = 0;
            }
        }
    }

    private double penalised(double logit, int count) {
        double repeat = options.repeatPenalty();
        double repeated = logit <= 0 ? logit * repeat : logit / repeat;
        return count == 0
                ? repeated
                : repeated - (count * options.frequencyPenalty() + options.presencePenalty());
    }
}
