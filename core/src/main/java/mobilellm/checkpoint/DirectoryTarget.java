package mobilellm.checkpoint;

import mobilellm.config.LayerPlan;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.file.ByteSink;
import mobilellm.file.JsonText;
import mobilellm.file.OutputFile;
import mobilellm.file.OutputFile.Written;
import mobilellm.file.OutputFolder;
import mobilellm.file.Sha256;
import mobilellm.quant.Dequantise;
import mobilellm.quant.Quantise;
import mobilellm.quant.Rounding;
import mobilellm.safetensors.SafetensorsWriter;
import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.TensorInfo;
import mobilellm.tensor.UnsupportedModelException;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// Writes a model as a directory: weights in safetensors files, `config.json`, and the files about text.
///
/// @param source where it is read
/// @param config what the directory shall compute
/// @param family what kind of model it is, unless the source remembers a `config.json` that says more
record DirectoryTarget(ModelSource source, ModelConfig config, Family family) {
    static final Set<DType> TYPES = Set.of(DType.F32, DType.F16, DType.BF16);

    private static final String CONFIG = "config.json";
    private static final String STEM = "model";
    private static final String SUFFIX = ".safetensors";

    Conversion.Result write(
            Path from, Path to, Conversion.Options options, Conversion.Listener listener)
            throws IOException {
        Optional<ConfigJson> remembered =
                options.expandLayers() ? Optional.empty() : rememberedConfig();
        Family target = remembered.map(ConfigJson::family).orElse(family);
        LayerPlan plan =
                options.expandLayers()
                        ? source.config().plan()
                        : LayerPlan.of(config.layers(), LayerSharing.NONE);
        DType matrices = options.type().orElseGet(this::typeOfMatrices);
        TargetTensors tensors =
                new TargetTensors(
                        source,
                        plan,
                        TensorNames.huggingFace("model.", target.feedForward()),
                        target.pairsInterleaved(),
                        stored -> type(stored, options.type(), matrices),
                        listener);
        List<String> notes = new ArrayList<>();
        TextFilesWriter texts = new TextFilesWriter(source, config, notes);
        String configText =
                remembered
                        .map(json -> withType(json.text(), tensors.mainType()))
                        .orElseGet(() -> texts.config(target, tensors.mainType()));
        List<List<TensorInfo>> shards = shards(tensors.infos(), options.shardBytes());
        try (OutputFolder folder = OutputFolder.create(to, options.replace(), CONFIG, from)) {
            MessageDigest all = Sha256.start();
            List<Written> files = new ArrayList<>();
            Map<String, String> fileOf = new LinkedHashMap<>();
            for (int i = 0; i < shards.size(); i++) {
                String name = name(i, shards.size());
                shards.get(i).forEach(tensor -> fileOf.put(tensor.name(), name));
                try (OutputFile file = folder.file(name)) {
                    ByteSink sink = shards.size() == 1 ? file : both(file, all);
                    SafetensorsWriter.write(
                            SafetensorsWriter.PYTORCH, shards.get(i), tensors, sink);
                    Written written = file.commit();
                    files.add(new Written(to.resolve(name), written.bytes(), written.sha256()));
                }
            }
            if (shards.size() > 1) {
                text(folder, STEM + SUFFIX + ".index.json", index(tensors.infos(), fileOf));
            }
            text(folder, CONFIG, configText);
            for (Map.Entry<String, byte[]> file : texts.others(options.expandLayers()).entrySet()) {
                bytes(folder, file.getKey(), file.getValue());
            }
            source.requireUnchanged();
            folder.commit();
            String sum = files.size() == 1 ? files.getFirst().sha256() : Sha256.finish(all);
            return new Conversion.Result(to, tensors.infos().size(), files, sum, notes);
        }
    }

