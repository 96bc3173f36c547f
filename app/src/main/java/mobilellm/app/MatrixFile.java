package mobilellm.app;

import mobilellm.safetensors.SafetensorsWriter;
import mobilellm.tensor.DType;
import mobilellm.tensor.Shape;
import mobilellm.tensor.TensorInfo;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Writes one float32 matrix as a safetensors file, row after row as they come.
final class MatrixFile implements AutoCloseable {
    private final OutputStream stream;
    private final ByteBuffer row;
    private long missingRows;

    /// @param name of the tensor
    MatrixFile(Path path, String name, long rows, int columns) throws IOException {
        row =
                ByteBuffer.allocate(Math.multiplyExact(columns, Float.BYTES))
                        .order(ByteOrder.LITTLE_ENDIAN);
        missingRows = rows;
        stream = new BufferedOutputStream(Files.newOutputStream(path));
        TensorInfo tensor = new TensorInfo(name, DType.F32, Shape.of(rows, columns));
        stream.write(SafetensorsWriter.header(Map.of(), List.of(tensor)));
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
