package mobilellm.sampling;

import java.util.ArrayList;
import java.util.List;

/// Chooses tokens one after another: one sampler for each sequence, because it carries the state of the random numbers.
/// Allocates about 30 bytes for each token of the vocabulary once, and nothing afterwards. Not thread-safe.
public final class Sampler {
    private final SamplingOptions options;
    private final Penalties penalties;
    private final Candidates candidates;
    private final SplitMix64 random;
    private final int vocabularySize;

    /// A sampler at the start of its random numbers.
    ///
    /// @throws IllegalArgumentException if a biased token lies outside the vocabulary
    public Sampler(SamplingOptions options, int vocabularySize) {
        this.options = options;
        this.vocabularySize = vocabularySize;
        this.penalties = new Penalties(options, vocabularySize);
        this.candidates = new Candidates(vocabularySize);
        this.random = new SplitMix64(options.seed());
    }

    public SamplingOptions options() {
        return options;
    }

    /// The next token. The caller adds it to the history.
    ///
    /// @param logits `[vocabulary]`, not changed; negative infinity marks a token that must not come
    /// @param history what the penalties look back on
    /// @throws IllegalArgumentException if a logit is NaN or positive infinity, or no token is left
    public int sample(float[] logits, History history) {
        checkLength(logits, vocabularySize);
        candidates.load(logits);
        penalties.apply(candidates.logits(), history);
        return sample();
    }

    /// As [#sample(float[], History)], with the same outcome, but reads only those logits that can matter where the options allow it:
    /// without bias and penalties and with a top-k or a temperature of 0.
    ///
    /// @param largest of each 32 logits the largest, NaN where one of them is not finite
    public int sample(float[] logits, float[] largest, History history) {
        checkLength(logits, vocabularySize);
        int wanted = options.temperature() == 0 && options.typicalP() == 1 ? 1 : options.topK();
        if (wanted == 0
                || penalties.changesLogits()
                || !candidates.loadBest(logits, largest, wanted)) {
            return sample(logits, history);
        }
        return sample();
    }

    /// Chooses one of the candidates.
    private int sample() {
        // The largest also tells whether the logits are sound, before a filter compares them.
        int largest = candidates.largest();
        if (options.temperature() == 0 && options.typicalP() == 1) {
            return candidates.id(largest); // no other filter ever drops the most probable token
        }
        candidates.topK(options.topK());
        candidates.typical(options.typicalP());
        candidates.topP(options.topP());
        candidates.minP(options.minP());
        candidates.temperature(options.temperature());
        return options.temperature() == 0 ? candidates.id(0) : candidates.draw(random.nextDouble());
    }

    /// The `count` most probable tokens under the model itself (no bias, penalty, filter or temperature), the most
    /// probable first.
    ///
    /// @param logits `[vocabulary]`, not changed
    public static List<TokenLogprob> topLogprobs(float[] logits, int count) {
        if (count <= 0) {
            return List.of();
        }
        var candidates = new Candidates(logits.length);
        candidates.load(logits);
        double logSum = candidates.logSum();
        candidates.topK(count);
        candidates.sort();
        var top = new ArrayList<TokenLogprob>(candidates.size());
        for (int i = 0; i < candidates.size(); i++) {
            top.add(new TokenLogprob(candidates.id(i), candidates.logit(i) - logSum));
        }
        return List.copyOf(top);
    }

    /// The log-probability of one token under the model itself.
    ///
    /// @param logits `[vocabulary]`, not changed
    public static TokenLogprob logprob(float[] logits, int id) {
        var candidates = new Candidates(logits.length);
        candidates.load(logits);
        return new TokenLogprob(id, logits[id] - candidates.logSum());
    }

    private static void checkLength(float[] logits, int vocabularySize) {
        if (logits.length != vocabularySize) {
            throw new IllegalArgumentException(
                    "expected %d logits, one for each token of the vocabulary, got %d"
                            .formatted(vocabularySize, logits.length));
        }
    }
}
