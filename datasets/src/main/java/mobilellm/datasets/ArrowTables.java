package mobilellm.datasets;

import mobilellm.evaluation.task.TableReader;
import mobilellm.file.WholeFile;
import mobilellm.tensor.MalformedFileException;

import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.flatbuf.Schema;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// Apache Arrow's IPC format, as a stream (which Hugging Face's datasets write) or as a file. Metadata are read by Arrow's
/// own flat buffers.
public final class ArrowTables implements TableReader {
    private static final int LARGEST = 1 << 30;
    private static final byte[] MAGIC = "ARROW1\0\0".getBytes(StandardCharsets.US_ASCII);
    private static final int CONTINUATION = -1;

    @Override
    public Set<String> endings() {
        return Set.of(".arrow");
    }

    @Override
    public List<Map<String, Object>> rows(Path file) throws IOException {
        byte[] bytes = WholeFile.read(file, "an Arrow file", LARGEST);
        try {
            return rows(bytes);
        } catch (MalformedFileException e) {
            throw new MalformedFileException(file + ": " + e.getMessage(), e);
        } catch (IndexOutOfBoundsException
                | IllegalArgumentException
                | NegativeArraySizeException
                | NullPointerException
                | java.nio.BufferUnderflowException e) {
            // What flat buffers throw where offsets lead out of them or a table is missing.
            throw new MalformedFileException(
                    file + " is a damaged Arrow file: something in it lies outside of it", e);
        }
    }

    private static List<Map<String, Object>> rows(byte[] bytes) {
        ByteBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length >= MAGIC.length
                && Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            all.position(MAGIC.length);
        }
        List<Map<String, Object>> rows = new ArrayList<>();
        List<Field> columns = new ArrayList<>();
        boolean isBegun = false;
        while (all.remaining() >= 4) {
            int length = all.getInt();
            if (length == CONTINUATION && all.remaining() >= 4) {
                length = all.getInt();
            }
            if (length == 0) {
                return rows;
            }
            if (length < 0 || length > all.remaining()) {
                throw new MalformedFileException(
                        "byte %d: a message of %d bytes, but %d follow"
                                .formatted(all.position() - 4, length, all.remaining()));
            }
            int start = all.position();
            Message message =
                    Message.getRootAsMessage(
                            all.slice(start, length).order(ByteOrder.LITTLE_ENDIAN));
            long bodyLength = message.bodyLength();
            int body = start + length;
            if (bodyLength < 0 || bodyLength > bytes.length - body) {
                throw new MalformedFileException(
                        "byte %d: a body of %d bytes, but %d follow; the file was cut"
                                .formatted(body, bodyLength, bytes.length - body));
            }
            switch (message.headerType()) {
                case MessageHeader.Schema -> {
                    Schema schema = (Schema) message.header(new Schema());
                    for (int i = 0; i < schema.fieldsLength(); i++) {
                        columns.add(schema.fields(i));
                    }
                    isBegun = true;
                }
                case MessageHeader.RecordBatch -> {
                    RecordBatch batch = (RecordBatch) message.header(new RecordBatch());
                    addRows(
                            rows,
                            columns,
                            new ArrowBatch(
                                    batch,
                                    all.slice(body, (int) bodyLength)
                                            .order(ByteOrder.LITTLE_ENDIAN)));
                }
                default ->
                        throw new MalformedFileException(
                                "byte %d: a message of kind %d, expected a schema or rows; dictionaries are not supported"
                                        .formatted(start, message.headerType()));
            }
            all.position(body + (int) bodyLength);
        }
        if (!isBegun) {
            throw new MalformedFileException("is no Arrow file: it has no schema");
        }
        return rows;
    }

    private static void addRows(
            List<Map<String, Object>> rows, List<Field> columns, ArrowBatch batch) {
        List<Map<String, Object>> added = new ArrayList<>();
        for (int i = 0; i < batch.rows(); i++) {
            added.add(new LinkedHashMap<>());
        }
        for (Field column : columns) {
            List<Object> values = batch.column(column);
            String name = Objects.requireNonNull(column.name(), "a column's name");
            for (int i = 0; i < added.size(); i++) {
                if (ArrowBatch.isPresent(values.get(i))) {
                    added.get(i).put(name, values.get(i));
                }
            }
        }
        rows.addAll(added);
    }
}
