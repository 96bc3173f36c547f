package mobilellm.kernel.machine;

import mobilellm.assembler.Routine;
import mobilellm.kernel.Activations;
import mobilellm.kernel.KeyValueStore;
import mobilellm.kernel.Operand;
import mobilellm.kernel.Operations;
import mobilellm.kernel.PackedForm;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.Recording;
import mobilellm.kernel.RotaryAngles;
import mobilellm.kernel.Sequences;
import mobilellm.kernel.ThreadTeam.Worker;
import mobilellm.kernel.machine.MachineRecording.Recorder;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// The operations in machine code. Java deals out the work and passes addresses; a call costs about 10 ns.
final class MachineOperations implements Operations {
    /// Rows of a matrix are dealt out in units of this, two groups.
    private static final int UNIT = 32;

    /// Groups whose weights stay in the innermost caches while tiles of several widths go over them.
    private static final int CHUNK = 8;

    private static final long BLOCK_BYTES = (long) Activations.BLOCK * Float.BYTES;

    private final Routines routines;
    private final Routine rmsNorm;
    private final Routine swiGlu;
    private final Routine addition;
    private final Routine relu;
    private final Routine logSums;
    private final Routine largestOfBlocks;
    private final Member[] members;
    private final Attention attention;

    MachineOperations(Routines routines, int threads, Arena arena) {
        this.routines = routines;
        rmsNorm = routines.rmsNorm();
        swiGlu = routines.swiGlu();
        addition = routines.addition();
        relu = routines.relu();
        logSums = routines.logSums();
        largestOfBlocks = routines.largestOfBlocks();
        members = new Member[threads];
        for (int i = 0; i < threads; i++) {
            members[i] = new Member(routines, arena);
        }
        attention = new Attention(routines, threads, arena);
    }

    /// What one member of the team needs for itself.
    private static final class Member {
        final Arguments arguments;
        final Arguments panelArguments;
        final Recorder recorder;
        final HeadRoutines heads;
        final Place place;
        float[] row = new float[0];
        private MemorySegment panel = MemorySegment.NULL;

        Member(Routines routines, Arena arena) {
            arguments = new Arguments(arena);
            panelArguments = Int8Panel.arguments(arena);
            place = new Place(arena);
            recorder = new Recorder(arguments, place);
            heads = new HeadRoutines(routines);
        }

        /// Memory for a panel of so many bytes.
        MemorySegment panel(long bytes) {
            if (panel.byteSize() < bytes) {
                panel = Arena.ofAuto().allocate(bytes, Simd.BYTES);
            }
            return panel;
        }
    }

    @Override
    public Recording recording(Arena arena) {
        var recorders = Stream.of(members).map(member -> member.recorder).toArray(Recorder[]::new);
        return new MachineRecording(arena, routines.player(), recorders);
    }

    @Override
    public void barrier(Worker worker) {
        members[worker.index()].recorder.barrier(worker);
    }

    @Override
    public Operand operand(Arena arena, Activations rows, Set<PackedForm> weights) {
        return new MachineOperand(rows, arena, weights, routines);
    }

