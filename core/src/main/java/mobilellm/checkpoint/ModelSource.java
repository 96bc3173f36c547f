package mobilellm.checkpoint;

import mobilellm.config.ModelConfig;
import mobilellm.tensor.Tensor;
import mobilellm.tokenizer.Tokenizer;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A model in one format: what the format knows, in terms of no format.
sealed interface ModelSource extends AutoCloseable permits GgufSource, DirectorySource {
    /// The file or directory, for messages.
    String name();

    ModelConfig config();

    /// Everything that has to be a weight of the model, by the name that the format gives it. A tensor that the format has
    /// beside the weights is not among them.
    Map<String, Tensor> weights();

    TensorNames names();

    /// Whether RoPE turns rows `2i` and `2i + 1` of a head together; else, and everywhere behind the checkpoint, rows `i`
    /// and `headDim / 2 + i`.
    boolean pairsInterleaved();

    Tokenizer tokenizer();

    Optional<String> chatTemplate();

    GenerationDefaults generationDefaults();

    Map<String, Object> metadata();

    /// As they lie in the files.
    List<Tensor> storedTensors();

    long bytes();

    String format();

    /// What a user should know although the model can be run.
    List<String> warnings();

    /// Refuses files that were written to since they were opened.
    void requireUnchanged() throws IOException;

    @Override
    void close();
}
