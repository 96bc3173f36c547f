package mobilellm.quantisation;

import mobilellm.file.ByteSink;
import mobilellm.gguf.GgufValue;
import mobilellm.gguf.GgufWriter;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.TensorInfo;
import mobilellm.tensor.UnsupportedModelException;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/// Writes a model with other types: metadata and names as they were, tensors rounded anew.
///
/// @param types of the tensors
/// @param care how carefully they are rounded
/// @param threads that round; what is written does not depend on it
public record ModelQuantiser(TypeRules.Choice types, Care care, int threads) {
    private static final String FILE_TYPE = "general.file_type";
    private static final String VERSION_KEY = "general.quantization_version";

    /// Of ggml's block formats (GGML_QNT_VERSION).
    private static final int VERSION = 2;

    /// Writes a whole file.
    ///
    /// @param done is told the number of weights, each time some were written
    /// @throws MalformedFileException if a weight is NaN or infinite, or the importance is of another model
    /// @throws UnsupportedModelException if a weight is too large for its type
    public void write(GgufModel model, ByteSink to, LongConsumer done) throws IOException {
        Map<String, GgufValue> metadata = new LinkedHashMap<>(model.metadata());
        metadata.put(FILE_TYPE, GgufValue.uint32(fileType(mainType(model))));
        metadata.put(VERSION_KEY, GgufValue.uint32(VERSION));
        List<TensorInfo> infos = new ArrayList<>();
        List<RowPipeline.Job> jobs = new ArrayList<>();
        for (Tensor tensor : model.tensors()) {
            DType type = types.of(tensor);
            infos.add(new TensorInfo(tensor.name(), type, tensor.shape()));
            jobs.add(new RowPipeline.Job(tensor, type, care.rounding(tensor.name(), tensor)));
        }
        try (RowPipeline pipeline = new RowPipeline(jobs, threads, done)) {
            GgufWriter.write(metadata, infos, pipeline, to);
        }
    }

    /// Weights by type.
    public Map<DType, Long> elements(GgufModel model) {
        Map<DType, Long> elements = new EnumMap<>(DType.class);
        for (Tensor tensor : model.tensors()) {
            elements.merge(types.of(tensor), tensor.shape().elements(), Long::sum);
        }
        return elements;
    }

    /// The type that most weights have.
    private DType mainType(GgufModel model) {
        return elements(model).entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(DType.F32);
    }

    /// Share of all bits that the embedding takes.
    public double embeddingShare(GgufModel model) {
        double all = 0;
        double embedding = 0;
        for (Tensor tensor : model.tensors()) {
            long bytes = types.of(tensor).bytes(tensor.shape().elements());
            all += bytes;
            embedding += tensor.name().equals(GgufModel.EMBEDDING) ? bytes : 0;
        }
        return embedding / all;
    }

    /// Numbers of file types in llama.h (`llama_ftype`).
    private static int fileType(DType type) {
        return switch (type) {
            case F32 -> 0;
            case F16 -> 1;
            case Q4_0 -> 2;
            case Q4_1 -> 3;
            case Q8_0 -> 7;
            case Q5_0 -> 8;
            case Q5_1 -> 9;
            case IQ4_NL -> 25;
            case BF16 -> 32;
            default -> throw new IllegalArgumentException(type + " is not written");
        };
    }
}
