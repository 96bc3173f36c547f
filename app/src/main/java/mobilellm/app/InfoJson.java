package mobilellm.app;

import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// A [ModelReport] for programs.
final class InfoJson {
    /// Longer lists (the vocabulary, its merges) are told by their length.
    private static final int LONGEST_LIST = 64;

    private InfoJson() {}

    static Map<String, Object> of(ModelReport report) {
        ModelConfig config = report.config();
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("name", report.name());
        object.put("path", report.file());
        object.put("format", report.format());
        object.put("bytes", report.bytes());
        object.put("architecture", config.architecture());
        object.put("layers", config.layers());
        object.put("executed_layers", report.executedLayers());
        object.put("hidden_size", config.hiddenSize());
        object.put("intermediate_size", config.intermediateSize());
        object.put("heads", config.heads());
        object.put("kv_heads", config.keyValueHeads());
        object.put("head_dim", config.headDim());
        object.put("vocabulary", config.vocabularySize());
        object.put("context", config.contextLength());
        object.put("rms_norm_epsilon", config.rmsNormEpsilon());
        object.put("rope_theta", config.rope().theta());
        object.put("parameters", config.parameters());
        object.put("parameters_without_embedding", report.parametersWithoutEmbedding());
        object.put("tied", config.tiedEmbedding());
        object.put("sharing", sharing(config.sharing()));
        object.put("bytes_by_type", bytesByType(report));
        object.put("bits_per_weight", report.bitsPerWeight());
        object.put("kv_bytes_per_token", report.cacheBytesPerToken());
        object.put("memory", memory(report.memory()));
        object.put("tokenizer", tokenizer(report.tokenizer()));
        object.put("chat_template", report.hasChatTemplate());
        object.put("metadata", metadata(report.metadata()));
        object.put("tensors", report.tensors().stream().map(InfoJson::tensor).toList());
        return object;
    }

    private static Map<String, Object> sharing(LayerSharing sharing) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("strategy", sharing.strategy().word());
        object.put("repeats", sharing.repeats());
        object.put("cache", sharing.cache().word());
        return object;
    }

    private static Map<String, Long> bytesByType(ModelReport report) {
        Map<String, Long> bytes = new LinkedHashMap<>();
        report.shares().forEach((type, share) -> bytes.put(name(type), share.bytes()));
        return bytes;
    }

    private static Map<String, Object> memory(ModelReport.Memory memory) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("weight_bytes", memory.weights());
        object.put("cache_bytes", memory.cache());
        object.put("working_bytes", memory.working());
        object.put("total_bytes", memory.total());
        return object;
    }

    private static Map<String, Object> tokenizer(ModelReport.TokenizerReport tokenizer) {
        Map<String, Object> object = new LinkedHashMap<>();
        switch (tokenizer) {
            case ModelReport.TokenizerReport.Usable usable -> {
                object.put("vocabulary", usable.vocabulary());
                object.put("bos", usable.begin());
                object.put("add_bos", usable.addsBegin());
                object.put("end_of_generation", usable.end());
            }
            case ModelReport.TokenizerReport.Unusable unusable ->
                    object.put("error", unusable.reason());
        }
        return object;
    }

    private static Map<String, Object> metadata(Map<String, Object> metadata) {
        Map<String, Object> object = new LinkedHashMap<>();
        metadata.forEach(
                (key, value) ->
                        object.put(
                                key,
                                value instanceof List<?> list && list.size() > LONGEST_LIST
                                        ? Map.of("length", list.size())
                                        : value));
        return object;
    }

    private static Map<String, Object> tensor(Tensor tensor) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("name", tensor.name());
        object.put("type", name(tensor.type()));
        object.put("shape", tensor.shape().dimensions());
        object.put("bytes", tensor.data().byteSize());
        return object;
    }

    /// As options spell it: `q4_1`.
    private static String name(DType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }
}
