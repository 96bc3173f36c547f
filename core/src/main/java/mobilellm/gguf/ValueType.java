package mobilellm.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.util.List;

/// Types of metadata values, in the order of their numbers in the file.
public enum ValueType {
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

    /// Its number in the file.
    int number() {
        return BY_ID.indexOf(this);
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

    /// Refuses what is no value of this type: of another Java type than [#decode] gives, or too large.
    void require(Object value) {
        boolean holds =
                switch (this) {
                    case UINT8 -> value instanceof Short s && s >= 0 && s <= 0xff;
                    case INT8 -> value instanceof Byte;
                    case UINT16 -> value instanceof Integer i && i >= 0 && i <= 0xffff;
                    case INT16 -> value instanceof Short;
                    case UINT32 -> value instanceof Long l && l >= 0 && l <= 0xffff_ffffL;
                    case INT32 -> value instanceof Integer;
                    case FLOAT32 -> value instanceof Float;
                    case BOOL -> value instanceof Boolean;
                    case STRING -> value instanceof String;
                    case ARRAY -> value instanceof GgufArray;
                    case UINT64 ->
                            (value instanceof Long l && l >= 0)
                                    || (value instanceof BigInteger big
                                            && big.signum() > 0
                                            && big.bitLength() == Long.SIZE);
                    case INT64 -> value instanceof Long;
                    case FLOAT64 -> value instanceof Double;
                };
        if (!holds) {
            throw new IllegalArgumentException(
                    "%s %s is no value of type %s"
                            .formatted(value.getClass().getSimpleName(), value, this));
        }
    }

    private static Object unsigned(long bits) {
        if (bits >= 0) {
            return bits;
        }
        return new BigInteger(Long.toUnsignedString(bits));
    }
}
