package mobilellm.checkpoint;

import mobilellm.config.ModelConfig;
import mobilellm.gguf.GgufFile;
import mobilellm.tensor.Tensor;
import mobilellm.tokenizer.Tokenizer;
import mobilellm.tokenizer.TokenizerVocabulary;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A model in a GGUF file.
record GgufSource(GgufFile file) implements ModelSource {
    @Override
    public String name() {
        return file.path().toString();
    }

    @Override
    public ModelConfig config() {
        return new GgufConfigReader(file).read();
    }

    @Override
    public Map<String, Tensor> weights() {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        file.tensors().forEach(tensor -> weights.put(tensor.name(), tensor));
        weights.remove(GgufRopeReader.DIVISORS);
        return weights;
    }

    @Override
    public TensorNames names() {
        return TensorNames.GGUF;
    }

    @Override
    public boolean pairsInterleaved() {
        return Family.ofArchitecture(config().architecture())
                .orElseThrow()
                .pairsInterleavedInGguf();
    }

    @Override
    public Tokenizer tokenizer() {
        Tokenizer tokenizer = new GgufTokenizerReader(keys()).read();
        return EndingTokenizer.of(tokenizer, generationDefaults().endOfGeneration());
    }

    @Override
    public Optional<TokenizerVocabulary> vocabulary() {
        return new GgufTokenizerReader(keys()).vocabulary();
    }

    @Override
    public Optional<String> configText() {
        return keys().optionalString(GgufMetadata.CONFIG);
    }

    @Override
    public Optional<String> chatTemplate() {
        return keys().optionalString("tokenizer.chat_template");
    }

    @Override
    public GenerationDefaults generationDefaults() {
        // llama.cpp's converter writes them from generation_config.json since November 2025.
        Keys keys = keys();
        return new GenerationDefaults(
                Stream.of("tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id")
                        .flatMap(key -> keys.optionalIndex(key).stream().boxed())
                        .collect(Collectors.toSet()),
                Optional.empty(),
                keys.optionalNumber("general.sampling.temp"),
                keys.optionalIndex("general.sampling.top_k"),
                keys.optionalNumber("general.sampling.top_p"),
                keys.optionalNumber("general.sampling.min_p"),
                keys.optionalNumber("general.sampling.penalty_repeat"));
    }

    @Override
    public Map<String, Object> metadata() {
        return file.metadata();
    }

    @Override
    public List<Tensor> storedTensors() {
        return file.tensors();
    }

    @Override
    public long bytes() {
        return file.bytes();
    }

    @Override
    public String format() {
        return "GGUF v" + file.version();
    }

    @Override
    public List<String> warnings() {
        return List.of();
    }

    @Override
    public void requireUnchanged() throws IOException {
        file.requireUnchanged();
    }

    @Override
    public void close() {
        file.close();
    }

    private Keys keys() {
        return new Keys(name(), file.metadata());
    }
}
