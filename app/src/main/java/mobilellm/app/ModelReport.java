package mobilellm.app;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.config.Footprint;
import mobilellm.config.KvType;
import mobilellm.config.ModelConfig;
import mobilellm.engine.SessionOptions;
import mobilellm.kernel.PackedForm;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.UnsupportedModelException;
import mobilellm.tokenizer.Tokenizer;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/// What `info` tells about a model, before it is laid out for people or programs.
///
/// @param name what the user called it
/// @param file where it is
/// @param format such as `GGUF v3`
/// @param bytes size of the file
/// @param config sizes, with the layer sharing that the options ask for
/// @param context positions that the key/value cache is computed for
/// @param tensors as they are stored
/// @param tokenizer what is known of it
/// @param hasChatTemplate whether the file brings one
/// @param metadata what the file says about itself
record ModelReport(
        String name,
        String file,
        String format,
        long bytes,
        ModelConfig config,
        int context,
        List<Tensor> tensors,
        TokenizerReport tokenizer,
        boolean hasChatTemplate,
        Map<String, Object> metadata) {

    /// Stored tensors of one element type.
    ///
    /// @param tensors how many
    /// @param elements of all of them
    /// @param bytes of all of them
    record Share(int tensors, long elements, long bytes) {
        private Share plus(Tensor tensor) {
            return new Share(
                    tensors + 1,
                    elements + tensor.shape().elements(),
                    bytes + tensor.data().byteSize());
        }
    }

    /// What a model's tokenizer does, or why there is none.
    sealed interface TokenizerReport {
        /// A tokenizer that works.
        ///
        /// @param vocabulary how many tokens it has
        /// @param begin text of the token that begins a sequence, empty if there is none
        /// @param addsBegin whether the model expects that token before every text
        /// @param end texts of the tokens that end an answer
        record Usable(int vocabulary, String begin, boolean addsBegin, Set<String> end)
                implements TokenizerReport {}

        /// None, or one that this version cannot use.
        ///
        /// @param reason one sentence
        record Unusable(String reason) implements TokenizerReport {}
    }

    static ModelReport of(Models.Located model, Checkpoint checkpoint, ModelOptions options) {
        ModelConfig config = options.apply(checkpoint.config());
        return new ModelReport(
                model.name(),
                model.path().toString(),
                checkpoint.format(),
                checkpoint.fileBytes(),
                config,
                options.context().orElse(config.contextLength()),
                checkpoint.storedTensors(),
                tokenizer(checkpoint),
                checkpoint.chatTemplate().isPresent(),
                checkpoint.metadata());
    }

    /// A model whose tokenizer is missing or unknown still has a body worth looking at.
    private static TokenizerReport tokenizer(Checkpoint checkpoint) {
        Tokenizer tokenizer;
        try {
            tokenizer = checkpoint.tokenizer();
        } catch (MalformedFileException | UnsupportedModelException e) {
            return new TokenizerReport.Unusable(ErrorText.of(e));
        }
        Set<String> end = new TreeSet<>();
        tokenizer.endOfGeneration().forEach(id -> end.add(tokenizer.piece(id)));
        OptionalInt bos = tokenizer.bos();
        String begin = bos.isPresent() ? tokenizer.piece(bos.getAsInt()) : "";
        return new TokenizerReport.Usable(
                tokenizer.vocabularySize(), begin, tokenizer.addBos(), end);
    }

    /// By element type, in the order of [DType].
    Map<DType, Share> shares() {
        Map<DType, Share> shares = new EnumMap<>(DType.class);
        for (Tensor tensor : tensors) {
            Share share = shares.getOrDefault(tensor.type(), new Share(0, 0, 0));
            shares.put(tensor.type(), share.plus(tensor));
        }
        return shares;
    }

    /// Stored bits for each weight, scales included.
    double bitsPerWeight() {
        long elements = 0;
        long tensorBytes = 0;
        for (Share share : shares().values()) {
            elements += share.elements();
            tensorBytes += share.bytes();
        }
        return elements == 0 ? 0 : 8.0 * tensorBytes / elements;
    }

    int executedLayers() {
        return config.plan().visits().size();
    }

    long parametersWithoutEmbedding() {
        return config.parameters() - config.embeddingParameters();
    }

    /// Bytes that one position takes in the key/value cache, by element type.
    Map<String, Long> cacheBytesPerToken() {
        Footprint footprint = new Footprint(config);
        Map<String, Long> bytes = new LinkedHashMap<>();
        for (KvType type : KvType.fitting(config.headDim())) {
            String name = type.name().toLowerCase(Locale.ROOT);
            bytes.put(name, footprint.cacheBytesPerToken(type));
        }
        return bytes;
    }

    /// What running the model is likely to take: weights as they are packed, a full cache in F16, and the working
    /// memory of a prefill; Java itself is not counted.
    Memory memory() {
        Footprint footprint = new Footprint(config);
        long weights = tensors.stream().mapToLong(ModelReport::packedBytes).sum();
        return new Memory(
                weights,
                context * footprint.cacheBytesPerToken(KvType.F16),
                footprint.workingBytes(SessionOptions.DEFAULT_PREFILL_CHUNK));
    }

    private static long packedBytes(Tensor tensor) {
        return tensor.shape().rank() == 2
                ? PackedForm.of(tensor.type()).bytes(tensor.rows(), tensor.columns())
                : tensor.data().byteSize();
    }

    /// Bytes by what they are for.
    record Memory(long weights, long cache, long working) {
        long total() {
            return weights + cache + working;
        }
    }
}
