package mobilellm.kernel;

import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A weight matrix [rows, columns] in the one layout that all providers read: `y = W x`.
///
/// Rows lie in groups of 16, one vector lane a row, so that a matrix-vector product needs no horizontal sums: an
/// activation is broadcast and meets 16 rows at once. Missing rows of the last group are zero.
///
/// - Quantised types: for each group and each block of 32 columns, `quants` holds slices of 64 bytes = 16 rows x 4
///   bytes. Q8_0: 8 slices, slice `c` holds columns `4c..4c+3`, stored +128 (unsigned). Q4_0 and Q4_1: 4 slices, the
///   low nibbles hold columns `4c..4c+3`, the high nibbles columns `16+4c..16+4c+3`. `scales` (and for Q4_1 `minimums`)
///   hold 16 f16 a block.
/// - Plain types: for each group and each column, 16 elements of `type`.
public final class PackedMatrix {
    /// Rows of a group.
    public static final int GROUP = 16;

    /// Columns of a block of the quantised types.
    public static final int BLOCK = 32;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private final DType type;
    private final int rows;
    private final int columns;
    private final MemorySegment quants;
    private final MemorySegment scales;
    private final MemorySegment minimums;

    private PackedMatrix(Arena arena, DType type, int rows, int columns) {
        this.type = type;
        this.rows = rows;
        this.columns = columns;
        long groups = Math.ceilDiv(rows, GROUP);
        long blocks = type.isQuantised() ? columns / BLOCK : 0;
        quants = OffHeap.allocate(arena, groups * groupBytes());
        scales = OffHeap.allocate(arena, groups * blocks * GROUP * Short.BYTES);
        minimums =
                OffHeap.allocate(
                        arena, type == DType.Q4_1 ? groups * blocks * GROUP * Short.BYTES : 0);
    }

    /// Packs a tensor; each member of the team packs its share of the row groups.
    ///
    /// @throws IllegalArgumentException if the type has no packed form
    public static PackedMatrix pack(Tensor tensor, Arena arena, ThreadTeam team) {
        switch (tensor.type()) {
            case F32, F16, BF16, Q8_0, Q4_0, Q4_1 -> {}
            default ->
                    throw new IllegalArgumentException(
                            "tensor %s: matrices of %s cannot be run; expected F32, F16, BF16, Q8_0, Q4_0 or Q4_1"
                                    .formatted(tensor.name(), tensor.type()));
        }
        var packed = new PackedMatrix(arena, tensor.type(), tensor.rows(), tensor.columns());
        team.run(
                worker ->
                        packed.packGroups(
                                tensor, worker.from(packed.groups()), worker.to(packed.groups())));
        return packed;
    }

    private void packGroups(Tensor tensor, int from, int to) {
        MemorySegment source = tensor.data();
        long rowBytes = tensor.rowBytes();
        for (int group = from; group < to; group++) {
            for (int lane = 0; lane < GROUP; lane++) {
                int row = group * GROUP + lane;
                if (row < rows) {
                    switch (type) {
                        case Q8_0 -> packQ8(source, row * rowBytes, group, lane);
                        case Q4_0 -> packQ4(source, row * rowBytes, 2, group, lane);
                        case Q4_1 -> packQ4(source, row * rowBytes, 4, group, lane);
                        default -> packPlain(source, row * rowBytes, group, lane);
                    }
                }
            }
        }
    }

    private void packQ8(MemorySegment source, long offset, int group, int lane) {
        int blocks = columns / BLOCK;
        long quant = group * groupBytes() + 4L * lane;
        long scale = (long) group * blocks * 32 + 2L * lane;
        for (int block = 0; block < blocks; block++) {
            scales.set(SHORT, scale, source.get(SHORT, offset));
            for (int slice = 0; slice < 8; slice++) {
                quants.set(
                        INT,
                        quant + 64L * slice,
                        source.get(INT, offset + 2 + 4L * slice) ^ 0x80808080);
            }
            offset += 34;
            quant += 512;
            scale += 32;
        }
    }

