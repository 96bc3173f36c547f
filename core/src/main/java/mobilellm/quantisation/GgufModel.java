package mobilellm.quantisation;

import mobilellm.gguf.GgufValue;
import mobilellm.tensor.Tensor;

import java.util.List;
import java.util.Map;

/// A model as a GGUF file has it.
///
/// @param metadata by key, in order
/// @param tensors in order, under the names and with the rows that GGUF gives them
public record GgufModel(Map<String, GgufValue> metadata, List<Tensor> tensors) {
    static final String EMBEDDING = "token_embd.weight";
    private static final String HEAD = "output.weight";

    public GgufModel {
        tensors = List.copyOf(tensors);
    }

    /// Name of the matrix that makes the logits: the embedding where there is no other.
    String head() {
        return tensors.stream().anyMatch(tensor -> tensor.name().equals(HEAD)) ? HEAD : EMBEDDING;
    }

    /// All weights.
    public long elements() {
        return tensors.stream().mapToLong(tensor -> tensor.shape().elements()).sum();
    }

    /// Whether a tensor is a matrix; norms and biases are not, and stay as exact as they are.
    static boolean isMatrix(Tensor tensor) {
        return tensor.shape().rank() == 2;
    }
}
