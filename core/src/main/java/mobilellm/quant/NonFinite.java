package mobilellm.quant;

import mobilellm.file.MappedFile;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.OptionalLong;

/// Finds infinities and NaN in stored numbers. One of them in a weight turns every logit into NaN, long after anybody
/// could tell which tensor was broken.
public final class NonFinite {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// All ones in the exponent mean infinity or NaN. Of an f16 it lies in the higher byte.
    private static final int HALF_EXPONENT = 0x7c;

    private static final int BFLOAT_EXPONENT = 0x7f80;
    private static final int FLOAT_EXPONENT = 0x7f80_0000;

    /// Magnitude of the largest integer in a block of Q8_K.
    private static final int LARGEST_BYTE = 128;

    /// The largest E8M0 byte whose power of two times 6, the largest four-bit float, is an f32.
    private static final int LARGEST_E8M0 = 252;

    /// What is copied to the heap at once: loops over an array are quick before C2 has compiled them, and a single access to a segment
    /// is not.
    private static final int CHUNK_BYTES = 32 << 10;

    private NonFinite() {}

    /// Refuses a tensor that does not stand for finite f32 numbers.
    ///
    /// @throws MalformedFileException if a number or scale is infinite or NaN, or the file behind the tensor became shorter
    ///     since it was opened
    public static void requireNone(Tensor tensor) {
        OptionalLong broken = firstBlock(tensor);
        if (broken.isPresent()) {
            throw new MalformedFileException(
                    "tensor '%s' (%s) holds NaN or infinity in %s %d"
                            .formatted(
                                    tensor.name(),
                                    tensor.type(),
                                    tensor.type().isQuantised() ? "the scales of block" : "element",
                                    broken.getAsLong()));
        }
    }

    /// Index of the first block (of the first element, where numbers are stored one by one) that does not stand for
    /// finite f32 numbers. Of quantised blocks only the scales are read, and refused where they make some element overflow.
    ///
    /// @throws MalformedFileException if the file behind the tensor became shorter since it was opened
    public static OptionalLong firstBlock(Tensor tensor) {
        OptionalLong found =
                MappedFile.reading(
                        "tensor " + tensor.name(), () -> firstBlock(tensor.type(), tensor.data()));
        MappedFile.release(tensor.data());
        return found;
    }

    /// As [#firstBlock(Tensor)], of blocks in memory of our own.
    public static OptionalLong firstBlock(DType type, MemorySegment data) {
        int stride = type.blockBytes();
        return switch (type) {
            case F64 -> firstDouble(data);
            case F32 -> firstNumber(data, stride, FLOAT_EXPONENT);
            case BF16 -> firstNumber(data, stride, BFLOAT_EXPONENT);
            case F16 -> firstNumber(data, stride, HALF_EXPONENT << Byte.SIZE);
            case BOOL, U8, I8, U16, I16, U32, I32, U64, I64 -> OptionalLong.empty();
            case Q8_0, Q4_0, Q5_0, IQ4_NL, IQ4_XS -> firstHalf(data, stride, 0, 1);
            case Q8_1, Q4_1, Q5_1, Q4_K, Q5_K -> firstHalf(data, stride, 0, 2);
            case Q2_K -> firstHalf(data, stride, 80, 2);
            case Q3_K, Q6_K, TQ1_0, TQ2_0 -> firstHalf(data, stride, stride - Short.BYTES, 1);
            case Q8_K -> firstFloat(data, stride);
            case MXFP4 -> firstPowerOfTwo(data, stride);
        };
    }

    private static OptionalLong firstDouble(MemorySegment data) {
        long count = data.byteSize() / Double.BYTES;
        for (long i = 0; i < count; i++) {
            if (!Float.isFinite((float) data.get(DOUBLE, i * Double.BYTES))) {
                return OptionalLong.of(i);
            }
        }
        return OptionalLong.empty();
    }

    /// Plain numbers of 2 or 4 bytes, eight bytes at a time: an exponent of all ones, plus one, is the sign bit.
    private static OptionalLong firstNumber(MemorySegment data, int size, int exponent) {
        long each = size == Short.BYTES ? 0x0001_0001_0001_0001L : 0x0000_0001_0000_0001L;
        long exponents = exponent * each;
        long ones = Integer.lowestOneBit(exponent) * each;
        long signs = (exponent + (long) Integer.lowestOneBit(exponent)) * each;
        long bytes = data.byteSize();
        long eights = bytes / Long.BYTES;
        long[] chunk = new long[(int) Math.min(eights, CHUNK_BYTES / Long.BYTES)];
        for (long first = 0; first < eights; first += chunk.length) {
            int count = (int) Math.min(chunk.length, eights - first);
            MemorySegment.copy(data, LONG, first * Long.BYTES, chunk, 0, count);
            for (int i = 0; i < count; i++) {
                long broken = ((chunk[i] & exponents) + ones) & signs;
                if (broken != 0) {
                    long at = (first + i) * Long.BYTES;
                    return OptionalLong.of(
                            (at + Long.numberOfTrailingZeros(broken) / Byte.SIZE) / size);
                }
            }
        }
        for (long at = eights * Long.BYTES; at < bytes; at += size) {
            int bits = size == Short.BYTES ? data.get(SHORT, at) : data.get(INT, at);
            if ((bits & exponent) == exponent) {
                return OptionalLong.of(at / size);
            }
        }
        return OptionalLong.empty();
    }

    /// Looks at the f32 at the start of each block of signed bytes.
    private static OptionalLong firstFloat(MemorySegment data, int stride) {
        long count = data.byteSize() / stride;
        for (long i = 0; i < count; i++) {
            if (!Float.isFinite(LARGEST_BYTE * data.get(FLOAT, i * stride))) {
                return OptionalLong.of(i);
            }
        }
        return OptionalLong.empty();
    }

    /// E8M0: 255 is NaN, and the two powers of two below it can overflow f32.
    private static OptionalLong firstPowerOfTwo(MemorySegment data, int stride) {
        long count = data.byteSize() / stride;
        for (long i = 0; i < count; i++) {
            if (Byte.toUnsignedInt(data.get(ValueLayout.JAVA_BYTE, i * stride)) > LARGEST_E8M0) {
                return OptionalLong.of(i);
            }
        }
        return OptionalLong.empty();
    }

    /// Looks at `fields` f16 at byte `at` of each block of `stride` bytes; their exponents lie in the second byte.
    private static OptionalLong firstHalf(MemorySegment data, int stride, int at, int fields) {
        long count = data.byteSize() / stride;
        byte[] chunk = new byte[(int) Math.min(count, CHUNK_BYTES / stride) * stride];
        int blocks = chunk.length / stride;
        for (long first = 0; first < count; first += blocks) {
            int size = (int) Math.min(blocks, count - first) * stride;
            MemorySegment.copy(data, ValueLayout.JAVA_BYTE, first * stride, chunk, 0, size);
            for (int block = 0; block < size; block += stride) {
                for (int field = 0; field < fields; field++) {
                    int high = chunk[block + at + Short.BYTES * field + 1];
                    if ((high & HALF_EXPONENT) == HALF_EXPONENT) {
                        return OptionalLong.of(first + block / stride);
                    }
                }
            }
        }
        return OptionalLong.empty();
    }
}
