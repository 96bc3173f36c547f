package mobilellm.quant;

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
/// f32 by itself, with no fused multiply-add.
///
/// Block layouts: ggml-common.h and ggml-quants.c of the ggml project.
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
        try {
            toFloat(tensor.type(), tensor.data(), 0, target, 0, target.length);
        } catch (MalformedFileException e) {
            throw new MalformedFileException("tensor " + tensor.name() + ": " + e.getMessage(), e);
        }
        return target;
    }

    /// Converts `count` elements, a whole number of blocks, from the block at byte `sourceOffset` on.
    ///
    /// @throws MalformedFileException if the file behind the source became shorter since it was mapped
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
        try {
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
        } catch (InternalError e) {
            // The JVM's answer to a page that is not there.
            throw new MalformedFileException(
                    "the mapped file became shorter, or its disk failed, while it was read", e);
        }
    }

    private static void convert(DType type, byte[] source, int blocks, float[] target, int to) {
        switch (type) {
            case F64 -> f64(source, blocks, target, to);
            case F32 -> throw new AssertionError("copied without conversion");
            case F16 -> f16(source, blocks, target, to);
            case BF16 -> bf16(source, blocks, target, to);
            case Q8_0 -> q8(source, blocks, target, to);
            case Q4_0 -> q4(source, blocks, target, to);
            case Q4_1 -> q4WithMinimum(source, blocks, target, to);
            case BOOL, U8, I8, U16, I16, U32, I32, U64, I64 ->
                    throw new AssertionError("refused before");
        }
    }

    private static void f64(byte[] source, int count, float[] target, int to) {
        for (int i = 0; i < count; i++) {
            target[to + i] = (float) Double.longBitsToDouble((long) LONG.get(source, 8 * i));
        }
    }

    private static void f16(byte[] source, int count, float[] target, int to) {
        for (int i = 0; i < count; i++) {
            target[to + i] = half(source, 2 * i);
        }
    }

    private static void bf16(byte[] source, int count, float[] target, int to) {
        for (int i = 0; i < count; i++) {
            target[to + i] = Float.intBitsToFloat((short) SHORT.get(source, 2 * i) << 16);
        }
    }

    /// f16 scale, 32 signed bytes: `scale * q`.
    private static void q8(byte[] source, int blocks, float[] target, int to) {
        for (int block = 0; block < blocks; block++) {
            int from = block * 34;
            float scale = half(source, from);
            for (int i = 0; i < 32; i++) {
                target[to + block * 32 + i] = scale * source[from + 2 + i];
            }
        }
    }

    /// f16 scale, 16 bytes: low nibbles are elements 0..15, high nibbles 16..31; `scale * (q - 8)`.
    private static void q4(byte[] source, int blocks, float[] target, int to) {
        for (int block = 0; block < blocks; block++) {
            int from = block * 18;
            int first = to + block * 32;
            float scale = half(source, from);
            for (int i = 0; i < 16; i++) {
                int pair = source[from + 2 + i];
                target[first + i] = scale * ((pair & 0xf) - 8);
                target[first + 16 + i] = scale * (((pair >> 4) & 0xf) - 8);
            }
        }
    }

    /// f16 scale, f16 minimum, nibbles as in Q4_0: `scale * q + minimum`.
    private static void q4WithMinimum(byte[] source, int blocks, float[] target, int to) {
        for (int block = 0; block < blocks; block++) {
            int from = block * 20;
            int first = to + block * 32;
            float scale = half(source, from);
            float minimum = half(source, from + 2);
            for (int i = 0; i < 16; i++) {
                int pair = source[from + 4 + i];
                target[first + i] = scale * (pair & 0xf) + minimum;
                target[first + 16 + i] = scale * ((pair >> 4) & 0xf) + minimum;
            }
        }
    }

    private static float half(byte[] source, int offset) {
        return Float.float16ToFloat((short) SHORT.get(source, offset));
    }
}
