package mobilellm.kernel.vector;

import mobilellm.kernel.Activations;
import mobilellm.kernel.PackedForm;
import mobilellm.kernel.PackedMatrix;
import mobilellm.tensor.DType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Matrix products in loops over arrays, with the bits of [MatrixVector] and [Tiles]: sums of a block's integers are exact, and blocks are
/// added in their order.
///
/// What uses vectors is a thousand times slower until C2 has compiled it. C1 compiles these loops within milliseconds to a tenth of the
/// vectors' final speed: they compute the first tokens. One thread uses it.
final class LoopProduct {
    private static final int GROUP = PackedMatrix.GROUP;
    private static final int BLOCK = PackedMatrix.BLOCK;

    private int[] quants = new int[0];
    private float[] scales = new float[0];
    private float[] minimums = new float[0];
    private float[] numbers = new float[0];
    private short[] halves = new short[0];
    private final int[] x = new int[BLOCK];
    private final int[] sums = new int[GROUP];
    private final float[] totals = new float[GROUP];
    private final float[] before = new float[GROUP];

    /// `y = x W^T` or `y += x W^T` for the 16 rows of a group of the matrix, which are columns of y from `column` on.
    void multiply(
            PackedMatrix matrix,
            int group,
            VectorOperand operand,
            int rows,
            Activations y,
            int column,
            boolean accumulate) {
        PackedForm form = matrix.form();
        if (form.isQuantised()) {
            readBlocks(matrix, group);
        } else {
            readNumbers(matrix, group);
        }
        for (int row = 0; row < rows; row++) {
            Arrays.fill(totals, 0);
            if (form.isQuantised()) {
                addBlocks(matrix, operand, rows, row);
            } else {
                addColumns(matrix.columns(), operand, row);
            }
            if (accumulate) {
                y.read(row, column, before, 0, GROUP);
                for (int lane = 0; lane < GROUP; lane++) {
                    totals[lane] += before[lane];
                }
            }
            y.write(row, column, totals, 0, GROUP);
        }
    }

    private void readBlocks(PackedMatrix matrix, int group) {
        PackedForm form = matrix.form();
        int weights = Math.toIntExact(matrix.groupBytes() / Integer.BYTES);
        int factors = matrix.blocks() * form.runs() * GROUP;
        if (quants.length < weights || scales.length < factors) {
            quants = new int[weights];
            scales = new float[factors];
            minimums = new float[factors];
        }
        long at = group * matrix.groupBytes();
        MemorySegment.copy(matrix.quants(), ValueLayout.JAVA_INT_UNALIGNED, at, quants, 0, weights);
        long factorsAt = group * matrix.groupFactorBytes();
        read(form.factors(), matrix.scales(), factorsAt, scales, factors);
        if (form.hasMinimums()) {
            read(form.factors(), matrix.minimums(), factorsAt, minimums, factors);
        }
    }

    private void readNumbers(PackedMatrix matrix, int group) {
        int count = matrix.columns() * GROUP;
        if (numbers.length < count) {
            numbers = new float[count];
        }
        read(matrix.form().type(), matrix.quants(), group * matrix.groupBytes(), numbers, count);
    }

    private void read(DType type, MemorySegment source, long at, float[] target, int count) {
        if (type == DType.F32) {
            MemorySegment.copy(source, ValueLayout.JAVA_FLOAT_UNALIGNED, at, target, 0, count);
            return;
        }
        if (halves.length < count) {
            halves = new short[count];
        }
        MemorySegment.copy(source, ValueLayout.JAVA_SHORT_UNALIGNED, at, halves, 0, count);
        for (int i = 0; i < count; i++) {
            target[i] =
                    type == DType.F16
                            ? Float.float16ToFloat(halves[i])
                            : Float.intBitsToFloat(halves[i] << 16);
        }
    }

    private void addColumns(int columns, VectorOperand operand, int row) {
        float[] values = operand.plainTiles();
        for (int column = 0; column < columns; column++) {
            float value = values[VectorOperand.tileIndex(row, column, columns)];
            for (int lane = 0; lane < GROUP; lane++) {
                totals[lane] = Math.fma(numbers[column * GROUP + lane], value, totals[lane]);
            }
        }
    }

    private void addBlocks(PackedMatrix matrix, VectorOperand operand, int rows, int row) {
        PackedForm form = matrix.form();
        int runs = form.runs();
        int blocks = matrix.blocks();
        int dwords = form.weightBytes() / Integer.BYTES;
        for (int block = 0; block < blocks; block++) {
            operand.readBlock(rows, row, block, x);
            float dx = operand.scales()[VectorOperand.index(rows, row, block, blocks)];
            for (int run = 0; run < runs; run++) {
                sum(form, block * dwords, run);
                int scale = (block * runs + run) * GROUP;
                for (int lane = 0; lane < GROUP; lane++) {
                    totals[lane] = Math.fma(sums[lane] * dx, scales[scale + lane], totals[lane]);
                }
            }
        }
        for (int run = 0; form.hasMinimums() && run < blocks * runs; run++) {
            float[] scaledSums = operand.scaledSums(form);
            float sx = scaledSums[VectorOperand.index(rows, row, run, blocks * runs)];
            for (int lane = 0; lane < GROUP; lane++) {
                totals[lane] = Math.fma(minimums[run * GROUP + lane], sx, totals[lane]);
            }
        }
    }

    /// The integer sums of a run of a block, whose weights begin at `quant`.
    private void sum(PackedForm form, int quant, int run) {
        int columns = BLOCK / form.runs();
        int first = run * columns;
        int zero =
                switch (form.type()) {
                    case Q8_0 -> 128;
                    case Q4_0 -> 8;
                    default -> 0;
                };
        int start = 0;
        for (int i = first; i < first + columns; i++) {
            start -= zero * x[i];
        }
        Arrays.fill(sums, start);
        if (form.type() == DType.Q8_0) {
            add(quant + first / 4 * GROUP, columns / 4, 0, 255, first);
            return;
        }
        if (run == 0) {
            add(quant, 4, 0, 15, 0);
        }
        if (run == form.runs() - 1) {
            add(quant, 4, 4, 15, BLOCK / 2);
        }
    }

    /// Adds the products of the four weights in each of the lanes' dwords, a slice after the other, with x from `column` on.
    private void add(int quant, int slices, int shift, int mask, int column) {
        for (int slice = 0; slice < slices; slice++) {
            int x0 = x[column + 4 * slice];
            int x1 = x[column + 4 * slice + 1];
            int x2 = x[column + 4 * slice + 2];
            int x3 = x[column + 4 * slice + 3];
            int at = quant + slice * GROUP;
            for (int lane = 0; lane < GROUP; lane++) {
                int weights = quants[at + lane] >>> shift;
                sums[lane] +=
                        (weights & mask) * x0
                                + ((weights >>> 8) & mask) * x1
                                + ((weights >>> 16) & mask) * x2
                                + ((weights >>> 24) & mask) * x3;
            }
        }
    }
}
