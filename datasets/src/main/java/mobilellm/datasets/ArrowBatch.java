package mobilellm.datasets;

import mobilellm.tensor.MalformedFileException;

import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.FloatingPoint;
import org.apache.arrow.flatbuf.Int;
import org.apache.arrow.flatbuf.Precision;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.flatbuf.Type;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/// One batch of rows of an Arrow file. Columns are laid out depth first: for each field one node (its length), and its
/// buffers (<https://arrow.apache.org/docs/format/Columnar.html>).
final class ArrowBatch {
    /// Stands for a value that is null.
    private static final Object MISSING = new Object();

    private static final int DEEPEST = 16;

    private final RecordBatch batch;
    private final ByteBuffer body;
    private final int rows;
    private int nextNode;
    private int nextBuffer;
    private long values;

    ArrowBatch(RecordBatch batch, ByteBuffer body) {
        if (batch.compression() != null) {
            throw new MalformedFileException(
                    "its buffers are compressed, which is not supported; Hugging Face's datasets"
                            + " are not");
        }
        this.batch = batch;
        this.body = body;
        this.rows = count(batch.length());
    }

    int rows() {
        return rows;
    }

    static boolean isPresent(Object value) {
        return !MISSING.equals(value);
    }

    /// A number of values. All of them together are bounded by the bytes that are there: a text has an offset of four.
    private int count(long length) {
        if (length < 0 || length > 2L * body.capacity() + 64 - values) {
            throw new MalformedFileException(
                    "%d more values in a batch of %d bytes".formatted(length, body.capacity()));
        }
        values += length;
        return (int) length;
    }

    /// The values of the next column.
    List<Object> column(Field field) {
        List<Object> values = values(field, 1);
        if (values.size() != rows) {
            throw new MalformedFileException(
                    "column '%s' has %d values, the batch %d rows"
                            .formatted(field.name(), values.size(), rows));
        }
        return values;
    }

    private List<Object> values(Field field, int depth) {
        if (depth > DEEPEST) {
            throw unsupported(field, "more than %d levels".formatted(DEEPEST));
        }
        if (nextNode >= batch.nodesLength()) {
            throw new MalformedFileException("fewer columns in a batch than in the schema");
        }
        if (field.dictionary() != null) {
            throw unsupported(field, "a dictionary");
        }
        FieldNode node = batch.nodes(nextNode++);
        int count = count(node.length());
        if (field.typeType() == Type.Null) {
            return values(count, ByteBuffer.allocate(0), i -> MISSING);
        }
        ByteBuffer valid = buffer();
        if (node.nullCount() == 0) {
            valid = ByteBuffer.allocate(0);
        }
        return switch (field.typeType()) {
            case Type.Utf8 -> texts(count, valid, buffer(), 4);
            case Type.LargeUtf8 -> texts(count, valid, buffer(), 8);
            case Type.Bool -> {
                ByteBuffer bits = buffer();
                yield values(count, valid, i -> bit(bits, i));
            }
            case Type.Int -> integers(field, count, valid, buffer());
            case Type.FloatingPoint -> floats(field, count, valid, buffer());
            case Type.List -> lists(field, count, valid, 4, depth);
            case Type.LargeList -> lists(field, count, valid, 8, depth);
            case Type.Struct_ -> structs(field, count, valid, depth);
            default -> throw unsupported(field, "type " + Type.name(field.typeType()));
        };
    }

    private static MalformedFileException unsupported(Field field, String what) {
        return new MalformedFileException(
                "column '%s' has %s, which no task has".formatted(field.name(), what));
    }

