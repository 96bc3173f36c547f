package mobilellm.app;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Writes one float32 matrix as a safetensors file, row after row as they come: eight bytes with the length of the
/// header, the header as JSON padded with spaces to a multiple of eight, then the numbers, little-endian.
final class SafetensorsWriter implements AutoCloseable {
    private final OutputStream stream;
    private final ByteBuffer row;
    private long missingRows;

    /// @param name of the tensor
    SafetensorsWriter(Path path, String name, long rows, int columns) throws IOException {
        row =
                ByteBuffer.allocate(Math.multiplyExact(columns, Float.BYTES))
                        .order(ByteOrder.LITTLE_ENDIAN);
        missingRows = rows;
        byte[] header = header(name, rows, columns).getBytes(StandardCharsets.UTF_8);
        stream = new BufferedOutputStream(Files.newOutputStream(path));
        stream.write(
                ByteBuffer.allocate(Long.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(header.length)
                        .array());
        stream.write(header);
    }

    private static String header(String name, long rows, int columns) {
        long bytes = Math.multiplyExact(rows, (long) columns * Float.BYTES);
        String json =
                Json.write(
                        Map.of(
                                name,
                                Map.of(
                                        "dtype",
                                        "F32",
                                        "shape",
                                        List.of(rows, columns),
                                        "data_offsets",
                                        List.of(0, bytes))));
        int length = json.getBytes(StandardCharsets.UTF_8).length;
        return json + " ".repeat(Math.floorMod(-length, 8));
    }

    void write(float[] values) throws IOException {
        row.clear();
        row.asFloatBuffer().put(values);
        stream.write(row.array());
        missingRows--;
    }

    /// @throws IOException if rows are missing: the file is not complete
    @Override
    public void close() throws IOException {
        stream.close();
        if (missingRows != 0) {
            throw new IOException("the file is not complete: " + missingRows + " rows are missing");
        }
    }
}
