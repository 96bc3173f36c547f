package mobilellm.sampling;

/// The tokens that may still come, and the filters that make them fewer. All arrays are allocated once, at the size of
/// the vocabulary, and the first [#size()] entries are in use; a filter moves what stays to the front.
///
/// Filters compare and add weights `exp(logit - largest)` rather than probabilities: the ratio is the same, and the sum
/// over what is left replaces a second softmax. Selection is by heap, so nothing is sorted further than needed.
final class Candidates {
    /// Logits of which the largest is known before they are looked at.
    static final int BLOCK = 32;

    private final int[] ids;
    private final double[] logits;
    private final double[] weights;

    /// What a prefix is ordered by, largest first; the lower id first among equals.
    private final double[] keys;

    private int size;
    private boolean isWeighed;

    Candidates(int vocabularySize) {
        ids = new int[vocabularySize];
        logits = new double[vocabularySize];
        weights = new double[vocabularySize];
        keys = new double[vocabularySize];
    }

    int size() {
        return size;
    }

    int id(int index) {
        return ids[index];
    }

    /// The logits of all tokens by id, for changes before the first filter.
    double[] logits() {
        return logits;
    }

    /// All tokens, with one logit for each.
    void load(float[] source) {
        for (int i = 0; i < logits.length; i++) {
            logits[i] = source[i];
        }
        reset();
    }

    /// All tokens, with one logit for each.
    void load(double[] source) {
        System.arraycopy(source, 0, logits, 0, logits.length);
        reset();
    }

    /// Tokens among which are the `count` with the largest logits, and whoever equals the last of them; by id, like all tokens.
    ///
    /// @param largest of each [#BLOCK] logits the largest, NaN where one of them is not finite
    /// @return whether it was done: not where all blocks would have to be read, or a logit is not finite
    boolean loadBest(float[] source, float[] largest, int count) {
        if (count >= largest.length) {
            return false;
        }
        for (int block = 0; block < largest.length; block++) {
            if (Float.isNaN(largest[block])) {
                return false;
            }
            logits[block] = largest[block];
        }
        size = largest.length;
        // So many blocks have a logit as large as this, so that the logits that are looked for are
        // not smaller.
        double threshold = kthLargest(count);
        size = 0;
        for (int block = 0; block < largest.length; block++) {
            if (largest[block] >= threshold) {
                int end = Math.min(source.length, (block + 1) * BLOCK);
                for (int id = block * BLOCK; id < end; id++) {
                    if (source[id] >= threshold) {
                        ids[size] = id;
                        logits[size] = source[id];
                        size++;
                    }
                }
            }
        }
        isWeighed = false;
        return true;
    }

    private void reset() {
        for (int i = 0; i < ids.length; i++) {
            ids[i] = i;
        }
        size = ids.length;
        isWeighed = false;
    }

    /// Index of the largest logit, the lowest among equals while nothing was moved.
    ///
    /// @throws IllegalArgumentException if a logit is NaN or positive infinity, or none is finite
    int largest() {
        int best = 0;
        for (int i = 0; i < size; i++) {
            double logit = logits[i];
            if (!(logit < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "the logit of token %d is %s: the model's weights or a kernel are broken"
                                .formatted(ids[i], logit));
            }
            if (logit > logits[best] || (logit == logits[best] && ids[i] < ids[best])) {
                best = i;
            }
        }
        if (logits[best] == Double.NEGATIVE_INFINITY) {
            throw new IllegalArgumentException(
                    "no token is left to choose: all %d logits are negative infinity"
                            .formatted(size));
        }
        return best;
    }

    /// Keeps the `count` largest; nothing happens at 0.
    void topK(int count) {
        if (count <= 0 || count >= size) {
            return;
        }
        double threshold = kthLargest(count);
        // The heap still holds the chosen logits; some of those that equal its smallest may have to
        // go.
        int equals = count;
        for (int i = 0; i < count; i++) {
            if (keys[i] > threshold) {
                equals--;
            }
        }
        int kept = 0;
        for (int i = 0; kept < count; i++) {
            if (logits[i] > threshold || (logits[i] == threshold && equals-- > 0)) {
                move(i, kept++);
            }
        }
        size = kept;
    }

    /// The `count`-th largest logit: a heap of the largest so far, the smallest of them at its root. Most logits fail the
    /// one comparison with the root, so this is little more than one pass over memory.
    private double kthLargest(int count) {
        System.arraycopy(logits, 0, keys, 0, count);
        for (int parent = count / 2 - 1; parent >= 0; parent--) {
            sinkSmallest(parent, count);
        }
        for (int i = count; i < size; i++) {
            if (logits[i] > keys[0]) {
                keys[0] = logits[i];
                sinkSmallest(0, count);
            }
        }
        return keys[0];
    }

    private void sinkSmallest(int start, int length) {
        double sinking = keys[start];
        int parent = start;
        for (int child = 2 * parent + 1; child < length; child = 2 * parent + 1) {
            if (child + 1 < length && keys[child + 1] < keys[child]) {
                child++;
            }
            if (sinking <= keys[child]) {
                break;
            }
            keys[parent] = keys[child];
            parent = child;
        }
        keys[parent] = sinking;
    }

