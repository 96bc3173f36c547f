package mobilellm.model;

import mobilellm.config.Attention.QueryKeyNorm;
import mobilellm.config.LayerPlan;
import mobilellm.config.ModelConfig;
import mobilellm.kernel.Activations;
import mobilellm.kernel.KernelProvider;
import mobilellm.kernel.LogitReduction;
import mobilellm.kernel.Operand;
import mobilellm.kernel.Operations;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.Sequences;
import mobilellm.kernel.ThreadTeam;
import mobilellm.kernel.ThreadTeam.Worker;

import java.lang.foreign.Arena;
import java.util.Optional;

/// The forward pass of a MobileLLM-style decoder (Liu et al. 2024, arXiv 2402.14905): pre-norm blocks of grouped-query
/// attention with rotary embedding and a feed-forward layer, the output head usually the embedding itself. What only some
/// models have (biases, normalised heads, a feed-forward layer without a gate) costs the others nothing but a branch.
///
/// [#pass] is the whole model, top to bottom. Every member of the thread team runs it at once and does its share of each
/// operation; a barrier stands wherever the next operation reads what another member wrote. Nothing is allocated in a pass.
///
/// A token's logits have the same bits whatever else is in the batch, however a prompt is cut into batches, and however
/// many threads there are. This makes prefix reuse and batching exact.
public final class Transformer implements AutoCloseable {
    /// The most rows of a pass: enough to amortise unpacking weights, few enough that activations stay in cache.
    private static final int MAXIMUM_BATCH = 512;

    /// Weights that one token is multiplied with in some 10 microseconds, thirty times what a piece and its calls cost.
    private static final int PIECE_BYTES = 262_144;

    /// Rows of a matrix that are enough to share what it takes to walk over the tokens.
    private static final int PIECE_HEIGHT = 64;

    /// Rows of a batch whose norms or rotation take some microseconds.
    private static final int PIECE_ROWS = 8;

    /// A product of so few tokens takes as long as reading the weights.
    private static final int ROWS_OF_ONE_READING = 4;

    private final ModelConfig config;
    private final LayerPlan plan;
    private final Weights weights;
    private final KernelProvider provider;
    private final ThreadTeam team;
    private final Arena arena = Arena.ofShared();
    private final Operations kernels;
    private final Activations plainHeadNorm; // [1, headDim] of ones
    private final ThreadTeam.Job job = this::pass;
    private Batch batch = new Batch();
    private Optional<String> identity = Optional.empty();
    private boolean wantsLogits;
    private Buffers buffers;
    private final Head head;

    /// @param weights of a checkpoint of this config
    /// @param team runs the passes; may serve other transformers too
    public Transformer(
            ModelConfig config, Weights weights, KernelProvider provider, ThreadTeam team) {
        this.config = config;
        this.plan = config.plan();
        this.weights = weights;
        this.provider = provider;
        this.team = team;
        kernels = provider.open(team.threads(), arena);
        plainHeadNorm = new Activations(arena, 1, config.headDim());
        for (int i = 0; i < config.headDim(); i++) {
            plainHeadNorm.set(0, i, 1);
        }
        buffers = Buffers.allocate(1, team.threads(), config, weights, kernels);
        head = new Head(weights.head(), kernels, team);
    }

    public ModelConfig config() {
        return config;
    }

    /// Name of the kernels that compute.
    public String kernels() {
        return provider.name();
    }

    /// Tells models apart: the SHA-256 of the sizes and of all weights, in hexadecimal. The layer sharing is not part of
    /// it, nor are the kernels. The first call reads every weight (about a second for each GB); its result is kept.
    public synchronized String identity() {
        if (identity.isEmpty()) {
            identity = Optional.of(Identity.of(config, weights));
        }
        return identity.get();
    }

    /// Rows that one [#forward] takes.
    public int maximumBatch() {
        return MAXIMUM_BATCH;
    }

