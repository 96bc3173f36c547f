package mobilellm.evaluation.task;

/// What is measured of a task, by the name that lm-evaluation-harness gives it.
public enum Metric {
    /// Share of documents whose right choice is the most likely.
    ACC("acc", Summary.MEAN),
    /// The same with likelihoods for each character of the choice.
    ACC_NORM("acc_norm", Summary.MEAN),
    /// The same with likelihoods for each byte of the choice.
    ACC_BYTES("acc_bytes", Summary.MEAN),
    /// The same with likelihoods that are divided by those without the question. Not in the harness.
    ACC_OVER_PROMPT("acc_over_prompt", Summary.MEAN),
    /// Share of documents that the model would continue so.
    GREEDY("acc", Summary.MEAN),
    /// Share of documents that are answered in exactly one of the accepted ways.
    EXACT_MATCH("exact_match", Summary.MEAN),
    /// The same without articles, case, punctuation and doubled blanks.
    LOOSE_MATCH("loose_match", Summary.MEAN),
    /// Of a document's continuation, however many tokens it has.
    PERPLEXITY("perplexity", Summary.PERPLEXITY),
    WORD_PERPLEXITY("word_perplexity", Summary.WEIGHTED_PERPLEXITY),
    BYTE_PERPLEXITY("byte_perplexity", Summary.WEIGHTED_PERPLEXITY),
    BITS_PER_BYTE("bits_per_byte", Summary.BITS);

    /// How the values of documents become one.
    public enum Summary {
        MEAN(true),
        /// `exp(-mean)`
        PERPLEXITY(false),
        /// `exp(-sum / sum of weights)`
        WEIGHTED_PERPLEXITY(false),
        /// `-sum / sum of weights / ln 2`
        BITS(false);

        private final boolean higherIsBetter;

        Summary(boolean higherIsBetter) {
            this.higherIsBetter = higherIsBetter;
        }
    }

    private final String word;
    private final Summary summary;

    Metric(String word, Summary summary) {
        this.word = word;
        this.summary = summary;
    }

    /// Its name in results.
    public String word() {
        return word;
    }

    public Summary summary() {
        return summary;
    }

    public boolean higherIsBetter() {
        return summary.higherIsBetter;
    }
}
