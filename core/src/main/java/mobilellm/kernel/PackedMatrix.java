package mobilellm.kernel;

import mobilellm.file.MappedFile;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A weight matrix [rows, columns] in the one layout that all providers read: `y = W x`.
///
/// Rows lie in groups of 16, one vector lane a row, so that a matrix-vector product needs no horizontal sums: an
/// activation is broadcast and meets 16 rows at once. Missing rows of the last group are zero.
///
/// - Quantised types: for each group and each block of 32 columns, `quants` holds slices of 64 bytes = 16 rows x 4
///   bytes. Q8_0: 8 slices, slice `c` holds columns `4c..4c+3`, stored +128 (unsigned). Q4_0 and Q4_1: 4 slices, the
///   low nibbles hold columns `4c..4c+3`, the high nibbles columns `16+4c..16+4c+3`. `scales` and, where there are any,
///   `minimums` hold 16 f16 a block.
/// - Plain types: for each group and each column, 16 elements of `type`.
///
/// Stored types that kernels do not run become one of theirs that holds the same numbers: [PackedForm].
public final class PackedMatrix {
    /// Rows of a group.
    public static final int GROUP = 16;

    /// Columns of a block of the quantised types.
    public static final int BLOCK = 32;

    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    /// Bytes of a stored tensor that are packed before their pages are given back.
    private static final long CHUNK_BYTES = 8 << 20;

    private final PackedForm form;
    private final int rows;
    private final int columns;
    private final MemorySegment quants;
    private final MemorySegment scales;
    private final MemorySegment minimums;

    private PackedMatrix(Arena arena, PackedForm form, int rows, int columns) {
        this.form = form;
        this.rows = rows;
        this.columns = columns;
        long groups = Math.ceilDiv(rows, GROUP);
        long blocks = type().isQuantised() ? columns / BLOCK : 0;
        long factors = groups * blocks * GROUP * Short.BYTES;
        quants = OffHeap.allocate(arena, groups * groupBytes());
        scales = OffHeap.allocate(arena, factors);
        minimums = OffHeap.allocate(arena, hasMinimums() ? factors : 0);
    }

    /// Packs a tensor; each member of the team packs its share of the row groups. The pages of a mapped file are given
    /// back on the way, so that packing takes little more memory than its result.
    ///
    /// @throws IllegalArgumentException if it holds whole numbers
    /// @throws MalformedFileException if the file behind the tensor became shorter since it was opened
    public static PackedMatrix pack(Tensor tensor, Arena arena, ThreadTeam team) {
        var packed =
                new PackedMatrix(arena, PackedForm.of(tensor), tensor.rows(), tensor.columns());
        long rowBytes = tensor.rowBytes();
        int chunk = Math.clamp(CHUNK_BYTES / (rowBytes * GROUP), 1, packed.groups());
        for (int first = 0; first < packed.groups(); first += chunk) {
            int from = first;
            int groups = Math.min(chunk, packed.groups() - first);
            team.run(
                    worker ->
                            MappedFile.reading(
                                    "tensor " + tensor.name(),
                                    () ->
                                            packed.packGroups(
                                                    tensor,
                                                    from + worker.from(groups),
                                                    from + worker.to(groups))));
            long start = rowBytes * GROUP * from;
            long end = rowBytes * Math.min(packed.rows, GROUP * (from + groups));
            MappedFile.release(tensor.data().asSlice(start, end - start));
        }
        return packed;
    }

    private void packGroups(Tensor tensor, int from, int to) {
        byte[] stored = new byte[Math.toIntExact(tensor.rowBytes())];
        boolean asStored = form.type() == tensor.type();
        MemorySegment row =
                MemorySegment.ofArray(asStored ? stored : new byte[form.rowBytes(columns)]);
        for (int i = from * GROUP; i < Math.min(rows, to * GROUP); i++) {
            long at = i * (long) stored.length;
            MemorySegment.copy(tensor.data(), ValueLayout.JAVA_BYTE, at, stored, 0, stored.length);
            if (!asStored) {
                form.convert(tensor.type(), stored, columns, row);
            }
            switch (type()) {
                case Q8_0 -> packBytes(row, i / GROUP, i % GROUP);
                case Q4_0, Q4_1 -> packNibbles(row, i / GROUP, i % GROUP);
                default -> packPlain(row, i / GROUP, i % GROUP);
            }
        }
    }

    private void packBytes(MemorySegment row, int group, int lane) {
        long offset = 0;
        long quant = group * groupBytes() + 4L * lane;
        long scale = (long) group * blocks() * 32 + 2L * lane;
        for (int block = 0; block < blocks(); block++) {
            packHeader(row, offset, scale);
            offset += form.header();
            for (int slice = 0; slice < 8; slice++) {
                quants.set(
                        INT, quant + 64L * slice, row.get(INT, offset + 4L * slice) ^ 0x80808080);
            }
            offset += 32;
            quant += 512;
            scale += 32;
        }
    }

    /// The 16 bytes of a ggml nibble block are already in the order of the slices: byte `i` holds columns `i` (low) and
    /// `16 + i` (high).
    private void packNibbles(MemorySegment row, int group, int lane) {
        long offset = 0;
        long quant = group * groupBytes() + 4L * lane;
        long scale = (long) group * blocks() * 32 + 2L * lane;
        for (int block = 0; block < blocks(); block++) {
            packHeader(row, offset, scale);
            offset += form.header();
            for (int slice = 0; slice < 4; slice++) {
                quants.set(INT, quant + 64L * slice, row.get(INT, offset + 4L * slice));
            }
            offset += 16;
            quant += 256;
            scale += 32;
        }
    }

