package mobilellm.datasets;

import dev.hardwood.InputFile;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqStruct;
import dev.hardwood.row.StructAccessor;

import mobilellm.evaluation.task.TableReader;
import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Apache Parquet, read by hardwood.
public final class ParquetTables implements TableReader {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /// Tells at each start how it reads; held here, or its level would be forgotten.
    private static final Logger READER = Logger.getLogger("dev.hardwood");

    static {
        READER.setLevel(Level.WARNING);
    }

    @Override
    public Set<String> endings() {
        return Set.of(".parquet");
    }

    /// A damaged file can keep the library waiting for pages that never come, so somebody watches it.
    @Override
    public List<Map<String, Object>> rows(Path file) throws IOException {
        AtomicLong rows = new AtomicLong();
        FutureTask<List<Map<String, Object>>> reading = new FutureTask<>(() -> rows(file, rows));
        Thread.ofPlatform().daemon().name("parquet").start(reading);
        try {
            for (long before = -1; rows.get() > before; ) {
                before = rows.get();
                try {
                    return reading.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                } catch (TimeoutException e) {
                    // It may have come further.
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while reading " + file);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof MalformedFileException malformed) {
                throw malformed;
            }
            throw new MalformedFileException(
                    "%s cannot be read as a Parquet file: %s".formatted(file, e.getCause()), e);
        } finally {
            reading.cancel(true);
        }
        throw new MalformedFileException(
                "%s cannot be read as a Parquet file: nothing came of it for %d s"
                        .formatted(file, PATIENCE.toSeconds()));
    }

    private static List<Map<String, Object>> rows(Path file, AtomicLong read) throws IOException {
        List<Map<String, Object>> rows = new ArrayList<>();
        try (ParquetFileReader reader = ParquetFileReader.open(InputFile.of(file));
                RowReader row = reader.rowReader()) {
            while (row.hasNext()) {
                row.next();
                rows.add(fields(row, file));
                read.incrementAndGet();
            }
        }
        return rows;
    }

    private static Map<String, Object> fields(StructAccessor struct, Path file) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < struct.getFieldCount(); i++) {
            if (!struct.isNull(i)) {
                fields.put(struct.getFieldName(i), value(struct.getValue(i), file));
            }
        }
        return fields;
    }

    private static Object value(Object value, Path file) {
        return switch (value) {
            case String text -> text;
            case Number number -> number;
            case Boolean flag -> flag;
            case PqStruct struct -> fields(struct, file);
            case PqList list -> {
                List<Object> elements = new ArrayList<>();
                for (int i = 0; i < list.size(); i++) {
                    if (!list.isNull(i)) {
                        elements.add(value(list.get(i), file));
                    }
                }
                yield elements;
            }
            default ->
                    throw new MalformedFileException(
                            "%s has a column of %s, which no task has"
                                    .formatted(file, value.getClass().getSimpleName()));
        };
    }
}
