package mobilellm.testing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Named arrays of a trusted reference file in safetensors format: a header length, a JSON header, the bytes.
public final class ReferenceTensors {
    private final ByteBuffer data;
    private final JsonRow header;

    private ReferenceTensors(ByteBuffer data, JsonRow header) {
        this.data = data;
        this.header = header;
    }

    public static ReferenceTensors read(Path path) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[Math.toIntExact(file.getLong())];
        file.get(header);
        JsonRow row = JsonRow.parse(new String(header, StandardCharsets.UTF_8));
        return new ReferenceTensors(file.slice().order(ByteOrder.LITTLE_ENDIAN), row);
    }

    public boolean has(String name) {
        return header.has(name);
    }

    /// All values of an array of type F32, F64, I32 or I8, row after row.
    public double[] values(String name) {
        JsonRow entry = header.row(name);
        int[] bounds = entry.ids("data_offsets");
        String type = entry.text("dtype");
        int size =
                switch (type) {
                    case "F64" -> Double.BYTES;
                    case "I8" -> Byte.BYTES;
                    default -> Float.BYTES;
                };
        double[] values = new double[(bounds[1] - bounds[0]) / size];
        for (int i = 0; i < values.length; i++) {
            int offset = bounds[0] + i * size;
            values[i] =
                    switch (type) {
                        case "F64" -> data.getDouble(offset);
                        case "F32" -> data.getFloat(offset);
                        case "I8" -> data.get(offset);
                        case "I32" -> data.getInt(offset);
                        default -> throw new IllegalArgumentException(name + " is " + type);
                    };
        }
        return values;
    }

    /// An array as a matrix of its last dimension.
    public double[][] rows(String name) {
        double[] values = values(name);
        List<?> shape = header.row(name).list("shape");
        int columns = ((Double) shape.getLast()).intValue();
        double[][] rows = new double[values.length / columns][columns];
        for (int row = 0; row < rows.length; row++) {
            System.arraycopy(values, row * columns, rows[row], 0, columns);
        }
        return rows;
    }
}