    /// Tokens are looked up in Java: it happens once a pass.
    @Override
    public void embed(
            PackedMatrix embedding, int[] tokens, int rows, Activations target, Worker worker) {
        Member member = members[worker.index()];
        member.recorder.stop(); // The pass before may have been given up.
        if (member.row.length < embedding.columns()) {
            member.row = new float[embedding.columns()];
        }
        for (int r = worker.from(rows); r < worker.to(rows); r++) {
            embedding.readRow(tokens[r], member.row);
            target.write(r, 0, member.row, 0, embedding.columns());
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
        Member member = members[worker.index()];
        Arguments arguments =
                member.arguments
                        .set(8, weight.data().address())
                        .set(24, x.stride() / Simd.LANES)
                        .set(32, (float) x.columns())
                        .set(40, (float) epsilon);
        for (int r = worker.from(rows); r < worker.to(rows); r++) {
            arguments.set(0, address(x, r)).set(16, address(target, r));
            member.recorder.call(rmsNorm);
        }
    }

    private static long address(Activations x, int row) {
        return x.data().address() + x.offset(row);
    }

    @Override
    public void prepare(Operand operand, int rows, Worker worker) {
        var target = (MachineOperand) operand;
        if (target.hasInt8()) {
            quantise(target.quantiser(), target.values(), target, rows, worker);
        }
    }

    /// Rows are read once and stay in registers from the norm to their bytes.
    @Override
    public void normalise(
            Activations x,
            int rows,
            Activations weight,
            double epsilon,
            Operand operand,
            Worker worker) {
        var target = (MachineOperand) operand;
        if (target.hasInt8() && target.normaliser().isPresent()) {
            members[worker.index()]
                    .arguments
                    .set(Int8Quantiser.COUNT, (float) x.columns())
                    .set(Int8Quantiser.EPSILON, (float) epsilon)
                    .set(Int8Quantiser.WEIGHT, weight.data().address());
            quantise(target.normaliser().get(), x, target, rows, worker);
        } else {
            rmsNorm(x, rows, weight, epsilon, target.values(), worker);
            prepare(target, rows, worker);
        }
    }

    /// Rounds this member's rows of x, whole.
    private void quantise(
            Routine routine, Activations x, MachineOperand target, int rows, Worker worker) {
        Member member = members[worker.index()];
        member.arguments.set(Int8Quantiser.BLOCKS, target.blocks());
        quantise(
                routine,
                x,
                target.values(),
                target,
                0,
                rows,
                worker.from(rows),
                worker.to(rows),
                member);
    }

    /// Rounds this member's columns of all rows of the operand, which an activation makes of them first.
    private void quantiseColumns(
            Routine routine, MachineOperand x, Activations other, int rows, Worker worker) {
        int from = firstColumn(x.values(), worker);
        int to = endColumn(x.values(), worker);
        if (from < to) {
            int block = from / Activations.BLOCK;
            Member member = members[worker.index()];
            member.arguments.set(Int8Quantiser.BLOCKS, to / Activations.BLOCK - block);
            quantise(routine, x.values(), other, x, block, rows, 0, rows, member);
        }
    }

    /// Rounds the blocks from `block` on of the rows `from` to `to`, each to its place in the tiles of the operand.
    private static void quantise(
            Routine routine,
            Activations source,
            Activations other,
            MachineOperand target,
            int block,
            int rows,
            int from,
            int to,
            Member member) {
        int count;
        int tiles;
        for (int row = from; row < to; row += tiles * count) {
            int first = target.firstOfInt8Tile(row, rows);
            int width = target.int8Width(first, rows);
            count = Math.min(first + width, to) - row;
            tiles = count == width ? (to - row) / width : 1;
            long rowOfTile = (long) (row - first) * Integer.BYTES;
            member.arguments
                    .set(Int8Quantiser.SOURCE, address(source, row) + block * BLOCK_BYTES)
                    .set(Int8Quantiser.OTHER, address(other, row) + block * BLOCK_BYTES)
                    .set(Int8Quantiser.ROW_STRIDE, (long) source.stride() * Float.BYTES)
                    .set(
                            Int8Quantiser.TARGET,
                            target.int8Tile(first)
                                    + (long) block * width * Int8Rows.BLOCK_BYTES
                                    + rowOfTile)
                    .set(Int8Quantiser.FIELD_STRIDE, (long) width * Integer.BYTES)
                    .set(Int8Quantiser.ROWS, count)
                    .set(
                            Int8Quantiser.TILE_STEP,
                            width * target.int8RowBytes() - (long) count * Integer.BYTES)
                    .set(Int8Quantiser.TILES, tiles);
            member.recorder.call(routine);
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
        int from = worker.from(units) * (UNIT / PackedMatrix.GROUP);
        int to = Math.min(matrix.groups(), worker.to(units) * (UNIT / PackedMatrix.GROUP));
        multiply(matrix, from, to, (MachineOperand) x, rows, y, from, accumulate, worker);
    }

    @Override
    public void multiplyTile(
            PackedMatrix matrix, Operand x, int rows, int column, Activations tile, Worker worker) {
        int from = column / PackedMatrix.GROUP;
        int to = Math.min(matrix.groups(), from + tile.columns() / PackedMatrix.GROUP);
        multiply(matrix, from, to, (MachineOperand) x, rows, tile, 0, false, worker);
    }

    /// Groups `from` to `to` of the matrix's rows, as the groups from `target` on of the columns of y.
    private void multiply(
            PackedMatrix matrix,
            int from,
            int to,
            MachineOperand x,
            int rows,
            Activations y,
            int target,
            boolean accumulate,
            Worker worker) {
        if (x.meetsPanels(matrix, rows)) {
            int panels = (to - from) / Int8Panel.GROUPS;
            multiplyPanels(matrix, from, panels, x, rows, y, target, accumulate, worker);
            target += panels * Int8Panel.GROUPS;
            from += panels * Int8Panel.GROUPS;
        }
        int chunk = rows == 1 ? matrix.groups() : CHUNK;
        Member member = members[worker.index()];
        Arguments arguments =
                member.arguments
                        .set(ProductKernel.Y_STRIDE, (long) y.stride() * Float.BYTES)
                        .set(ProductKernel.STEPS, matrix.steps())
                        .set(ProductKernel.DISTANCE, routines.distance())
                        .set(ProductKernel.ACCUMULATE, accumulate ? 1 : 0);
        member.recorder.reads(
                matrix.quants().address() + from * matrix.groupBytes(),
                (to - from) * matrix.groupBytes());
        for (int group = from; group < to; ) {
            int together = x.groupsTogether(matrix, to - group);
            int times = Math.min(chunk, to - group) / together;
            arguments
                    .set(ProductKernel.GROUPS, times)
                    .set(ProductKernel.GROUP_STRIDE, together * matrix.groupBytes());
            multiply(matrix, x, rows, y, group, together, group - from + target, member);
            group += times * together;
        }
    }

    /// As [Int8Panel] does it.
    private void multiplyPanels(
            PackedMatrix matrix,
            int group,
            int panels,
            MachineOperand x,
            int rows,
            Activations y,
            int target,
            boolean accumulate,
            Worker worker) {
        if (panels == 0) {
            return;
        }
        Member member = members[worker.index()];
        int blocks = matrix.blocks();
        long panel = member.panel(Int8Panel.bytes(blocks)).address();
        long factors = group * matrix.groupFactorBytes();
        long column = (long) target * PackedMatrix.GROUP * Float.BYTES;
        int rest = rows % Int8PanelProduct.MOST_TOKENS;
        Arguments arguments =
                member.panelArguments
                        .set(ProductKernel.WEIGHTS, panel)
                        .set(ProductKernel.SCALES, panel + Int8Panel.scales(blocks))
                        .set(ProductKernel.MINIMUMS, panel + Int8Panel.minimums(blocks))
                        .set(ProductKernel.Y, address(y, 0) + column)
                        .set(ProductKernel.Y_STRIDE, (long) y.stride() * Float.BYTES)
                        .set(ProductKernel.STEPS, blocks)
                        .set(ProductKernel.GROUPS, 1)
                        .set(
                                ProductKernel.TILE_STRIDE,
                                x.tileBytes(matrix, Int8PanelProduct.MOST_TOKENS))
                        .set(ProductKernel.ACCUMULATE, accumulate ? 1 : 0)
                        .set(Int8Panel.PANELS, panels)
                        .set(
                                Int8Panel.SOURCE,
                                matrix.quants().address() + group * matrix.groupBytes())
                        .set(Int8Panel.SOURCE_SCALES, matrix.scales().address() + factors)
                        .set(Int8Panel.SOURCE_MINIMUMS, matrix.minimums().address() + factors)
                        .set(Int8Panel.WHOLE_TILES, rows / Int8PanelProduct.MOST_TOKENS)
                        .set(Int8Panel.FIRST_X, x.tile(matrix, 0))
                        .set(Int8Panel.REST_X, x.tile(matrix, rows - rest))
                        .set(Int8Panel.REST_Y, address(y, rows - rest) + column);
        x.panelProduct(matrix, rest).call(arguments.block());
    }

    /// Some groups of rows of the matrix with all rows of x, `together` at once.
    private static void multiply(
            PackedMatrix matrix,
            MachineOperand x,
            int rows,
            Activations y,
            int group,
            int together,
            int target,
            Member member) {
        long scales = group * matrix.groupFactorBytes();
        long column = (long) target * PackedMatrix.GROUP * Float.BYTES;
        Arguments arguments =
                member.arguments
                        .set(
                                ProductKernel.WEIGHTS,
                                matrix.quants().address() + group * matrix.groupBytes())
                        .set(ProductKernel.SCALES, matrix.scales().address() + scales)
                        .set(ProductKernel.MINIMUMS, matrix.minimums().address() + scales);
        int tiles;
        int width;
        for (int row = 0; row < rows; row += tiles * width) {
            width = x.width(matrix, row, rows);
            tiles = (rows - row) / width;
            arguments
                    .set(ProductKernel.X, x.tile(matrix, row))
                    .set(ProductKernel.TILE_STRIDE, x.tileBytes(matrix, width))
                    .set(ProductKernel.TILES, tiles)
                    .set(ProductKernel.Y, address(y, row) + column);
            member.recorder.call(x.product(matrix, width, together));
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
        Arguments arguments =
                members[worker.index()]
                        .arguments
                        .set(0, tile.data().address())
                        .set(8, sums.address())
                        .set(16, largest.address())
                        .set(24, rows)
                        .set(32, Math.ceilDiv(columns, Simd.LANES))
                        .set(40, (long) tile.stride() * Float.BYTES);
        logSums.call(arguments.block());
    }

    @Override
    public void largestOfBlocks(Activations x, int rows, Activations target, Worker worker) {
        int from = worker.from(target.columns());
        int to = worker.to(target.columns());
        int whole = Math.min(to, x.columns() / Activations.BLOCK);
        for (int r = 0; r < rows; r++) {
            if (whole > from) {
                Arguments arguments =
                        members[worker.index()]
                                .arguments
                                .set(0, address(x, r) + from * BLOCK_BYTES)
                                .set(8, address(target, r) + (long) from * Float.BYTES)
                                .set(16, whole - from);
                largestOfBlocks.call(arguments.block());
            }
            if (whole < to) {
                target.set(r, whole, x.largestOfBlock(r, whole * Activations.BLOCK));
            }
        }
    }

    /// First of the columns that this member's share of a product of such a height wrote.
    private static int firstColumn(Activations y, Worker worker) {
        return worker.from(Math.ceilDiv(y.columns(), UNIT)) * UNIT;
    }

    private static int endColumn(Activations y, Worker worker) {
        return Math.min(y.stride(), worker.to(Math.ceilDiv(y.columns(), UNIT)) * UNIT);
    }

    @Override
    public void addBias(Activations y, int rows, Activations bias, Worker worker) {
        onColumns(addition, y, bias, 0, rows, worker);
    }

    @Override
    public void swiGlu(Operand gate, Activations up, int rows, Worker worker) {
        var x = (MachineOperand) gate;
        activate(x.swiGlu(), swiGlu, x, up, rows, worker);
    }

    @Override
    public void relu(Operand operand, int rows, Worker worker) {
        var x = (MachineOperand) operand;
        activate(x.relu(), relu, x, x.values(), rows, worker);
    }

    /// @param rounding activates and rounds, where there is such a routine
    /// @param plain only activates
    private void activate(
            Optional<Routine> rounding,
            Routine plain,
            MachineOperand x,
            Activations other,
            int rows,
            Worker worker) {
        if (rounding.isPresent()) {
            quantiseColumns(rounding.get(), x, other, rows, worker);
        } else {
            onColumns(plain, x.values(), other, 1, rows, worker);
        }
    }

    /// Changes this member's columns of x by those of other rows.
    ///
    /// @param rowStep 0 where all rows share the first one of `other`, else 1
    private void onColumns(
            Routine routine,
            Activations x,
            Activations other,
            int rowStep,
            int rows,
            Worker worker) {
        int from = firstColumn(x, worker);
        int to = endColumn(x, worker);
        if (from >= to) {
            return;
        }
        long at = (long) from * Float.BYTES;
        Member member = members[worker.index()];
        member.arguments.set(16, (to - from) / Simd.LANES);
        for (int r = 0; r < rows; r++) {
            member.arguments.set(0, address(x, r) + at).set(8, address(other, r * rowStep) + at);
            member.recorder.call(routine);
        }
    }

    // Of several rows a member has some, with all their heads; of a single one it has some heads.

    private static int firstRow(int rows, Worker worker) {
        return rows == 1 ? 0 : worker.from(rows);
    }

    private static int endRow(int rows, Worker worker) {
        return rows == 1 ? 1 : worker.to(rows);
    }

    private static int firstHead(int heads, int rows, Worker worker) {
        return rows == 1 ? worker.from(heads) : 0;
    }

    private static int headCount(int heads, int rows, Worker worker) {
        return rows == 1 ? worker.to(heads) - worker.from(heads) : heads;
    }

    private static long address(Activations x, int row, int head, int headDim) {
        return address(x, row) + (long) head * headDim * Float.BYTES;
    }

    @Override
    public void normaliseHeads(
            Activations x, int heads, int rows, Activations weight, double epsilon, Worker worker) {
        int headDim = weight.columns();
        int first = firstHead(heads, rows, worker);
        int count = headCount(heads, rows, worker);
        Member member = members[worker.index()];
        Routine routine = member.heads.normalise(headDim);
        member.arguments
                .set(8, weight.data().address())
                .set(24, count)
                .set(32, (float) headDim)
                .set(40, (float) epsilon);
        for (int r = firstRow(rows, worker); r < endRow(rows, worker) && count > 0; r++) {
            member.arguments.set(0, address(x, r, first, headDim));
            member.recorder.call(routine);
        }
    }

    @Override
    public void rotate(Activations x, int heads, RotaryAngles angles, int rows, Worker worker) {
        int headDim = 2 * angles.pairs();
        int first = firstHead(heads, rows, worker);
        int count = headCount(heads, rows, worker);
        int row = firstRow(rows, worker);
        long cosines = angles.data().address() + angles.offset(row, 0);
        Member member = members[worker.index()];
        member.arguments
                .set(0, address(x, row, first, headDim))
                .set(8, cosines)
                .set(16, cosines + (long) angles.pairs() * Float.BYTES)
                .set(24, count)
                .set(32, endRow(rows, worker) - row)
                .set(40, (long) x.stride() * Float.BYTES);
        member.recorder.call(member.heads.rotate(headDim));
    }

    @Override
    public void store(
            Activations keys,
            Activations values,
            Sequences sequences,
            int rows,
            int slot,
            Worker worker) {
        Member member = members[worker.index()];
        for (int r = firstRow(rows, worker); r < endRow(rows, worker); r++) {
            KeyValueStore store = sequences.store(r);
            int first = firstHead(store.heads(), rows, worker);
            int count = headCount(store.heads(), rows, worker);
            if (count > 0) {
                member.place.set(store, sequences.position(r));
                member.arguments
                        .set(KeyValueWriter.KEYS, address(keys, r, first, store.headDim()))
                        .set(KeyValueWriter.VALUES, address(values, r, first, store.headDim()))
                        .set(KeyValueWriter.PLACE, member.place.address())
                        .set(KeyValueWriter.SLOT, store.keyBlock(slot, first, 0))
                        .set(KeyValueWriter.HEADS, count)
                        .set(KeyValueWriter.HEAD_STRIDE, store.headBytes());
                member.recorder.call(member.heads.write(store.headDim(), store.type()));
            }
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
        if (rows > 0) {
            attention.attend(queries, sequences, rows, slot, target, worker);
        }
    }
}
