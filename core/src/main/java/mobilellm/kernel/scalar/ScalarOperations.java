package mobilellm.kernel.scalar;

import mobilellm.kernel.Activations;
import mobilellm.kernel.KeyValueStore;
import mobilellm.kernel.Operand;
import mobilellm.kernel.Operations;
import mobilellm.kernel.PackedForm;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.RotaryAngles;
import mobilellm.kernel.Sequences;
import mobilellm.kernel.ThreadTeam.Worker;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;

/// Each operation as its formula says, one output after the other.
final class ScalarOperations implements Operations {
    /// Rows below this round to zero, as other providers have it.
    private static final float TINY = 1e-30f;

    /// @see PackedForm#W8A8
    private static final class Rows extends Operand {
        final boolean wholeRows;
        final Activations rounded;

        Rows(Activations values, boolean wholeRows, Arena arena) {
            super(values);
            this.wholeRows = wholeRows;
            rounded = new Activations(arena, wholeRows ? values.rows() : 0, values.columns());
        }

        /// The rows that a matrix meets.
        Activations of(PackedMatrix matrix) {
            return matrix.form() == PackedForm.W8A8 ? rounded : values();
        }
    }

    @Override
    public Operand operand(Arena arena, Activations rows, Set<PackedForm> weights) {
        return new Rows(rows, PackedForm.wholeRows(weights), arena);
    }

