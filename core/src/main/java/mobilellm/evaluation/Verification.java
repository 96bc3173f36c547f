package mobilellm.evaluation;

import mobilellm.engine.Session;
import mobilellm.tokenizer.Tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// How near a model comes to stored reference outputs.
///
/// @param positions whose logits were compared
/// @param worst where the logits differ most
/// @param greedyCompared continuations that were compared
/// @param greedyDiffering names of the sequences whose continuation is another one
/// @param textsCompared texts that were encoded
/// @param textsDiffering names of the sequences whose text became other ids
public record Verification(
        int positions,
        Worst worst,
        int greedyCompared,
        List<String> greedyDiffering,
        int textsCompared,
        List<String> textsDiffering) {
    private static final int CHUNK = 64;

    /// A step where the reference's two best logits are nearer to each other than this may go either way, and nothing behind it is
    /// compared.
    private static final double TIE = 1e-3;

    public Verification {
        greedyDiffering = List.copyOf(greedyDiffering);
        textsDiffering = List.copyOf(textsDiffering);
    }

    /// The logit that is farthest off.
    ///
    /// @param error absolute difference; infinite where the logit is no number
    /// @param sequence its name
    /// @param position in the sequence, from 0
    /// @param token its id
    public record Worst(
            double error,
            String sequence,
            int position,
            int token,
            double logit,
            double expected) {}

    /// Continuations and texts that differ.
    public int mismatches() {
        return greedyDiffering.size() + textsDiffering.size();
    }

    /// Runs the sequences.
    ///
    /// @param session computes; what it holds is lost
    /// @param tokenizer empty if texts are not to be compared
    /// @param listener is told the name of each sequence before it is run
    /// @throws mobilellm.engine.ContextLengthException if a sequence does not fit the session
    /// @throws IllegalArgumentException if a sequence does not suit the model's vocabulary
    public static Verification of(
            Session session,
            Optional<Tokenizer> tokenizer,
            List<ReferenceSequence> sequences,
            Consumer<String> listener) {
        Sums sums = new Sums();
        for (ReferenceSequence sequence : sequences) {
            listener.accept(sequence.name());
            sums.logits(session, sequence);
            sequence.greedy().ifPresent(greedy -> sums.greedy(session, sequence, greedy));
            if (tokenizer.isPresent()) {
                sequence.text().ifPresent(text -> sums.text(tokenizer.get(), sequence, text));
            }
        }
        return sums.verification();
    }

    private static final class Sums {
        private int positions;
        private Worst worst = new Worst(-1, "", 0, 0, 0, 0);
        private int continuations;
        private final List<String> otherContinuations = new ArrayList<>();
        private int texts;
        private final List<String> otherIds = new ArrayList<>();

        void logits(Session session, ReferenceSequence sequence) {
            int first = sequence.firstPosition();
            session.logits(
                    sequence.idArray(),
                    first,
                    CHUNK,
                    (position, logits) -> {
                        positions++;
                        row(sequence, position, logits, sequence.rows().get(position - first));
                    });
        }

        private void row(
                ReferenceSequence sequence,
                int position,
                float[] logits,
                ReferenceSequence.Row row) {
            for (int i = 0; i < row.logits().size(); i++) {
                int token = row.token(i);
                if (token < 0 || token >= logits.length) {
                    throw new IllegalArgumentException(
                            "the reference has token %d in sequence %s, the model only %d"
                                    .formatted(token, sequence.name(), logits.length));
                }
                double expected = row.logits().get(i);
                double error = Math.abs(logits[token] - expected);
                if (!(error <= worst.error())) {
                    worst =
                            new Worst(
                                    Double.isNaN(error) ? Double.POSITIVE_INFINITY : error,
                                    sequence.name(),
                                    position,
                                    token,
                                    logits[token],
                                    expected);
                }
            }
        }

        void greedy(Session session, ReferenceSequence sequence, ReferenceSequence.Greedy greedy) {
            continuations++;
            session.prefill(sequence.idArray(), (done, total) -> true);
            for (int step = 0; step < greedy.ids().size(); step++) {
                if (greedy.gaps().get(step) < TIE) {
                    return;
                }
                int best = best(session.logits());
                if (best != greedy.ids().get(step)) {
                    otherContinuations.add(sequence.name());
                    return;
                }
                session.append(best);
            }
        }

        private static int best(float[] logits) {
            int best = 0;
            for (int id = 1; id < logits.length; id++) {
                best = logits[id] > logits[best] ? id : best;
            }
            return best;
        }

        void text(Tokenizer tokenizer, ReferenceSequence sequence, String text) {
            texts++;
            if (!Arrays.equals(tokenizer.encode(text, true), sequence.idArray())) {
                otherIds.add(sequence.name());
            }
        }

        Verification verification() {
            return new Verification(
                    positions, worst, continuations, otherContinuations, texts, otherIds);
        }
    }
}
