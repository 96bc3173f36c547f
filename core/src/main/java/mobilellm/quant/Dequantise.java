package mobilellm.quant;

import mobilellm.file.MappedFile;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;

/// Stored numbers to floats, bit for bit as ggml's reference code gives them: each product and each sum is rounded to
/// f32 by itself, with no fused multiply-add. Numbers that f32 does not hold (F64) become the nearest one.
public final class Dequantise {
    private static final VarHandle SHORT =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// Blocks go through a small array on the heap: one bulk copy, then plain array code, whatever kind of memory the
    /// source is.
    private static final int CHUNK_BYTES = 16 << 10;

    private Dequantise() {}

    /// All elements of a tensor in row-major order.
    ///
    /// @throws MalformedFileException if the file behind the tensor became shorter since it was opened
    /// @throws IllegalArgumentException if the tensor has more elements than an array holds
    public static float[] toFloat(Tensor tensor) {
        long elements = tensor.shape().elements();
        if (elements > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                    "tensor %s has %d elements, too many for one array; convert it row by row"
                            .formatted(tensor.name(), elements));
        }
        float[] target = new float[(int) elements];
        MappedFile.reading(
                "tensor " + tensor.name(),
                () -> toFloat(tensor.type(), tensor.data(), 0, target, 0, target.length));
        return target;
    }

    /// Converts `count` elements, a whole number of blocks, from the block at byte `sourceOffset` on.
    ///
    /// Where the source may be a mapped file, call this within [MappedFile#reading].
    ///
    /// @throws IllegalArgumentException if `count` is not a whole number of blocks, or the type one of whole numbers
    /// @throws IndexOutOfBoundsException if source or target is too small
    public static void toFloat(
            DType type,
            MemorySegment source,
            long sourceOffset,
            float[] target,
            int targetOffset,
            int count) {
        if (type.isInteger()) {
            throw new IllegalArgumentException(
                    type + " holds whole numbers, which are nobody's weights");
        }
        long bytes = type.bytes(count);
        Objects.checkFromIndexSize(sourceOffset, bytes, source.byteSize());
        Objects.checkFromIndexSize(targetOffset, count, target.length);
        if (type == DType.F32) {
            MemorySegment.copy(source, FLOAT, sourceOffset, target, targetOffset, count);
            return;
        }
        int chunkBlocks = CHUNK_BYTES / type.blockBytes();
        byte[] chunk = new byte[(int) Math.min(bytes, (long) chunkBlocks * type.blockBytes())];
        int blocks = count / type.blockSize();
        for (int first = 0; first < blocks; first += chunkBlocks) {
            int some = Math.min(chunkBlocks, blocks - first);
            MemorySegment.copy(
                    source,
                    ValueLayout.JAVA_BYTE,
                    sourceOffset + (long) first * type.blockBytes(),
                    chunk,
                    0,
                    some * type.blockBytes());
            convert(type, chunk, some, target, targetOffset + first * type.blockSize());
        }
    }

    private static void convert(DType type, byte[] source, int blocks, float[] target, int to) {
        switch (type) {
            case F64 -> f64(source, blocks, target, to);
            case F32 -> throw new AssertionError("copied without conversion");
            case F16 -> f16(source, blocks, target, to);
            case BF16 -> bf16(source, blocks, target, to);
            default -> blocks(type, source, blocks, target, to);
        }
    }

    private static void f64(byte[] source, int count, float[] target, int to) {
        for (int i = 0; i < count; i++) {
            target[to + i] = (float) Double.longBitsToDouble((long) LONG.get(source, 8 * i));
        }
    }

    private static void f16(byte[] source, int count, float[] target, int to) {
        for (int i = 0; i < count; i++) {
            target[to + i] = Block.half(source, 2 * i);
        }
    }

    private static void bf16(byte[] source, int count, float[] target, int to) {
        for (int i = 0; i < count; i++) {
            target[to + i] = Float.intBitsToFloat((short) SHORT.get(source, 2 * i) << 16);
        }
    }

    private static void blocks(DType type, byte[] source, int count, float[] target, int to) {
        Block block = new Block();
        boolean minimums = Block.hasMinimums(type);
        int size = type.blockSize();
        for (int b = 0; b < count; b++) {
            block.read(type, source, b * type.blockBytes());
            for (int i = 0; i < size; i++) {
                int run = i / Block.RUN;
                float product = block.scales()[run] * block.quants()[i];
                // Adding a zero instead of a missing minimum would turn -0 into 0.
                target[to + b * size + i] = minimums ? product + block.minimums()[run] : product;
            }
        }
    }
}
