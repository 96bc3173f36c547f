package mobilellm.testing;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads the reference outputs, which are safetensors files that we trust.
public final class SafetensorsFixture {
    private SafetensorsFixture() {}

    /// One array.
    ///
    /// @param dtype as in the file: `F32`, `F64`, `I32`, `U8`, ...
    /// @param shape outermost dimension first
    /// @param data little-endian, from position 0
    @SuppressWarnings("ArrayRecordComponent") // nobody compares entries
    public record Entry(String dtype, long[] shape, ByteBuffer data) {
        public float[] floats() {
            require("F32");
            float[] values = new float[data.remaining() / Float.BYTES];
            data.asFloatBuffer().get(values);
            return values;
        }

        /// F64, or F32 widened.
        public double[] doubles() {
            if (dtype.equals("F32")) {
                float[] floats = floats();
                double[] values = new double[floats.length];
                for (int i = 0; i < values.length; i++) {
                    values[i] = floats[i];
                }
                return values;
            }
            require("F64");
            double[] values = new double[data.remaining() / Double.BYTES];
            data.asDoubleBuffer().get(values);
            return values;
        }

        public int[] ints() {
            require("I32");
            int[] values = new int[data.remaining() / Integer.BYTES];
            data.asIntBuffer().get(values);
            return values;
        }

        public byte[] bytes() {
            byte[] values = new byte[data.remaining()];
            data.get(0, values);
            return values;
        }

        private void require(String expected) {
            if (!dtype.equals(expected)) {
                throw new IllegalStateException("the array is " + dtype + ", not " + expected);
            }
        }
    }

    /// All arrays of a file by name.
    public static Map<String, Entry> read(Path path) throws IOException {
        ByteBuffer file;
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
        }
        int headerBytes = Math.toIntExact(file.order(ByteOrder.LITTLE_ENDIAN).getLong(0));
        byte[] header = new byte[headerBytes];
        file.get(Long.BYTES, header);
        int start = Long.BYTES + headerBytes;

        Map<String, Entry> entries = new LinkedHashMap<>();
        Json.object(Json.parse(new String(header, StandardCharsets.UTF_8)))
                .forEach(
                        (name, value) -> {
                            if (!name.equals("__metadata__")) {
                                entries.put(name, entry(Json.object(value), file, start));
                            }
                        });
        return entries;
    }

    private static Entry entry(Map<String, Object> description, ByteBuffer file, int start) {
        long[] shape = longs(description.get("shape"));
        long[] borders = longs(description.get("data_offsets"));
        ByteBuffer data =
                file.slice(start + (int) borders[0], (int) (borders[1] - borders[0]))
                        .order(ByteOrder.LITTLE_ENDIAN);
        return new Entry(String.valueOf(description.get("dtype")), shape, data);
    }

    private static long[] longs(@Nullable Object array) {
        List<Object> values = Json.array(array);
        return values.stream().mapToLong(value -> ((Number) value).longValue()).toArray();
    }
}