    private void packHeader(MemorySegment row, long offset, long target) {
        scales.set(SHORT, target, row.get(SHORT, offset));
        if (hasMinimums()) {
            minimums.set(SHORT, target, row.get(SHORT, offset + 2));
        }
    }

    private void packPlain(MemorySegment row, int group, int lane) {
        int size = type().blockBytes();
        long target = group * groupBytes() + (long) lane * size;
        for (int column = 0; column < columns; column++) {
            if (size == 4) {
                quants.set(INT, target, row.get(INT, 4L * column));
            } else {
                quants.set(SHORT, target, row.get(SHORT, 2L * column));
            }
            target += (long) GROUP * size;
        }
    }

    /// The packed type: F32, F16, BF16, Q8_0, Q4_0 or Q4_1.
    public DType type() {
        return form.type();
    }

    /// Whether blocks have a minimum that is added to their numbers: always for Q4_1, for Q8_0 where it stands for a type
    /// of 5 bits that has them.
    public boolean hasMinimums() {
        return form.minimums();
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

    /// f16 minimums, [group, block, 16]; empty unless the matrix [has them][#hasMinimums].
    public MemorySegment minimums() {
        return minimums;
    }

    /// Bytes of `quants` from one group of rows to the next.
    public long groupBytes() {
        return switch (type()) {
            case Q8_0 -> columns / BLOCK * 512L;
            case Q4_0, Q4_1 -> columns / BLOCK * 256L;
            default -> (long) columns * GROUP * type().blockBytes();
        };
    }

    /// Bytes of the packed form.
    public long bytes() {
        return quants.byteSize() + scales.byteSize() + minimums.byteSize();
    }

    /// One row, dequantised: the embedding of a token. Same bits as dequantising the tensor gives for the tensor.
    ///
    /// Plain loops over one kind of block each: the scalar kernels spend their time here.
    public void readRow(int row, float[] target) {
        int group = row / GROUP;
        int lane = row % GROUP;
        switch (type()) {
            case Q8_0 -> readBytes(group, lane, target);
            case Q4_0 -> readNibbles(group, lane, 8, target);
            case Q4_1 -> readNibbles(group, lane, 0, target);
            default -> readPlain(group * groupBytes() + (long) lane * type().blockBytes(), target);
        }
        if (hasMinimums()) {
            addMinimums(group, lane, target);
        }
    }

    private void readPlain(long start, float[] target) {
        switch (type()) {
            case F32 -> {
                for (int i = 0; i < columns; i++) {
                    int bits = quants.get(INT, start + (long) i * GROUP * Integer.BYTES);
                    target[i] = Float.intBitsToFloat(bits);
                }
            }
            case F16 -> {
                for (int i = 0; i < columns; i++) {
                    short bits = quants.get(SHORT, start + (long) i * GROUP * Short.BYTES);
                    target[i] = Float.float16ToFloat(bits);
                }
            }
            default -> {
                for (int i = 0; i < columns; i++) {
                    short bits = quants.get(SHORT, start + (long) i * GROUP * Short.BYTES);
                    target[i] = Float.intBitsToFloat(bits << 16);
                }
            }
        }
    }

    private void readBytes(int group, int lane, float[] target) {
        long quant = group * groupBytes() + 4L * lane;
        for (int block = 0; block < blocks(); block++, quant += 512) {
            float scale = half(scales, group, block, lane);
            for (int slice = 0; slice < 8; slice++) {
                int four = quants.get(INT, quant + 64L * slice) ^ 0x80808080;
                int column = block * BLOCK + 4 * slice;
                target[column] = scale * (byte) four;
                target[column + 1] = scale * (byte) (four >> 8);
                target[column + 2] = scale * (byte) (four >> 16);
                target[column + 3] = scale * (byte) (four >> 24);
            }
        }
    }

    private void readNibbles(int group, int lane, int zero, float[] target) {
        long quant = group * groupBytes() + 4L * lane;
        for (int block = 0; block < blocks(); block++, quant += 256) {
            float scale = half(scales, group, block, lane);
            for (int slice = 0; slice < 4; slice++) {
                int eight = quants.get(INT, quant + 64L * slice);
                int column = block * BLOCK + 4 * slice;
                for (int i = 0; i < 4; i++) {
                    int pair = eight >>> (8 * i);
                    target[column + i] = scale * ((pair & 15) - zero);
                    target[column + i + 16] = scale * (((pair >>> 4) & 15) - zero);
                }
            }
        }
    }

    /// A pass of its own: adding a zero instead of a missing minimum would turn -0 into 0.
    private void addMinimums(int group, int lane, float[] target) {
        for (int block = 0; block < blocks(); block++) {
            float minimum = half(minimums, group, block, lane);
            for (int i = block * BLOCK; i < (block + 1) * BLOCK; i++) {
                target[i] += minimum;
            }
        }
    }

    private float half(MemorySegment factors, int group, int block, int lane) {
        long at = ((long) group * blocks() + block) * GROUP + lane;
        return Float.float16ToFloat(factors.get(SHORT, at * Short.BYTES));
    }
}