    /// Runs the batch, advances its caches and computes the wanted logits. One call at a time.
    ///
    /// @throws IllegalArgumentException if the batch is empty or too large, or a token lies outside the vocabulary
    public void forward(Batch rows) {
        head.reserveLogits(rows.logitsRows());
        run(rows, true);
    }

    /// As [#forward], but leaves the output head to [#score]: for many wanted rows, whose logits would take 4 bytes for each
    /// token of the vocabulary.
    public void advance(Batch rows) {
        run(rows, false);
    }

    private void run(Batch rows, boolean withLogits) {
        if (rows.size() == 0 || rows.size() > MAXIMUM_BATCH) {
            throw new IllegalArgumentException(
                    "a batch has 1 to %d rows, got %d".formatted(MAXIMUM_BATCH, rows.size()));
        }
        for (int row = 0; row < rows.size(); row++) {
            checkToken(rows.tokens()[row]);
        }
        if (rows.size() > buffers.rows()) {
            // Doubling bounds how often this happens; decoding alone never pays for a long prompt's
            // rows.
            int wanted = Math.min(MAXIMUM_BATCH, Math.max(rows.size(), 2 * buffers.rows()));
            buffers.close();
            buffers = Buffers.allocate(wanted, team.threads(), config, weights, kernels);
        }
        head.reserve(rows.logitsRows());
        for (int row = 0; row < rows.size(); row++) {
            rows.all().store(row).reserve(rows.all().position(row) + 1);
        }
        batch = rows;
        wantsLogits = withLogits;
        if (provider.isRestartable()) {
            team.runRestartable(job);
        } else {
            team.run(job);
        }
        for (int row = 0; row < rows.size(); row++) {
            rows.cache(row).advance(1);
        }
    }

    /// The whole model, as each member of the team runs it.
    private void pass(Worker worker) {
        int rows = batch.size();
        Sequences sequences = batch.all();
        var hidden = buffers.hidden(); // [rows, hiddenSize]
        var queries = buffers.queries(); // [rows, heads * headDim]
        var keys = buffers.keys(); // [rows, keyValueHeads * headDim]
        var values = buffers.values(); // [rows, keyValueHeads * headDim]
        var operands = buffers.operands(rows, worker);

        for (int row = worker.from(rows); row < worker.to(rows); row++) {
            buffers.angles().set(row, sequences.position(row));
        }
        kernels.embed(weights.embedding(), batch.tokens(), rows, hidden, worker);
        worker.barrier();

        for (int v = 0; v < plan.visits().size(); v++) {
            var visit = plan.visits().get(v);
            var block = weights.blocks().get(visit.block());

            // Recordings are of one row.
            var projections = buffers.projections().get(v);
            if (rows > 1 || !projections.replay(sequences, worker)) {
                var attentionInput = operands.attentionInput(); // [rows, hiddenSize]
                normalise(hidden, rows, block.attentionNorm(), attentionInput, worker);
                for (Worker piece : pieces(block.query().matrix(), rows, worker)) {
                    project(block.query(), attentionInput, rows, queries, false, piece);
                    if (visit.writesCache()) {
                        project(block.key(), attentionInput, rows, keys, false, piece);
                        project(block.value(), attentionInput, rows, values, false, piece);
                    }
                }
                kernels.barrier(worker);
                for (Worker piece : pieces(rows, worker)) {
                    rotate(queries, config.heads(), block.queryNorm(), rows, piece);
                    if (visit.writesCache()) {
                        rotate(keys, config.keyValueHeads(), block.keyNorm(), rows, piece);
                        kernels.store(keys, values, sequences, rows, visit.cacheSlot(), piece);
                    }
                }
                kernels.barrier(worker);
                projections.keep(worker);
            }

            if (v == plan.visits().size() - 1) {
                // All keys and values are stored; from here on only rows whose logits are wanted
                // matter.
                keepWantedRows(worker);
                rows = batch.logitsRows();
                sequences = batch.wantedOnly();
                if (rows == 0) {
                    return;
                }
                operands = buffers.operands(rows, worker);
            }
            var attended = operands.attended(); // [rows, heads * headDim]
            kernels.attend(queries, sequences, rows, visit.cacheSlot(), attended.values(), worker);
            var feedForward = buffers.feedForwards().get(v);
            if (rows > 1 || !feedForward.replay(sequences, worker)) {
                kernels.barrier(worker);
                prepare(attended, rows, worker);
                for (Worker piece : pieces(block.attentionOutput().matrix(), rows, worker)) {
                    project(block.attentionOutput(), attended, rows, hidden, true, piece);
                }
                kernels.barrier(worker);

                var feedForwardInput = operands.feedForwardInput(); // [rows, hiddenSize]
                var feedForwardInner = operands.feedForwardInner(); // [rows, intermediateSize]
                normalise(hidden, rows, block.feedForwardNorm(), feedForwardInput, worker);
                var inner = feedForwardInner.values();
                for (Worker piece : pieces(block.up().matrix(), rows, worker)) {
                    if (block.gate().isPresent()) {
                        project(block.gate().get(), feedForwardInput, rows, inner, false, piece);
                        project(block.up(), feedForwardInput, rows, buffers.up(), false, piece);
                    } else {
                        project(block.up(), feedForwardInput, rows, inner, false, piece);
                    }
                    activate(rows, feedForwardInner, piece);
                }
                kernels.barrier(worker);
                if (!feedForwardInner.isMadeByColumns()) {
                    prepare(feedForwardInner, rows, worker);
                }
                for (Worker piece : pieces(block.down().matrix(), rows, worker)) {
                    project(block.down(), feedForwardInner, rows, hidden, true, piece);
                }
                kernels.barrier(worker);
                feedForward.keep(worker);
            }
        }

        var last = head.input(); // [rows, hiddenSize]
        kernels.normalise(hidden, rows, weights.finalNorm(), config.rmsNormEpsilon(), last, worker);
        if (wantsLogits) {
            worker.barrier();
            for (Worker piece : cut(weights.head(), rows, worker)) {
                kernels.multiply(weights.head(), last, rows, head.logits(), false, piece);
            }
            worker.barrier();
            kernels.largestOfBlocks(head.logits(), rows, head.largest(), worker);
        }
    }

