package mobilellm.quantisation;

import mobilellm.file.ByteSink;
import mobilellm.gguf.GgufArray;
import mobilellm.gguf.GgufFile;
import mobilellm.gguf.GgufValue;
import mobilellm.gguf.GgufWriter;
import mobilellm.quant.Dequantise;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.TensorInfo;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What the columns of a model's matrices are worth: how large the numbers are that they are multiplied with, in the mean
/// square over some text. Quantisers spend their precision accordingly.
///
/// In a file it has the form of llama.cpp's importance matrices (`tools/imatrix`): for each matrix the tensors
/// `NAME.in_sum2` (sums of squares, a column each) and `NAME.counts` (rows that were added up), both F32, and the keys
/// `general.type` = `imatrix`, `imatrix.datasets`, `imatrix.chunk_count` and `imatrix.chunk_size`.
///
/// @param datasets names of the texts
/// @param chunks windows of text that were run
/// @param chunkSize tokens of a window
/// @param matrices by the name that the matrix has in a GGUF file
public record ImportanceMatrix(
        List<String> datasets, long chunks, long chunkSize, Map<String, Columns> matrices) {
    private static final String SUMS = ".in_sum2";
    private static final String COUNTS = ".counts";
    private static final String TYPE_KEY = "general.type";
    private static final String TYPE = "imatrix";
    private static final String DATASETS_KEY = "imatrix.datasets";
    private static final String CHUNKS_KEY = "imatrix.chunk_count";
    private static final String CHUNK_SIZE_KEY = "imatrix.chunk_size";
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    public ImportanceMatrix {
        datasets = List.copyOf(datasets);
        matrices = Map.copyOf(matrices);
    }

    /// What is known of one matrix.
    ///
    /// @param sums of the squares, a column each
    /// @param rows that were added up
    @SuppressWarnings("ArrayRecordComponent") // sums are added and written, never compared
    public record Columns(double[] sums, double rows) {
        /// Mean squares.
        float[] means() {
            float[] means = new float[sums.length];
            for (int i = 0; i < means.length; i++) {
                means[i] = (float) (sums[i] / rows);
            }
            return means;
        }

        private Columns plus(String name, Columns other) {
            if (other.sums.length != sums.length) {
                throw new MalformedFileException(
                        "%s has %d columns in one importance matrix and %d in the other; they are of different models"
                                .formatted(name, sums.length, other.sums.length));
            }
            double[] both = sums.clone();
            for (int i = 0; i < both.length; i++) {
                both[i] += other.sums[i];
            }
            return new Columns(both, rows + other.rows);
        }
    }

    /// Mean square of what each column of a matrix is multiplied with, where it is known.
    Optional<float[]> importance(String matrix) {
        return Optional.ofNullable(matrices.get(matrix)).map(Columns::means);
    }

    /// Both together, as if the texts of both had been run at once.
    ///
    /// @throws MalformedFileException if they are not of the same model
    public ImportanceMatrix plus(ImportanceMatrix other) {
        Map<String, Columns> sum = new LinkedHashMap<>(matrices);
        other.matrices.forEach(
                (name, columns) -> sum.merge(name, columns, (a, b) -> a.plus(name, b)));
        List<String> names = new ArrayList<>(datasets);
        names.addAll(other.datasets);
        return new ImportanceMatrix(names, chunks + other.chunks, chunkSize, sum);
    }

    /// Reads a file.
    ///
    /// @throws MalformedFileException if it holds no importance matrix
    /// @throws IOException if it cannot be read
    public static ImportanceMatrix read(Path path) throws IOException {
        try (GgufFile file = GgufFile.open(path)) {
            Map<String, Object> keys = file.metadata();
            if (!TYPE.equals(keys.get(TYPE_KEY))) {
                throw new MalformedFileException(
                        "%s: key '%s' is %s, expected '%s': make one with 'mobilellm imatrix'"
                                .formatted(path, TYPE_KEY, keys.get(TYPE_KEY), TYPE));
            }
            List<String> datasets = new ArrayList<>();
            if (keys.get(DATASETS_KEY) instanceof List<?> names) {
                names.forEach(name -> datasets.add(String.valueOf(name)));
            }
            Map<String, Columns> matrices = new LinkedHashMap<>();
            for (Tensor tensor : file.tensors()) {
                if (tensor.name().endsWith(SUMS)) {
                    String name =
                            tensor.name().substring(0, tensor.name().length() - SUMS.length());
                    matrices.put(name, columns(path, file, name, tensor));
                }
            }
            return new ImportanceMatrix(
                    datasets,
                    keys.get(CHUNKS_KEY) instanceof Long count ? count : 0,
                    keys.get(CHUNK_SIZE_KEY) instanceof Long size ? size : 0,
                    matrices);
        }
    }

    private static Columns columns(Path path, GgufFile file, String name, Tensor tensor) {
        Tensor counts =
                file.tensor(name + COUNTS)
                        .orElseThrow(
                                () ->
                                        new MalformedFileException(
                                                "%s: tensor '%s' is there, but '%s' is missing"
                                                        .formatted(
                                                                path,
                                                                tensor.name(),
                                                                name + COUNTS)));
        for (Tensor each : List.of(tensor, counts)) {
            if (each.type() != DType.F32) {
                throw new MalformedFileException(
                        "%s: tensor '%s' is %s, expected F32"
                                .formatted(path, each.name(), each.type()));
            }
        }
        float[] rows = Dequantise.toFloat(counts);
        if (rows.length != 1 || !(rows[0] > 0) || !Float.isFinite(rows[0])) {
            throw new MalformedFileException(
                    "%s: tensor '%s' %s starts with %s, expected one positive count"
                            .formatted(
                                    path,
                                    counts.name(),
                                    counts.shape(),
                                    rows.length == 0 ? "nothing" : rows[0]));
        }
        float[] sums = Dequantise.toFloat(tensor);
        double[] squares = new double[sums.length];
        for (int i = 0; i < sums.length; i++) {
            if (!(sums[i] >= 0) || !Float.isFinite(sums[i])) {
                throw new MalformedFileException(
                        "%s: tensor '%s': element %d is %s, expected a sum of squares"
                                .formatted(path, tensor.name(), i, sums[i]));
            }
            squares[i] = sums[i];
        }
        return new Columns(squares, rows[0]);
    }

    /// Writes a whole file.
    public void write(ByteSink to) throws IOException {
        Map<String, GgufValue> metadata = new LinkedHashMap<>();
        metadata.put(TYPE_KEY, GgufValue.text(TYPE));
        metadata.put(DATASETS_KEY, GgufValue.array(GgufArray.texts(datasets)));
        metadata.put(CHUNKS_KEY, GgufValue.uint32(chunks));
        metadata.put(CHUNK_SIZE_KEY, GgufValue.uint32(chunkSize));
        List<TensorInfo> tensors = new ArrayList<>();
        Map<String, float[]> contents = new LinkedHashMap<>();
        new TreeMap<>(matrices)
                .forEach(
                        (name, columns) -> {
                            float[] sums = new float[columns.sums().length];
                            for (int i = 0; i < sums.length; i++) {
                                sums[i] = (float) columns.sums()[i];
                            }
                            contents.put(name + SUMS, sums);
                            contents.put(name + COUNTS, new float[] {(float) columns.rows()});
                        });
        contents.forEach(
                (name, values) ->
                        tensors.add(new TensorInfo(name, DType.F32, Shape.of(values.length))));
        GgufWriter.write(
                metadata,
                tensors,
                (tensor, sink) -> sink.write(bytes(contents.getOrDefault(tensor.name(), EMPTY))),
                to);
    }

    private static final float[] EMPTY = {};

    private static MemorySegment bytes(float[] values) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[values.length * Float.BYTES]);
        MemorySegment.copy(values, 0, bytes, FLOAT, 0, values.length);
        return bytes;
    }
}
