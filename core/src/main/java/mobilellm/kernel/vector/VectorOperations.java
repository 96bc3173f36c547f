package mobilellm.kernel.vector;

import jdk.incubator.vector.FloatVector;

import mobilellm.kernel.Activations;
import mobilellm.kernel.Operand;
import mobilellm.kernel.Operations;
import mobilellm.kernel.PackedForm;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.RotaryAngles;
import mobilellm.kernel.Sequences;
import mobilellm.kernel.ThreadTeam.Worker;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// The operations on the Vector API. Rows are shared out in tiles of 6, matrices in units of 32 rows.
final class VectorOperations implements Operations {
    private static final int UNIT = 32;
    private static final int UNIT_VECTORS = UNIT / Lanes.COUNT;
    private static final int TILE = VectorOperand.TILE;

    /// Units that loops compute before the time is looked at again.
    private static final int LOOP_UNITS = 4;

    private final Scratch[] scratches;

    /// @param products how they are made; the bits are the same
    VectorOperations(int threads, Arena arena, Products products) {
        scratches = new Scratch[threads];
        for (int i = 0; i < threads; i++) {
            scratches[i] = new Scratch(arena, products);
        }
    }

    @Override
    public Operand operand(Arena arena, Activations rows, Set<PackedForm> weights) {
        for (Scratch scratch : scratches) {
            scratch.fit(rows.columns());
        }
        return new VectorOperand(rows, weights);
    }

    private static int firstRow(int rows, Worker worker) {
        return worker.from(Math.ceilDiv(rows, TILE)) * TILE;
    }

    private static int endRow(int rows, Worker worker) {
        return Math.min(rows, worker.to(Math.ceilDiv(rows, TILE)) * TILE);
    }

    @Override
    public void embed(
            PackedMatrix embedding, int[] tokens, int rows, Activations target, Worker worker) {
        float[] row = scratches[worker.index()].row();
        for (int r = firstRow(rows, worker); r < endRow(rows, worker); r++) {
            embedding.readRow(tokens[r], row);
            target.write(r, 0, row, 0, embedding.columns());
        }
    }

    @Override
    public void rmsNorm(
            Activations x,
            int rows,
            Activations weight,
            double epsilon,
            Activations target,
            Worker worker) {
        for (int r = firstRow(rows, worker); r < endRow(rows, worker); r++) {
            Elementwise.rmsNorm(x, weight, epsilon, target, r, scratches[worker.index()].sums());
        }
    }

    @Override
    public void normaliseHeads(
            Activations x, int heads, int rows, Activations weight, double epsilon, Worker worker) {
        for (int r = firstRow(rows, worker); r < endRow(rows, worker); r++) {
            Elementwise.normaliseHeads(
                    x, heads, weight, epsilon, r, scratches[worker.index()].sums());
        }
    }

    @Override
    public void prepare(Operand operand, int rows, Worker worker) {
        VectorOperand target = (VectorOperand) operand;
        float[] scratch = scratches[worker.index()].row();
        int tiles = Math.ceilDiv(rows, TILE);
        for (int tile = worker.from(tiles); tile < worker.to(tiles); tile++) {
            target.prepare(tile, rows, scratch);
        }
    }

    @Override
    public void multiply(
            PackedMatrix matrix,
            Operand x,
            int rows,
            Activations y,
            boolean accumulate,
            Worker worker) {
        int units = Math.ceilDiv(matrix.rows(), UNIT);
        int vectors = matrix.groups() * (PackedMatrix.GROUP / Lanes.COUNT);
        int from = worker.from(units) * UNIT_VECTORS;
        int to = Math.min(vectors, worker.to(units) * UNIT_VECTORS);
        multiply(matrix, (VectorOperand) x, rows, y, from, to, from, accumulate, worker);
    }

    @Override
    public void multiplyTile(
            PackedMatrix matrix, Operand x, int rows, int column, Activations tile, Worker worker) {
        int from = column / Lanes.COUNT;
        int vectors = matrix.groups() * (PackedMatrix.GROUP / Lanes.COUNT);
        int to = Math.min(vectors, (column + tile.columns()) / Lanes.COUNT);
        multiply(matrix, (VectorOperand) x, rows, tile, from, to, 0, false, worker);
    }

