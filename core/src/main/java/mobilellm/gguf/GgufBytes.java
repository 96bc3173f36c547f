package mobilellm.gguf;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// The part of a GGUF file before its tensor data, as it is put together.
final class GgufBytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteBuffer scalar =
            ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    void ascii(String text) {
        out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    }

    void int32(int value) {
        scalar.putInt(0, value);
        out.write(scalar.array(), 0, Integer.BYTES);
    }

    void int64(long value) {
        scalar.putLong(0, value);
        out.write(scalar.array(), 0, Long.BYTES);
    }

    void text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        int64(utf8.length);
        out.writeBytes(utf8);
    }

    void value(GgufValue value) {
        int32(value.type().number());
        element(value.type(), value.value());
    }

    private void element(ValueType type, Object value) {
        switch (type) {
            case UINT8, INT8, BOOL ->
                    out.write(value instanceof Boolean flag ? (flag ? 1 : 0) : integer(value));
            case UINT16, INT16 -> {
                scalar.putShort(0, (short) integer(value));
                out.write(scalar.array(), 0, Short.BYTES);
            }
            case UINT32, INT32 -> int32((int) ((Number) value).longValue());
            case FLOAT32 -> int32(Float.floatToRawIntBits((Float) value));
            case UINT64, INT64 ->
                    int64(value instanceof BigInteger big ? big.longValue() : (Long) value);
            case FLOAT64 -> int64(Double.doubleToRawLongBits((Double) value));
            case STRING -> text((String) value);
            case ARRAY -> array((GgufArray) value);
        }
    }

    private static int integer(Object value) {
        return ((Number) value).intValue();
    }

    private void array(GgufArray array) {
        int32(array.type().number());
        int64(array.size());
        array.forEach(element -> element(array.type(), element));
    }

    void padTo(long alignment) {
        out.writeBytes(new byte[Math.toIntExact(Math.floorMod(-(long) out.size(), alignment))]);
    }

    MemorySegment toSegment() {
        return MemorySegment.ofArray(out.toByteArray());
    }
}
