package mobilellm.engine;

import mobilellm.kernel.KeyValueStore;
import mobilellm.kernel.LogitReduction;
import mobilellm.model.Batch;
import mobilellm.model.KvCache;
import mobilellm.model.Transformer;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/// Scores many predictions in full batches. What their ids share at the beginning is computed once ([PrefixTree]); the rows
/// of a batch come from as many of them as are needed to fill it.
///
/// A likelihood has the same bits whatever else is scored with it, in whichever order, in batches of whichever size and by
/// however many threads, because a row of logits has. Memory is bounded: 40 pages of 256 positions of keys and values, or
/// what the longest prediction takes.
public final class PredictionScorer implements AutoCloseable {
    /// A page of a small model takes some 6 MB, all of them touched; a tree fills some ten rows of a batch.
    private static final int MOST_PAGES = 40;

    private final Transformer transformer;
    private final SessionOptions options;
    private final int batchRows;
    private final Batch batch = new Batch();
    private final List<Lane> busy = new ArrayList<>();
    private final List<Lane> idle = new ArrayList<>();
    private final List<Wanted> wanted = new ArrayList<>();

    /// A row whose logits are wanted.
    private record Wanted(PrefixTree.Branch branch, int row) {}

    /// @param batchRows ids that are computed at once
    /// @throws IllegalArgumentException if that is less than 1, or more than the transformer takes
    @SuppressWarnings("exports") // made by the model, which is the only one that has a transformer
    public PredictionScorer(Transformer transformer, SessionOptions options, int batchRows) {
        options.check(transformer.config());
        if (batchRows < 1 || batchRows > transformer.maximumBatch()) {
            throw new IllegalArgumentException(
                    "a batch has 1 to %d rows, got %d"
                            .formatted(transformer.maximumBatch(), batchRows));
        }
        this.transformer = transformer;
        this.options = options;
        this.batchRows = batchRows;
    }

    /// The most ids that a prediction may read.
    public int contextLength() {
        return options.contextLength();
    }

    /// Scores all predictions.
    ///
    /// @throws ContextLengthException if one has more ids than fit; nothing is computed then
    /// @throws IllegalArgumentException if an id lies outside the vocabulary
    /// @throws ArithmeticException if the model's logits are no numbers
    public void score(List<Prediction> predictions, LikelihoodListener listener) {
        for (Prediction prediction : predictions) {
            if (prediction.rows() > contextLength()) {
                throw new ContextLengthException(prediction.rows(), contextLength());
            }
        }
        Deque<PrefixTree> waiting = new ArrayDeque<>(PrefixTree.of(predictions));
        long total = waiting.stream().mapToLong(PrefixTree::rows).sum();
        long done = 0;
        Sums sums = new Sums(predictions);
        try {
            while (!waiting.isEmpty() || !busy.isEmpty()) {
                done += fill(waiting);
                forward(sums, listener);
                listener.onProgress(done, total);
            }
        } finally {
            busy.forEach(Lane::reset);
            idle.addAll(busy);
            busy.clear();
        }
    }

    /// Fills the batch with rows of trees that have begun, then of others.
    private int fill(Deque<PrefixTree> waiting) {
        batch.clear();
        wanted.clear();
        for (Lane lane : busy) {
            lane.queue();
        }
        while (batch.size() < batchRows && !waiting.isEmpty() && begin(waiting.peek())) {
            waiting.remove();
        }
        return batch.size();
    }

    private boolean begin(PrefixTree tree) {
        if (idle.isEmpty() && pages() + pages(tree.longest()) > MOST_PAGES && !busy.isEmpty()) {
            return false;
        }
        Lane lane =
                idle.stream().max(Comparator.comparingInt(one -> one.pages)).orElseGet(Lane::new);
        idle.remove(lane);
        busy.add(lane);
        lane.begin(tree);
        return true;
    }

    private int pages() {
        return busy.stream().mapToInt(lane -> lane.pages).sum();
    }

    private static int pages(int positions) {
        return Math.ceilDiv(positions, KeyValueStore.PAGE);
    }

    private void forward(Sums sums, LikelihoodListener listener) {
        int[][] targets = new int[wanted.size()][];
        for (int i = 0; i < targets.length; i++) {
            targets[i] = sums.targets(wanted.get(i));
        }
        synchronized (transformer) {
            transformer.advance(batch);
            if (targets.length > 0) {
                sums.add(wanted, targets, transformer.score(targets), listener);
            }
        }
        for (Lane lane : List.copyOf(busy)) {
            lane.advance();
        }
    }

    /// A key/value cache and the tree that is walked with it.
    private final class Lane {
        private final KvCache cache =
                new KvCache(transformer.config(), options.contextLength(), options.keyValueType());
        private int pages; // that the cache has taken
        private Deque<PrefixTree.Branch> branches = new ArrayDeque<>();

        void begin(PrefixTree tree) {
            branches = new ArrayDeque<>(tree.branches());
            pages = Math.max(pages, PredictionScorer.pages(tree.longest()));
            queue();
        }

        /// Adds what is missing of the current branch, as far as there is room.
        void queue() {
            PrefixTree.Branch branch = branches.element();
            int end = Math.min(branch.rows(), cache.length() + batchRows - batch.size());
            for (int row = cache.length(); row < end; row++) {
                boolean isWanted = !branch.wanted(row).isEmpty();
                batch.add(cache, branch.id(row), isWanted);
                if (isWanted) {
                    wanted.add(new Wanted(branch, row));
                }
            }
        }

        /// Goes back to where the next branch leaves this one, if this one is complete.
        void advance() {
            if (cache.length() < branches.element().rows()) {
                return;
            }
            branches.remove();
            if (branches.isEmpty()) {
                reset();
                busy.remove(this);
                idle.add(this);
            } else {
                cache.truncate(branches.element().from());
            }
        }

        void reset() {
            cache.truncate(0);
        }
    }

    /// What is known so far of each prediction. Its rows come in their order, so its sum has the same bits always.
    private static final class Sums {
        private final List<Prediction> predictions;
        private final double[] sums;
        private final boolean[] missed;
        private final int[] missing;

        Sums(List<Prediction> predictions) {
            this.predictions = predictions;
            sums = new double[predictions.size()];
            missed = new boolean[predictions.size()];
            missing = predictions.stream().mapToInt(Prediction::predicted).toArray();
        }

        /// The id that each prediction expects after a row.
        int[] targets(Wanted row) {
            return row.branch().wanted(row.row()).stream()
                    .mapToInt(index -> predictions.get(index).ids()[row.row() + 1])
                    .toArray();
        }

        void add(
                List<Wanted> rows,
                int[][] targets,
                LogitReduction reduced,
                LikelihoodListener listener) {
            for (int i = 0; i < rows.size(); i++) {
                double logSum = reduced.checkedLogSum(i);
                List<Integer> indices = rows.get(i).branch().wanted(rows.get(i).row());
                for (int k = 0; k < targets[i].length; k++) {
                    int index = indices.get(k);
                    sums[index] += reduced.targetLogit(i, k) - logSum;
                    missed[index] |= reduced.best(i) != targets[i][k];
                    if (--missing[index] == 0) {
                        listener.onLikelihood(index, new Likelihood(sums[index], !missed[index]));
                    }
                }
            }
        }
    }

    /// Frees the keys and values.
    @Override
    public void close() {
        idle.forEach(lane -> lane.cache.close());
    }
}
