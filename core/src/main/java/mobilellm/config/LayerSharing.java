package mobilellm.config;

import java.util.Locale;

/// How stored blocks are reused (MobileLLM section 2.3): which strategy, how often each block runs, and which
/// keys and values a later visit attends.
///
/// @param strategy order of the visits
/// @param repeats how often each stored block runs, 1 to 8
/// @param cache whose keys and values a later visit of a block attends
public record LayerSharing(Strategy strategy, int repeats, Cache cache) {
    public static final LayerSharing NONE = new LayerSharing(Strategy.NONE, 1, Cache.OWN);

    /// The most repeats that are accepted; the paper goes to 4.
    public static final int MAXIMUM_REPEATS = 8;

    public enum Strategy {
        /// `A B C`
        NONE,
        /// `A A B B C C`, the paper's choice: weights are still in cache at the second visit.
        IMMEDIATE,
        /// `A B C A B C`
        REPEAT_ALL_OVER,
        /// `A B C C B A`
        REVERSE;

        /// As files and the command line spell it: `repeat-all-over`.
        public String word() {
            return LayerSharing.word(this);
        }
    }

    public enum Cache {
        /// Every visit has its own keys and values: equal to the physically unrolled model.
        OWN,
        /// A later visit attends what the block's first visit wrote, and writes nothing.
        FIRST_VISIT;

        /// As files and the command line spell it: `first-visit`.
        public String word() {
            return LayerSharing.word(this);
        }
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    public LayerSharing {
        if (repeats < 1 || repeats > MAXIMUM_REPEATS) {
            throw new IllegalArgumentException(
                    "layer sharing repeats must be 1 to " + MAXIMUM_REPEATS + ", got " + repeats);
        }
        if (strategy == Strategy.NONE && repeats != 1) {
            throw new IllegalArgumentException(
                    "without layer sharing a block runs once, got " + repeats + " repeats");
        }
    }
}
