package mobilellm.gguf;

import mobilellm.file.Cursor;
import mobilellm.file.Printable;
import mobilellm.tensor.DType;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads the descriptions of the tensors and cuts their bytes out of the file. As in ggml, the data of each tensor must
/// start where that of the one before ends, padded to the alignment: nothing overlaps and nothing is hidden in holes.
final class TensorTable {
    static final int LONGEST_NAME = 64;
    static final int MOST_DIMENSIONS = 4;

    /// Name length, one letter, count of dimensions, one dimension, type, offset.
    static final int LEAST_DESCRIPTION_BYTES = 8 + 1 + 4 + 8 + 4 + 8;

    /// @param at where the description starts, for messages
    /// @param offset of the data, from the start of all data
    private record Description(
            long at, String name, DType type, Shape shape, long offset, long bytes) {}

    private final Cursor cursor;
    private final long alignment;

    TensorTable(Cursor cursor, long alignment) {
        this.cursor = cursor;
        this.alignment = alignment;
    }

    /// Tensors by name, in the order of the file.
    Map<String, Tensor> read(int count) {
        List<Description> descriptions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            descriptions.add(readDescription(i));
        }
        cursor.enter("padding before the tensor data");
        if (count > 0) {
            cursor.align(alignment);
        }
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        long start = cursor.offset();
        for (Description description : descriptions) {
            cursor.enter("tensor " + Printable.quote(description.name()));
            Tensor tensor = takeData(description, start);
            if (tensors.putIfAbsent(tensor.name(), tensor) != null) {
                throw cursor.malformed(description.at(), "the name is there twice");
            }
        }
        cursor.enter("end of the tensor data");
        cursor.align(alignment);
        if (cursor.remaining() > 0) {
            throw cursor.malformed(
                    cursor.offset(),
                    "%d bytes follow the last tensor".formatted(cursor.remaining()));
        }
        return Collections.unmodifiableMap(tensors);
    }

    private Description readDescription(int index) {
        cursor.enter("tensor description " + index);
        long at = cursor.offset();
        String name = MetadataReader.readName(cursor, "tensor name", LONGEST_NAME);
        cursor.enter("tensor " + Printable.quote(name));
        List<Long> dimensions = readDimensions();
        DType type = TensorType.of(cursor.readInt("tensor type"), cursor);
        long offset = cursor.readLong("offset of the data");

        long columns = dimensions.getFirst();
        if (columns % type.blockSize() != 0) {
            throw cursor.malformed(
                    at,
                    "rows of %d elements are not whole blocks of %d, as %s needs"
                            .formatted(columns, type.blockSize(), type));
        }
        Shape shape = new Shape(dimensions.reversed());
        try {
            return new Description(at, name, type, shape, offset, type.bytes(shape.elements()));
        } catch (ArithmeticException e) {
            throw cursor.malformed(at, "the size of shape %s exceeds 64 bits".formatted(shape));
        }
    }

    /// Innermost dimension first, as in the file.
    private List<Long> readDimensions() {
        long at = cursor.offset();
        int count = cursor.readInt("number of dimensions");
        if (count < 1 || count > MOST_DIMENSIONS) {
            throw cursor.malformed(
                    at,
                    "the tensor has %s dimensions, expected 1 to %d"
                            .formatted(Integer.toUnsignedString(count), MOST_DIMENSIONS));
        }
        List<Long> dimensions = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long size = cursor.readLong("dimension");
            if (size <= 0) {
                throw cursor.malformed(
                        cursor.offset() - Long.BYTES,
                        "dimension %d is %s, expected 1 to 2^63 - 1"
                                .formatted(i, Long.toUnsignedString(size)));
            }
            dimensions.add(size);
        }
        return dimensions;
    }

    private Tensor takeData(Description description, long start) {
        cursor.align(alignment);
        long expected = cursor.offset() - start;
        if (description.offset() != expected) {
            throw cursor.malformed(
                    description.at(),
                    "its data is said to start at offset %s, but the tensor before it ends at %d (padded to %d)"
                            .formatted(
                                    Long.toUnsignedString(description.offset()),
                                    expected,
                                    alignment));
        }
        MemorySegment data = cursor.take(description.bytes(), "tensor data");
        return new Tensor(description.name(), description.type(), description.shape(), data);
    }
}