    /// Keeps the shortest prefix, by distance of the surprise to the entropy, that reaches `mass`; off at 1.
    void typical(double mass) {
        if (mass >= 1) {
            return;
        }
        double total = weigh();
        double largest = logits[largest()];
        double logTotal = StrictMath.log(total);
        double entropy = 0;
        for (int i = 0; i < size; i++) {
            double surprise = logTotal - (logits[i] - largest);
            if (weights[i] > 0) {
                entropy += weights[i] / total * surprise;
            }
        }
        for (int i = 0; i < size; i++) {
            double surprise = logTotal - (logits[i] - largest);
            keys[i] = weights[i] > 0 ? -Math.abs(surprise - entropy) : Double.NEGATIVE_INFINITY;
        }
        keepPrefix(mass * total, size);
    }

    /// Keeps the shortest prefix, by descending probability, that reaches `mass`; off at 1.
    void topP(double mass) {
        if (mass >= 1) {
            return;
        }
        double total = weigh();
        // Whatever lies below this adds up to less than the mass to be cut off, so it need not be
        // ordered (llama2.c).
        double cutoff = (1 - mass) * total / size;
        int considered = 0;
        for (int i = 0; i < size; i++) {
            if (weights[i] >= cutoff) {
                swap(i, considered++);
            }
        }
        System.arraycopy(logits, 0, keys, 0, considered);
        keepPrefix(mass * total, considered);
    }

    /// Keeps what weighs at least `share` of the heaviest; off at 0.
    void minP(double share) {
        if (share <= 0) {
            return;
        }
        weigh();
        double heaviest = 0;
        for (int i = 0; i < size; i++) {
            heaviest = Math.max(heaviest, weights[i]);
        }
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (weights[i] >= share * heaviest) {
                move(i, kept++);
            }
        }
        size = kept;
    }

    /// Divides the logits; 0 keeps only the largest.
    void temperature(double temperature) {
        if (temperature == 0) {
            move(largest(), 0);
            size = 1;
        } else if (temperature != 1) {
            for (int i = 0; i < size; i++) {
                logits[i] /= temperature;
            }
            isWeighed = false;
        }
    }

    /// Fills the weights where they are not up to date.
    ///
    /// @return their sum
    double weigh() {
        if (!isWeighed) {
            double largest = logits[largest()];
            for (int i = 0; i < size; i++) {
                weights[i] = StrictMath.exp(logits[i] - largest);
            }
            isWeighed = true;
        }
        double total = 0;
        for (int i = 0; i < size; i++) {
            total += weights[i];
        }
        return total;
    }

    /// `ln(sum(exp(logit)))` of what is left.
    double logSum() {
        return logits[largest()] + StrictMath.log(weigh());
    }

    double weight(int index) {
        return weights[index];
    }

    double logit(int index) {
        return logits[index];
    }

    /// The id at `share` (0 inclusive to 1 exclusive) of the way through the weights.
    int draw(double share) {
        double target = share * weigh();
        double passed = 0;
        int chosen = 0;
        for (int i = 0; i < size; i++) {
            if (weights[i] > 0) {
                chosen = i;
                passed += weights[i];
                if (passed > target) {
                    break;
                }
            }
        }
        return ids[chosen];
    }

    /// Orders by `keys`, as far as needed, and keeps the shortest prefix of the first `considered` whose weights reach
    /// `target`.
    private void keepPrefix(double target, int considered) {
        for (int parent = considered / 2 - 1; parent >= 0; parent--) {
            sinkLesser(parent, considered);
        }
        double sum = 0;
        int rest = considered;
        do {
            sum += weights[0];
            rest--;
            swapWithKeys(0, rest);
            sinkLesser(0, rest);
        } while (rest > 0 && sum < target);
        // The best stand at the end now, the very best last.
        int kept = considered - rest;
        for (int i = 0; i < Math.min(kept, considered / 2); i++) {
            swapWithKeys(i, considered - 1 - i);
        }
        size = kept;
    }

    private void sinkLesser(int start, int length) {
        int parent = start;
        for (int child = 2 * parent + 1; child < length; child = 2 * parent + 1) {
            if (child + 1 < length && isBefore(child + 1, child)) {
                child++;
            }
            if (!isBefore(child, parent)) {
                break;
            }
            swapWithKeys(parent, child);
            parent = child;
        }
    }

    private boolean isBefore(int a, int b) {
        return keys[a] > keys[b] || (keys[a] == keys[b] && ids[a] < ids[b]);
    }

    private void move(int from, int to) {
        ids[to] = ids[from];
        logits[to] = logits[from];
        weights[to] = weights[from];
    }

    private void swap(int a, int b) {
        int id = ids[a];
        double logit = logits[a];
        double weight = weights[a];
        move(b, a);
        ids[b] = id;
        logits[b] = logit;
        weights[b] = weight;
    }

    private void swapWithKeys(int a, int b) {
        swap(a, b);
        double key = keys[a];
        keys[a] = keys[b];
        keys[b] = key;
    }

    /// Orders all candidates, the most probable first.
    void sort() {
        weigh();
        System.arraycopy(logits, 0, keys, 0, size);
        keepPrefix(Double.POSITIVE_INFINITY, size);
    }
}