    /// The 16 bytes of a ggml nibble block are already in the order of the slices: byte `i` holds columns `i` (low) and
    /// `16 + i` (high).
    private void packQ4(MemorySegment source, long offset, int header, int group, int lane) {
        int blocks = columns / BLOCK;
        long quant = group * groupBytes() + 4L * lane;
        long scale = (long) group * blocks * 32 + 2L * lane;
        for (int block = 0; block < blocks; block++) {
            scales.set(SHORT, scale, source.get(SHORT, offset));
            if (header == 4) {
                minimums.set(SHORT, scale, source.get(SHORT, offset + 2));
            }
            for (int slice = 0; slice < 4; slice++) {
                quants.set(INT, quant + 64L * slice, source.get(INT, offset + header + 4L * slice));
            }
            offset += header + 16;
            quant += 256;
            scale += 32;
        }
    }

    private void packPlain(MemorySegment source, long offset, int group, int lane) {
        int size = type.blockBytes();
        long target = group * groupBytes() + (long) lane * size;
        for (int column = 0; column < columns; column++) {
            if (size == 4) {
                quants.set(INT, target, source.get(INT, offset));
            } else {
                quants.set(SHORT, target, source.get(SHORT, offset));
            }
            offset += size;
            target += (long) GROUP * size;
        }
    }

    public DType type() {
        return type;
    }

    public int rows() {
        return rows;
    }

    public int columns() {
        return columns;
    }

    public int groups() {
        return Math.ceilDiv(rows, GROUP);
    }

    /// Blocks of 32 columns in a row of a quantised type.
    public int blocks() {
        return columns / BLOCK;
    }

    public MemorySegment quants() {
        return quants;
    }

    /// f16 scales, [group, block, 16]; empty for plain types.
    public MemorySegment scales() {
        return scales;
    }

    /// f16 minimums, [group, block, 16]; empty but for Q4_1.
    public MemorySegment minimums() {
        return minimums;
    }

    /// Bytes of `quants` from one group of rows to the next.
    public long groupBytes() {
        return switch (type) {
            case Q8_0 -> columns / BLOCK * 512L;
            case Q4_0, Q4_1 -> columns / BLOCK * 256L;
            default -> (long) columns * GROUP * type.blockBytes();
        };
    }

    /// Bytes of the packed form.
    public long bytes() {
        return quants.byteSize() + scales.byteSize() + minimums.byteSize();
    }

    /// One row, dequantised: the embedding of a token. Same bits as dequantising the tensor gives for the tensor.
    public void readRow(int row, float[] target) {
        int lane = row % GROUP;
        long group = row / GROUP;
        if (!type.isQuantised()) {
            int size = type.blockBytes();
            long offset = group * groupBytes() + (long) lane * size;
            for (int column = 0; column < columns; column++, offset += (long) GROUP * size) {
                target[column] =
                        switch (type) {
                            case F32 -> quants.get(ValueLayout.JAVA_FLOAT_UNALIGNED, offset);
                            case F16 -> Float.float16ToFloat(quants.get(SHORT, offset));
                            default -> Float.intBitsToFloat(quants.get(SHORT, offset) << 16);
                        };
            }
            return;
        }
        for (int block = 0; block < blocks(); block++) {
            long at = (group * blocks() + block) * 32 + 2L * lane;
            float scale = Float.float16ToFloat(scales.get(SHORT, at));
            float minimum = type == DType.Q4_1 ? Float.float16ToFloat(minimums.get(SHORT, at)) : 0;
            for (int column = 0; column < BLOCK; column++) {
                target[block * BLOCK + column] =
                        value(scale, minimum, quant(group, block, column, lane));
            }
        }
    }

    private int quant(long group, int block, int column, int lane) {
        if (type == DType.Q8_0) {
            long at =
                    group * groupBytes()
                            + 512L * block
                            + 64L * (column / 4)
                            + 4L * lane
                            + column % 4;
            return Byte.toUnsignedInt(quants.get(ValueLayout.JAVA_BYTE, at)) - 128;
        }
        int low = column % 16;
        long at = group * groupBytes() + 256L * block + 64L * (low / 4) + 4L * lane + low % 4;
        int pair = quants.get(ValueLayout.JAVA_BYTE, at);
        int nibble = column < 16 ? pair & 15 : (pair >>> 4) & 15;
        return type == DType.Q4_0 ? nibble - 8 : nibble;
    }

    private float value(float scale, float minimum, int quant) {
        return type == DType.Q4_1 ? scale * quant + minimum : scale * quant;
    }
}
