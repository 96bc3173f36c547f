package mobilellm.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.util.List;

/// Types of metadata values, in the order of their numbers in the file.
enum ValueType {
    UINT8(1),
    INT8(1),
    UINT16(2),
    INT16(2),
    UINT32(4),
    INT32(4),
    FLOAT32(4),
    BOOL(1),
    STRING(0),
    ARRAY(0),
    UINT64(8),
    INT64(8),
    FLOAT64(8);

    static final List<ValueType> BY_ID = List.of(values());

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int bytes;

    ValueType(int bytes) {
        this.bytes = bytes;
    }

    /// Bytes of a scalar; 0 for strings and arrays, whose length is in the file.
    int bytes() {
        return bytes;
    }

    /// A scalar as a Java value; unsigned types widen to the next larger one, so no value turns negative.
    Object decode(MemorySegment source, long offset) {
        return switch (this) {
            case UINT8 -> (short) (source.get(ValueLayout.JAVA_BYTE, offset) & 0xff);
            case INT8 -> source.get(ValueLayout.JAVA_BYTE, offset);
            case UINT16 -> source.get(SHORT, offset) & 0xffff;
            case INT16 -> source.get(SHORT, offset);
            case UINT32 -> source.get(INT, offset) & 0xffff_ffffL;
            case INT32 -> source.get(INT, offset);
            case FLOAT32 -> Float.intBitsToFloat(source.get(INT, offset));
            case BOOL -> source.get(ValueLayout.JAVA_BYTE, offset) != 0;
            case UINT64 -> unsigned(source.get(LONG, offset));
            case INT64 -> source.get(LONG, offset);
            case FLOAT64 -> Double.longBitsToDouble(source.get(LONG, offset));
            case STRING, ARRAY -> throw new IllegalStateException(this + " is not a scalar");
        };
    }

    private static Object unsigned(long bits) {
        if (bits >= 0) {
            return bits;
        }
        return new BigInteger(Long.toUnsignedString(bits));
    }
}