    @Override
    public void embed(
            PackedMatrix embedding, int[] tokens, int rows, Activations target, Worker worker) {
        float[] row = new float[embedding.columns()];
        for (int r = worker.from(rows); r < worker.to(rows); r++) {
            embedding.readRow(tokens[r], row);
            target.write(r, 0, row, 0, row.length);
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
        float[] row = new float[x.columns()];
        for (int r = worker.from(rows); r < worker.to(rows); r++) {
            x.read(r, 0, row, 0, row.length);
            normalise(row, weight, epsilon);
            target.write(r, 0, row, 0, row.length);
        }
    }

    @Override
    public void normaliseHeads(
            Activations x, int heads, int rows, Activations weight, double epsilon, Worker worker) {
        float[] head = new float[weight.columns()];
        for (int r = worker.from(rows); r < worker.to(rows); r++) {
            for (int column = 0; column < heads * head.length; column += head.length) {
                x.read(r, column, head, 0, head.length);
                normalise(head, weight, epsilon);
                x.write(r, column, head, 0, head.length);
            }
        }
    }

    private static void normalise(float[] values, Activations weight, double epsilon) {
        float squares = 0;
        for (float value : values) {
            squares = Math.fma(value, value, squares);
        }
        float scale = (float) (1 / Math.sqrt(squares / values.length + epsilon));
        for (int i = 0; i < values.length; i++) {
            values[i] = values[i] * scale * weight.get(0, i);
        }
    }

    @Override
    public void prepare(Operand operand, int rows, Worker worker) {
        Rows target = (Rows) operand;
        float[] row = new float[target.values().columns()];
        for (int r = worker.from(rows); target.wholeRows && r < worker.to(rows); r++) {
            target.values().read(r, 0, row, 0, row.length);
            round(row);
            target.rounded.write(r, 0, row, 0, row.length);
        }
    }

    /// To multiples of `max|x| / 127`, ties to even; nothing but tiny numbers become zeros.
    private static void round(float[] row) {
        float largest = 0;
        for (float x : row) {
            largest = Math.max(largest, Math.abs(x));
        }
        float scale = largest / 127;
        for (int i = 0; i < row.length; i++) {
            row[i] = largest < TINY ? 0 : (float) Math.rint(row[i] / scale) * scale;
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
        int from = worker.from(matrix.rows());
        multiply(matrix, from, worker.to(matrix.rows()), x, rows, y, from, accumulate);
    }

    @Override
    public void multiplyTile(
            PackedMatrix matrix, Operand x, int rows, int column, Activations tile, Worker worker) {
        int end = Math.min(matrix.rows(), column + tile.columns());
        multiply(matrix, column, end, x, rows, tile, 0, false);
    }

    /// Rows `from` to `to` of the matrix, as the columns from `column` on of y.
    private static void multiply(
            PackedMatrix matrix,
            int from,
            int to,
            Operand x,
            int rows,
            Activations y,
            int column,
            boolean accumulate) {
        float[] weights = new float[matrix.columns()];
        float[][] inputs = new float[rows][matrix.columns()];
        for (int r = 0; r < rows; r++) {
            ((Rows) x).of(matrix).read(r, 0, inputs[r], 0, inputs[r].length);
        }
        for (int row = from; row < to; row++, column++) {
            matrix.readRow(row, weights);
            for (int r = 0; r < rows; r++) {
                float product = dot(weights, inputs[r]);
                y.set(r, column, accumulate ? y.get(r, column) + product : product);
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
        for (int r = 0; r < rows; r++) {
            float most = Float.NEGATIVE_INFINITY;
            for (int i = 0; i < columns; i++) {
                most = Math.max(most, tile.get(r, i));
            }
            float before = sums.getAtIndex(ValueLayout.JAVA_FLOAT, 2L * r);
            float all = Math.max(before, most);
            double sum =
                    sums.getAtIndex(ValueLayout.JAVA_FLOAT, 2L * r + 1)
                            * Math.exp((double) before - all);
            for (int i = 0; i < columns; i++) {
                sum += Math.exp((double) tile.get(r, i) - all);
            }
            largest.setAtIndex(ValueLayout.JAVA_FLOAT, r, most);
            sums.setAtIndex(ValueLayout.JAVA_FLOAT, 2L * r, all);
            sums.setAtIndex(ValueLayout.JAVA_FLOAT, 2L * r + 1, (float) sum);
        }
    }

    /// Eight partial sums, added from the first to the last, then what is left over: more accurate than one sum for long
    /// rows, and quicker.
    private static float dot(float[] a, float[] b) {
        float s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
        int whole = a.length / 8 * 8;
        for (int i = 0; i < whole; i += 8) {
            s0 = Math.fma(a[i], b[i], s0);
            s1 = Math.fma(a[i + 1], b[i + 1], s1);
            s2 = Math.fma(a[i + 2], b[i + 2], s2);
            s3 = Math.fma(a[i + 3], b[i + 3], s3);
            s4 = Math.fma(a[i + 4], b[i + 4], s4);
            s5 = Math.fma(a[i + 5], b[i + 5], s5);
            s6 = Math.fma(a[i + 6], b[i + 6], s6);
            s7 = Math.fma(a[i + 7], b[i + 7], s7);
        }
        float total = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7;
        for (int i = whole; i < a.length; i++) {
            total = Math.fma(a[i], b[i], total);
        }
        return total;
    }

    @Override
    public void largestOfBlocks(Activations x, int rows, Activations target, Worker worker) {
        for (int r = 0; r < rows; r++) {
            for (int b = worker.from(target.columns()); b < worker.to(target.columns()); b++) {
                target.set(r, b, x.largestOfBlock(r, b * Activations.BLOCK));
            }
        }
    }

    @Override
    public void addBias(Activations y, int rows, Activations bias, Worker worker) {
        for (int r = 0; r < rows; r++) {
            for (int i = worker.from(y.columns()); i < worker.to(y.columns()); i++) {
                y.set(r, i, y.get(r, i) + bias.get(0, i));
            }
        }
    }

    @Override
    public void relu(Operand operand, int rows, Worker worker) {
        Activations x = operand.values();
        for (int r = 0; r < rows; r++) {
            for (int i = worker.from(x.columns()); i < worker.to(x.columns()); i++) {
                x.set(r, i, Math.max(x.get(r, i), 0));
            }
        }
    }

    @Override
    public void swiGlu(Operand operand, Activations up, int rows, Worker worker) {
        Activations gate = operand.values();
        int columns = gate.columns();
        for (int r = 0; r < rows; r++) {
            for (int i = worker.from(columns); i < worker.to(columns); i++) {
                float g = gate.get(r, i);
                float silu = (float) (g / (1 + Math.exp(-g)));
                gate.set(r, i, silu * up.get(r, i));
            }
        }
    }

    @Override
    public void rotate(Activations x, int heads, RotaryAngles angles, int rows, Worker worker) {
        int pairs = angles.pairs();
        for (int r = worker.from(rows); r < worker.to(rows); r++) {
            for (int head = 0; head < heads; head++) {
                int at = head * 2 * pairs;
                for (int i = 0; i < pairs; i++) {
                    float first = x.get(r, at + i);
                    float second = x.get(r, at + pairs + i);
                    float cosine = angles.cosine(r, i);
                    float sine = angles.sine(r, i);
                    x.set(r, at + i, first * cosine - second * sine);
                    x.set(r, at + pairs + i, second * cosine + first * sine);
                }
            }
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
        for (int r = worker.from(rows); r < worker.to(rows); r++) {
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
        for (int r = worker.from(rows); r < worker.to(rows); r++) {
            KeyValueStore store = sequences.store(r);
            int heads = queries.columns() / store.headDim();
            for (int head = 0; head < heads; head++) {
                attendHead(queries, r, head, heads, store, slot, sequences.position(r), target);
            }
        }
    }

    private static void attendHead(
            Activations queries,
            int row,
            int head,
            int heads,
            KeyValueStore store,
            int slot,
            int position,
            Activations target) {
        int headDim = store.headDim();
        int keyHead = head / (heads / store.heads());
        float scale = (float) (1 / Math.sqrt(headDim));
        float[] query = new float[headDim];
        queries.read(row, head * headDim, query, 0, headDim);
        float[] weights = new float[position + 1];
        float largest = Float.NEGATIVE_INFINITY;
        for (int p = 0; p <= position; p++) {
            float score = 0;
            for (int i = 0; i < headDim; i++) {
                score = Math.fma(query[i], store.key(slot, keyHead, p, i), score);
            }
            weights[p] = score * scale;
            largest = Math.max(largest, weights[p]);
        }
        float sum = 0;
        for (int p = 0; p <= position; p++) {
            weights[p] = (float) Math.exp(weights[p] - largest);
            sum += weights[p];
        }
        for (int i = 0; i < headDim; i++) {
            float value = 0;
            for (int p = 0; p <= position; p++) {
                value = Math.fma(weights[p], store.value(slot, keyHead, p, i), value);
            }
            target.set(row, head * headDim + i, value / sum);
        }
    }
}
