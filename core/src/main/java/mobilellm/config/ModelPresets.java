package mobilellm.config;

import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/// Models whose sizes are published: MobileLLM (Liu et al. 2024, arXiv 2402.14905, table 9), its two variants with shared
/// layers, and SmolLM2, which has the same bodies.
public final class ModelPresets {
    private static final LayerSharing TWICE =
            new LayerSharing(LayerSharing.Strategy.IMMEDIATE, 2, LayerSharing.Cache.OWN);

    private static final SequencedMap<String, ModelConfig> PRESETS = new LinkedHashMap<>();

    static {
        PRESETS.put("125M", mobileLlm(30, 576, new Attention(9, 3, 64), 1536));
        PRESETS.put("350M", mobileLlm(32, 960, new Attention(15, 5, 64), 2560));
        PRESETS.put("600M", mobileLlm(40, 1152, new Attention(18, 6, 64), 3072));
        PRESETS.put("1B", mobileLlm(54, 1280, new Attention(20, 5, 64), 3584));
        PRESETS.put("1.5B", mobileLlm(54, 1600, new Attention(25, 5, 64), 4352));
        PRESETS.put(
                "LS-125M", mobileLlm(30, 576, new Attention(9, 3, 64), 1536).withSharing(TWICE));
        PRESETS.put(
                "LS-350M", mobileLlm(32, 960, new Attention(15, 5, 64), 2560).withSharing(TWICE));
        PRESETS.put("smollm2-135m", smolLm2(30, 576, new Attention(9, 3, 64), 1536));
        PRESETS.put("smollm2-360m", smolLm2(32, 960, new Attention(15, 5, 64), 2560));
    }

    private ModelPresets() {}

    /// The model of that name.
    public static Optional<ModelConfig> find(String name) {
        return Optional.ofNullable(PRESETS.get(name));
    }

    /// All names, the smallest model of each family first.
    public static Set<String> names() {
        return PRESETS.sequencedKeySet();
    }

    private static ModelConfig mobileLlm(
            int layers, int hiddenSize, Attention attention, int intermediateSize) {
        return config(layers, hiddenSize, attention, intermediateSize, 32_000, 2_048, 10_000);
    }

    private static ModelConfig smolLm2(
            int layers, int hiddenSize, Attention attention, int intermediateSize) {
        return config(layers, hiddenSize, attention, intermediateSize, 49_152, 8_192, 100_000);
    }

    private static ModelConfig config(
            int layers,
            int hiddenSize,
            Attention attention,
            int intermediateSize,
            int vocabularySize,
            int contextLength,
            double theta) {
        return new ModelConfig(
                "llama",
                layers,
                hiddenSize,
                attention,
                new FeedForward(intermediateSize),
                vocabularySize,
                contextLength,
                1e-5,
                new Rope(theta),
                true,
                LayerSharing.NONE);
    }
}