    /// Vectors `from` to `to` of the matrix's rows, whole groups, as the vectors from `target` on of y: with vectors if they are faster
    /// by now, else with loops, and a unit with vectors now and then.
    private void multiply(
            PackedMatrix matrix,
            VectorOperand operand,
            int rows,
            Activations y,
            int from,
            int to,
            int target,
            boolean accumulate,
            Worker worker) {
        Scratch scratch = scratches[worker.index()];
        Pace pace = scratch.pace(matrix.form(), rows);
        long products = (long) matrix.columns() * Lanes.COUNT * rows;
        int shift = target - from;
        for (int next = from; next < to; ) {
            boolean settled = pace.vectorsAreFaster();
            boolean vectors = settled || pace.isTurnOfVectors();
            int most = vectors ? UNIT_VECTORS : LOOP_UNITS * UNIT_VECTORS;
            int end = settled ? to : Math.min(to, next + most);
            long start = settled ? 0 : System.nanoTime();
            if (vectors) {
                multiplyVectors(matrix, operand, rows, y, next, end, shift, accumulate, scratch);
            } else {
                multiplyLoops(matrix, operand, rows, y, next, end, shift, accumulate, scratch);
            }
            if (!settled) {
                pace.took(vectors, System.nanoTime() - start, products * (end - next));
            }
            next = end;
        }
    }

    /// Vectors `from` to `to` of the matrix's rows, as those of y that lie `shift` behind.
    private static void multiplyLoops(
            PackedMatrix matrix,
            VectorOperand operand,
            int rows,
            Activations y,
            int from,
            int to,
            int shift,
            boolean accumulate,
            Scratch scratch) {
        int step = PackedMatrix.GROUP / Lanes.COUNT;
        for (int v = from; v < to; v += step) {
            int column = (v + shift) * Lanes.COUNT;
            scratch.loops().multiply(matrix, v / step, operand, rows, y, column, accumulate);
        }
    }

    private static void multiplyVectors(
            PackedMatrix matrix,
            VectorOperand operand,
            int rows,
            Activations y,
            int from,
            int to,
            int shift,
            boolean accumulate,
            Scratch scratch) {
        if (rows == 1 && matrix.form().isQuantised()) {
            MemorySegment sums = scratch.panel().numbers();
            for (int v = from; v < to; v++) {
                long at = (v + shift) * (long) Lanes.COUNT * Float.BYTES;
                MatrixVector.multiply(
                        matrix, operand, y.data(), at, accumulate, v, sums, Lanes.step());
            }
        } else {
            multiplyTiles(matrix, operand, rows, y, from, to, shift, accumulate, scratch);
        }
    }

    private static void multiplyTiles(
            PackedMatrix matrix,
            VectorOperand operand,
            int rows,
            Activations y,
            int from,
            int to,
            int shift,
            boolean accumulate,
            Scratch scratch) {
        int step = Lanes.step();
        Panel panel = scratch.panel();
        for (int v = from; v < to; v += 2) {
            panel.unpack(matrix, v, step);
            for (int tile = 0; tile * TILE < rows; tile++) {
                if (matrix.form().isQuantised()) {
                    Tiles.blocks(
                            panel,
                            matrix.form(),
                            matrix.blocks(),
                            operand.tiles(),
                            tile * TILE * matrix.blocks() * PackedMatrix.BLOCK,
                            operand.scales(),
                            operand.scaledSums(matrix.form()),
                            tile * TILE * matrix.blocks(),
                            scratch.blockSums(),
                            scratch.totals(),
                            step);
                } else {
                    Tiles.multiply(
                            panel.numbers(),
                            0,
                            matrix.columns(),
                            operand.plainTiles(),
                            tile * TILE * matrix.columns(),
                            scratch.totals(),
                            step);
                }
                store(
                        scratch.totals(),
                        y,
                        tile * TILE,
                        Math.min(rows, tile * TILE + TILE),
                        v + shift,
                        to + shift,
                        accumulate);
            }
        }
    }

    @Override
    public void addToLogSums(
            Activations tile,
            int rows,
            int columns,
            MemorySegment sums,
            MemorySegment largest,
            Worker worker) {
        int padded = Math.ceilDiv(columns, PackedMatrix.GROUP) * PackedMatrix.GROUP;
        for (int r = 0; r < rows; r++) {
            scratches[worker.index()].logSums().add(tile, r, padded, sums, largest);
        }
    }

    private static void store(
            MemorySegment totals,
            Activations y,
            int from,
            int to,
            int vector,
            int vectors,
            boolean accumulate) {
        for (int r = from; r < to; r++) {
            for (int half = 0; half < 2 && vector + half < vectors; half++) {
                long source = ((r - from) * 2L + half) * Lanes.COUNT * Float.BYTES;
                long target = y.offset(r) + (long) (vector + half) * Lanes.COUNT * Float.BYTES;
                FloatVector total =
                        FloatVector.fromMemorySegment(Lanes.FLOATS, totals, source, Lanes.ORDER);
                if (accumulate) {
                    total =
                            FloatVector.fromMemorySegment(
                                            Lanes.FLOATS, y.data(), target, Lanes.ORDER)
                                    .add(total);
                }
                total.intoMemorySegment(y.data(), target, Lanes.ORDER);
            }
        }
    }