    /// The `config.json` that the model once had, if it is still that of this model.
    private Optional<ConfigJson> rememberedConfig() {
        Optional<String> text = source.configText();
        if (text.isEmpty()) {
            return Optional.empty();
        }
        ConfigJson json = ConfigJson.parse(text.get(), Path.of(source.name()));
        ModelConfig other = json.config();
        ModelConfig same =
                new ModelConfig(
                        config.architecture(),
                        other.layers(),
                        other.hiddenSize(),
                        other.attention(),
                        other.feedForward(),
                        other.vocabularySize(),
                        other.contextLength(),
                        other.rmsNormEpsilon(),
                        config.rope(),
                        other.tiedEmbedding(),
                        other.sharing());
        boolean holds =
                same.equals(config)
                        && ConfigJsonWriter.sameRotation(
                                other.rope(), config.rope(), config.headDim());
        return Optional.of(json).filter(_ -> holds);
    }

    /// The same text with another type of weights.
    private static String withType(String config, DType type) {
        return config.replaceAll(
                "(\"(?:torch_)?dtype\"\\s*:\\s*)\"[a-z0-9]+\"",
                "$1\"" + ConfigJsonWriter.dtype(type) + "\"");
    }

    /// What the embedding is stored in, or dequantised to.
    private DType typeOfMatrices() {
        return plain(new TensorReader(source, source.config()).read().embedding().type());
    }

    private static DType plain(DType stored) {
        return stored.isQuantised() ? DType.F32 : stored;
    }

    /// A GGUF file has vectors in F32 whatever they were: they become what the matrices are, where that loses nothing.
    private DType type(Tensor stored, Optional<DType> wanted, DType matrices) {
        boolean widened =
                source instanceof GgufSource
                        && stored.shape().rank() == 1
                        && stored.type() == DType.F32;
        if (wanted.isEmpty() && widened && TYPES.contains(matrices)) {
            return holds(stored, matrices) ? matrices : DType.F32;
        }
        return wanted.orElse(plain(stored.type()));
    }

    private boolean holds(Tensor vector, DType type) {
        try {
            byte[] narrow = Quantise.rows(vector, 0, 1, type, new Rounding.Reference());
            Tensor other =
                    new Tensor(vector.name(), type, vector.shape(), MemorySegment.ofArray(narrow));
            return Arrays.equals(Dequantise.toFloat(other), Dequantise.toFloat(vector));
        } catch (UnsupportedModelException e) {
            return false; // A number is too large for the type.
        }
    }

    /// Tensors in their order, as many to a file as fit, but one at least.
    private static List<List<TensorInfo>> shards(List<TensorInfo> infos, OptionalLong most) {
        List<List<TensorInfo>> shards = new ArrayList<>(List.of(new ArrayList<>()));
        long bytes = 0;
        for (TensorInfo info : infos) {
            if (bytes > 0 && bytes + info.bytes() > most.orElse(Long.MAX_VALUE)) {
                shards.add(new ArrayList<>());
                bytes = 0;
            }
            shards.getLast().add(info);
            bytes += info.bytes();
        }
        return shards;
    }

    private static String name(int shard, int shards) {
        return shards == 1
                ? STEM + SUFFIX
                : "%s-%05d-of-%05d%s".formatted(STEM, shard + 1, shards, SUFFIX);
    }

    private static String index(List<TensorInfo> infos, Map<String, String> fileOf) {
        long total = infos.stream().mapToLong(TensorInfo::bytes).sum();
        Map<String, Object> index = new LinkedHashMap<>();
        index.put("metadata", Map.of("total_size", total));
        index.put("weight_map", fileOf);
        return JsonText.document(index);
    }

    private static ByteSink both(OutputFile file, MessageDigest digest) {
        return bytes -> {
            digest.update(bytes.asByteBuffer());
            file.write(bytes);
        };
    }

    private static void text(OutputFolder folder, String name, String text) throws IOException {
        bytes(folder, name, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void bytes(OutputFolder folder, String name, byte[] bytes) throws IOException {
        try (OutputFile file = folder.file(name)) {
            file.write(MemorySegment.ofArray(bytes));
            file.commit();
        }
    }
}