    private ByteBuffer buffer() {
        if (nextBuffer >= batch.buffersLength()) {
            throw new MalformedFileException("fewer buffers in a batch than its columns have");
        }
        Buffer place = batch.buffers(nextBuffer++);
        if (place.offset() < 0
                || place.length() < 0
                || place.offset() > body.capacity()
                || place.length() > body.capacity() - place.offset()) {
            throw new MalformedFileException(
                    "a buffer of %d bytes at byte %d of a body of %d bytes"
                            .formatted(place.length(), place.offset(), body.capacity()));
        }
        return body.slice((int) place.offset(), (int) place.length())
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    /// @param valid a bit for each value, or nothing where all are there
    private static List<Object> values(int count, ByteBuffer valid, IntFunction<Object> value) {
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            values.add(valid.capacity() > 0 && !bit(valid, i) ? MISSING : value.apply(i));
        }
        return values;
    }

    private static boolean bit(ByteBuffer bits, int index) {
        return ((bits.get(index >> 3) >> (index & 7)) & 1) != 0;
    }

    private List<Object> texts(int count, ByteBuffer valid, ByteBuffer offsets, int width) {
        ByteBuffer bytes = buffer();
        return values(
                count,
                valid,
                i -> {
                    int start = offset(offsets, i, width, bytes.capacity());
                    byte[] text = new byte[offset(offsets, i + 1, width, bytes.capacity()) - start];
                    bytes.get(start, text);
                    return new String(text, StandardCharsets.UTF_8);
                });
    }

    /// Offsets never go back, so what they part is read once, however many there are.
    private static int offset(ByteBuffer offsets, int index, int width, int end) {
        long offset = offset(offsets, index, width);
        long before = index == 0 ? 0 : offset(offsets, index - 1, width);
        if (before < 0 || offset < before || offset > end) {
            throw new MalformedFileException(
                    "offsets %d and %d into %d values".formatted(before, offset, end));
        }
        return (int) offset;
    }

    private static long offset(ByteBuffer offsets, int index, int width) {
        return width == 4 ? offsets.getInt(4 * index) : offsets.getLong(8 * index);
    }

    private static List<Object> integers(
            Field field, int count, ByteBuffer valid, ByteBuffer numbers) {
        Int type = (Int) field.type(new Int());
        return values(
                count,
                valid,
                i ->
                        switch (type.bitWidth()) {
                            case 8 -> (long) numbers.get(i);
                            case 16 -> (long) numbers.getShort(2 * i);
                            case 32 -> (long) numbers.getInt(4 * i);
                            case 64 -> numbers.getLong(8 * i);
                            default ->
                                    throw unsupported(
                                            field,
                                            "integers of %d bits".formatted(type.bitWidth()));
                        });
    }

    private static List<Object> floats(
            Field field, int count, ByteBuffer valid, ByteBuffer numbers) {
        FloatingPoint type = (FloatingPoint) field.type(new FloatingPoint());
        return values(
                count,
                valid,
                i ->
                        switch (type.precision()) {
                            case Precision.SINGLE -> (double) numbers.getFloat(4 * i);
                            case Precision.DOUBLE -> numbers.getDouble(8 * i);
                            default -> throw unsupported(field, "numbers of 16 bits");
                        });
    }

    private List<Object> lists(Field field, int count, ByteBuffer valid, int width, int depth) {
        ByteBuffer offsets = buffer();
        List<Object> elements = values(field.children(0), depth + 1);
        return values(
                count,
                valid,
                i ->
                        elements
                                .subList(
                                        offset(offsets, i, width, elements.size()),
                                        offset(offsets, i + 1, width, elements.size()))
                                .stream()
                                .filter(ArrowBatch::isPresent)
                                .toList());
    }

    private List<Object> structs(Field field, int count, ByteBuffer valid, int depth) {
        List<Map<String, Object>> structs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            structs.add(new LinkedHashMap<>());
        }
        for (int child = 0; child < field.childrenLength(); child++) {
            List<Object> members = values(field.children(child), depth + 1);
            for (int i = 0; i < count; i++) {
                if (isPresent(members.get(i))) {
                    structs.get(i)
                            .put(String.valueOf(field.children(child).name()), members.get(i));
                }
            }
        }
        return values(count, valid, structs::get);
    }
}
