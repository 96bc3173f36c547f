package mobilellm.quant;

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
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// All ones in the exponent mean infinity or NaN.
    private static final int HALF_EXPONENT = 0x7c00;

    private static final int BFLOAT_EXPONENT = 0x7f80;

    private NonFinite() {}

    /// Index of the first block (of the first element, where numbers are stored one by one) that does not stand for
    /// finite f32 numbers. Of quantised blocks only the scales are read.
    ///
    /// @throws MalformedFileException if the file behind the tensor became shorter since it was opened
    public static OptionalLong firstBlock(Tensor tensor) {
        MemorySegment data = tensor.data();
        int stride = tensor.type().blockBytes();
        try {
            return switch (tensor.type()) {
                case F64 -> firstDouble(data);
                case F32 -> firstFloat(data);
                case BF16 -> firstShort(data, stride, 1, BFLOAT_EXPONENT);
                case F16, Q8_0, Q4_0 -> firstShort(data, stride, 1, HALF_EXPONENT);
                case Q4_1 -> firstShort(data, stride, 2, HALF_EXPONENT);
                case BOOL, U8, I8, U16, I16, U32, I32, U64, I64 -> OptionalLong.empty();
            };
        } catch (InternalError e) {
            throw new MalformedFileException(
                    "tensor %s: the mapped file became shorter, or its disk failed, while it was read"
                            .formatted(tensor.name()),
                    e);
        }
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

    private static OptionalLong firstFloat(MemorySegment data) {
        long count = data.byteSize() / Float.BYTES;
        for (long i = 0; i < count; i++) {
            if (!Float.isFinite(data.get(FLOAT, i * Float.BYTES))) {
                return OptionalLong.of(i);
            }
        }
        return OptionalLong.empty();
    }

    /// Looks at the first `fields` 16-bit numbers of each block of `stride` bytes.
    private static OptionalLong firstShort(
            MemorySegment data, int stride, int fields, int exponent) {
        long count = data.byteSize() / stride;
        for (long i = 0; i < count; i++) {
            for (int field = 0; field < fields; field++) {
                int bits = data.get(SHORT, i * stride + (long) field * Short.BYTES);
                if ((bits & exponent) == exponent) {
                    return OptionalLong.of(i);
                }
            }
        }
        return OptionalLong.empty();
    }
}