    @Override
    public void largestOfBlocks(Activations x, int rows, Activations target, Worker worker) {
        int whole = x.columns() / Activations.BLOCK;
        for (int r = 0; r < rows; r++) {
            for (int b = worker.from(target.columns()); b < worker.to(target.columns()); b++) {
                target.set(
                        r,
                        b,
                        b < whole
                                ? Elementwise.largestOfBlock(x, r, b)
                                : x.largestOfBlock(r, b * Activations.BLOCK));
            }
        }
    }

    /// First column of this member's share of a product.
    private static int firstColumn(Activations x, Worker worker) {
        return worker.from(Math.ceilDiv(x.columns(), UNIT)) * UNIT;
    }

    private static int endColumn(Activations x, Worker worker) {
        return Math.min(x.stride(), worker.to(Math.ceilDiv(x.columns(), UNIT)) * UNIT);
    }

    @Override
    public void addBias(Activations y, int rows, Activations bias, Worker worker) {
        for (int r = 0; r < rows; r++) {
            Elementwise.add(y, bias, r, firstColumn(y, worker), endColumn(y, worker));
        }
    }

    @Override
    public void swiGlu(Operand operand, Activations up, int rows, Worker worker) {
        Activations gate = operand.values();
        int from = firstColumn(gate, worker);
        int to = endColumn(gate, worker);
        MemorySegment exponentials = scratches[worker.index()].panel().numbers();
        for (int r = 0; r < rows; r++) {
            Elementwise.swiGlu(gate, up, r, from, to, exponentials, Lanes.step());
        }
    }

    @Override
    public void relu(Operand operand, int rows, Worker worker) {
        Activations x = operand.values();
        for (int r = 0; r < rows; r++) {
            Elementwise.relu(x, r, firstColumn(x, worker), endColumn(x, worker));
        }
    }

    @Override
    public void rotate(Activations x, int heads, RotaryAngles angles, int rows, Worker worker) {
        for (int r = firstRow(rows, worker); r < endRow(rows, worker); r++) {
            Elementwise.rotate(x, heads, angles, r);
        }
    }

    @Override
    public void store(
            Activations keys,
            Activations values,
            Sequences sequences,
            int rows,
            int slot,
            Worker worker) {
        for (int r = firstRow(rows, worker); r < endRow(rows, worker); r++) {
            sequences.store(r).write(slot, sequences.position(r), keys, values, r);
        }
    }

    @Override
    public void attend(
            Activations queries,
            Sequences sequences,
            int rows,
            int slot,
            Activations target,
            Worker worker) {
        scratches[worker.index()]
                .attention()
                .attend(queries, sequences, rows, slot, target, worker);
    }

    /// What one member of the team needs for itself.
    private static final class Scratch {
        private final Arena arena;
        private final MemorySegment blockSums;
        private final MemorySegment totals;
        private final float[] sums = new float[16];
        private final Attention attention;
        private final LogSums logSums;
        private final LoopProduct loops = new LoopProduct();
        private final Map<PackedForm, Pace> decodePaces = new EnumMap<>(PackedForm.class);
        private final Map<PackedForm, Pace> prefillPaces = new EnumMap<>(PackedForm.class);
        private Panel panel;
        private float[] row = new float[0];

        Scratch(Arena arena, Products products) {
            this.arena = arena;
            for (PackedForm form : PackedForm.values()) {
                decodePaces.put(form, new Pace(products));
                prefillPaces.put(form, new Pace(products));
            }
            blockSums = arena.allocate((long) TILE * Lanes.PAIR * Float.BYTES, 64);
            totals = arena.allocate((long) TILE * Lanes.PAIR * Float.BYTES, 64);
            panel = new Panel(arena, 0);
            attention = new Attention(arena);
            logSums = new LogSums(arena);
        }

        /// Makes room for rows of so many columns; operands that make it grow may live shorter than this memory.
        void fit(int columns) {
            int whole = Math.ceilDiv(columns, PackedMatrix.BLOCK) * PackedMatrix.BLOCK;
            if (whole > row.length) {
                panel = new Panel(arena, whole);
                row = new float[whole];
            }
        }

        /// Forms have code of their own, and single rows too.
        Pace pace(PackedForm form, int rows) {
            return Objects.requireNonNull((rows == 1 ? decodePaces : prefillPaces).get(form));
        }

        LoopProduct loops() {
            return loops;
        }

        Panel panel() {
            return panel;
        }

        float[] row() {
            return row;
        }

        float[] sums() {
            return sums;
        }

        MemorySegment blockSums() {
            return blockSums;
        }

        MemorySegment totals() {
            return totals;
        }

        Attention attention() {
            return attention;
        }

        LogSums logSums() {
            return logSums;
        }
    }
}