    /// [#cut], but a single row's product is not cut: what is recorded must not depend on which member was the quicker one.
    private static Iterable<Worker> pieces(PackedMatrix matrix, int rows, Worker worker) {
        return rows == 1 ? worker.pieces(1) : cut(matrix, rows, worker);
    }

    /// A product with this matrix, and others of its height, in pieces that take some microseconds.
    private static Iterable<Worker> cut(PackedMatrix matrix, int rows, Worker worker) {
        long ofWork = matrix.bytes() * Math.ceilDiv(rows, ROWS_OF_ONE_READING) / PIECE_BYTES;
        int parts = (int) Math.min(matrix.rows() / PIECE_HEIGHT, ofWork);
        return worker.pieces(parts - parts % worker.count());
    }

    /// Work on each row by itself, in pieces.
    private static Iterable<Worker> pieces(int rows, Worker worker) {
        return worker.pieces(rows / PIECE_ROWS);
    }

    /// RMSNorm, ready to be multiplied: of a single row each member makes its own copy.
    private void normalise(
            Activations x, int rows, Activations weight, Operand target, Worker worker) {
        double epsilon = config.rmsNormEpsilon();
        if (rows == 1) {
            kernels.normalise(x, rows, weight, epsilon, target, worker.alone());
            return;
        }
        for (Worker piece : pieces(rows, worker)) {
            kernels.normalise(x, rows, weight, epsilon, target, piece);
        }
        worker.barrier();
    }

    /// Makes rows that are complete ready to be multiplied.
    private void prepare(Operand operand, int rows, Worker worker) {
        if (rows == 1) {
            kernels.prepare(operand, rows, worker.alone());
            return;
        }
        for (Worker piece : pieces(rows, worker)) {
            kernels.prepare(operand, rows, piece);
        }
        worker.barrier();
    }

