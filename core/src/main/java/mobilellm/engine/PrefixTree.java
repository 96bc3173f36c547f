package mobilellm.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/// Predictions whose ids begin alike, as branches that are walked one after the other with one key/value cache: what a
/// branch shares with the one before it is in the cache already. Predictions that read the same ids share all rows; so one
/// pass over a context answers all choices of one token, and repeated predictions cost nothing.
///
/// @param branches in the order in which they are walked
/// @param rows that all branches compute together
/// @param longest ids that any branch reads
record PrefixTree(List<Branch> branches, long rows, int longest) {
    /// A shorter common beginning, or one of less than a quarter, is computed again rather than waited for.
    private static final int LEAST_SHARED = 4;

    /// Branches are walked one after the other, so a tree of thousands would leave the last batches empty.
    private static final int MOST_BRANCHES = 64;

    /// A prediction of whose rows those from `from` on are computed.
    ///
    /// @param wanted for each of these rows, the predictions that need its logits
    record Branch(Prediction path, int from, List<List<Integer>> wanted) {
        int rows() {
            return path.rows();
        }

        int id(int row) {
            return path.ids()[row];
        }

        List<Integer> wanted(int row) {
            return wanted.get(row - from);
        }

        /// Few rows of a long context are wanted: the others share one empty list.
        private void want(int row, int prediction) {
            List<Integer> known = wanted.get(row - from);
            if (known.isEmpty()) {
                known = new ArrayList<>(1);
                wanted.set(row - from, known);
            }
            known.add(prediction);
        }
    }

    /// Trees of all predictions, those with the longest branches first: so the last batches hold short ones and are full, and
    /// memory is largest at once.
    static List<PrefixTree> of(List<Prediction> predictions) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < predictions.size(); i++) {
            order.add(i);
        }
        order.sort((left, right) -> compare(predictions.get(left), predictions.get(right)));
        List<PrefixTree> trees = new ArrayList<>();
        Builder builder = new Builder(predictions);
        for (int index : order) {
            if (!builder.belongs(index)) {
                trees.add(builder.build());
                builder = new Builder(predictions);
            }
            builder.add(index);
        }
        if (!order.isEmpty()) {
            trees.add(builder.build());
        }
        trees.sort((left, right) -> Integer.compare(right.longest, left.longest));
        return trees;
    }

    /// By the ids that are read.
    private static int compare(Prediction left, Prediction right) {
        return Arrays.compare(left.ids(), 0, left.rows(), right.ids(), 0, right.rows());
    }

    private static final class Builder {
        private final List<Prediction> predictions;
        private final List<Branch> branches = new ArrayList<>();
        private final List<Branch> owners = new ArrayList<>(); // of each row of the last branch
        private int[] last = {};
        private int lastRows;
        private long rows;
        private int longest;

        Builder(List<Prediction> predictions) {
            this.predictions = predictions;
        }

        private int shared(Prediction next) {
            int mismatch = Arrays.mismatch(last, 0, lastRows, next.ids(), 0, next.rows());
            return mismatch < 0 ? lastRows : mismatch;
        }

        boolean belongs(int index) {
            Prediction next = predictions.get(index);
            int shared = shared(next);
            return lastRows == 0
                    || shared == next.rows()
                    || (branches.size() < MOST_BRANCHES
                            && shared >= LEAST_SHARED
                            && 4 * shared >= next.rows());
        }

        void add(int index) {
            Prediction next = predictions.get(index);
            int from = shared(next);
            if (from < next.rows()) {
                var wanted =
                        new ArrayList<List<Integer>>(
                                Collections.nCopies(next.rows() - from, List.of()));
                Branch branch = new Branch(next, from, wanted);
                branches.add(branch);
                owners.subList(from, owners.size()).clear();
                for (int row = from; row < next.rows(); row++) {
                    owners.add(branch);
                }
                rows += next.rows() - from;
                longest = Math.max(longest, next.rows());
                last = next.ids();
                lastRows = next.rows();
            }
            for (int row = next.firstPredicting(); row < next.rows(); row++) {
                owners.get(row).want(row, index);
            }
        }

        PrefixTree build() {
            return new PrefixTree(List.copyOf(branches), rows, longest);
        }
    }
}