    /// `y = W x + b`, or `y += W x + b`.
    private void project(
            Projection projection,
            Operand x,
            int rows,
            Activations y,
            boolean accumulate,
            Worker worker) {
        kernels.multiply(projection.matrix(), x, rows, y, accumulate, worker);
        if (projection.bias().isPresent()) {
            kernels.addBias(y, rows, projection.bias().get(), worker);
        }
    }

    /// Turns the heads to their positions; some models normalise each of them before or after that.
    private void rotate(
            Activations x, int heads, Optional<Activations> headNorm, int rows, Worker worker) {
        double epsilon = config.rmsNormEpsilon();
        if (headNorm.isPresent()) {
            kernels.normaliseHeads(x, heads, rows, headNorm.get(), epsilon, worker);
        }
        kernels.rotate(x, heads, buffers.angles(), rows, worker);
        if (config.attention().norm() == QueryKeyNorm.PLAIN_AFTER_ROPE) {
            kernels.normaliseHeads(x, heads, rows, plainHeadNorm, epsilon, worker);
        }
    }

    /// Makes the hidden layer of the feed-forward layer.
    private void activate(int rows, Operand inner, Worker worker) {
        switch (config.feedForward().activation()) {
            case SWIGLU -> kernels.swiGlu(inner, buffers.up(), rows, worker);
            case RELU -> kernels.relu(inner, rows, worker);
        }
    }

    /// Moves the wanted rows of `hidden` and `queries` to the front.
    private void keepWantedRows(Worker worker) {
        if (worker.index() == 0) {
            for (int row = 0; row < batch.logitsRows(); row++) {
                buffers.hidden().copyRow(batch.wantedRow(row), row);
                buffers.queries().copyRow(batch.wantedRow(row), row);
            }
        }
        worker.barrier();
    }

    /// Copies the logits of the `row`-th wanted row of the last [#forward].
    ///
    /// @param target `[vocabularySize]`
    public void logits(int row, float[] target) {
        checkRow(row);
        head.logits().read(row, 0, target, 0, config.vocabularySize());
    }

    /// Copies the largest of each [Activations#BLOCK] logits of the `row`-th wanted row of the last [#forward]; NaN where one of them
    /// is not finite.
    ///
    /// @param target `[vocabularySize / 32, rounded up]`
    public void largestLogits(int row, float[] target) {
        checkRow(row);
        head.largest().read(row, 0, target, 0, head.largest().columns());
    }

    private void checkRow(int row) {
        if (!wantsLogits || row < 0 || row >= batch.logitsRows()) {
            throw new IllegalArgumentException(
                    "the last pass computed logits of %d rows, asked for row %d"
                            .formatted(wantsLogits ? batch.logitsRows() : 0, row));
        }
    }

    /// What is to be known of the logits of the wanted rows of the last pass, without storing them. Overwritten by the next call.
    ///
    /// @param targets for each wanted row, the tokens whose logits are wanted
    /// @throws IllegalArgumentException if there is not one list for each row, or a token lies outside the vocabulary
    public LogitReduction score(int[][] targets) {
        if (targets.length != batch.logitsRows()) {
            throw new IllegalArgumentException(
                    "the last pass has %d wanted rows, got targets for %d"
                            .formatted(batch.logitsRows(), targets.length));
        }
        for (int[] ofRow : targets) {
            for (int token : ofRow) {
                checkToken(token);
            }
        }
        return head.reduce(targets);
    }

    private void checkToken(int token) {
        if (token < 0 || token >= config.vocabularySize()) {
            throw new IllegalArgumentException(
                    "token id %d is outside the vocabulary of %d"
                            .formatted(token, config.vocabularySize()));
        }
    }

    /// Bytes of weights read for each decoded token.
    public long bytesPerToken() {
        return weights.bytesPerToken(plan);
    }

    /// Frees the buffers; the weights and the team stay open.
    @Override
    public void close() {
        head.close();
        buffers.close();
        arena.close();
    }
}
