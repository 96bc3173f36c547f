package mobilellm.checkpoint;

import mobilellm.config.Attention.QueryKeyNorm;
import mobilellm.config.FeedForward.Activation;
import mobilellm.config.LayerPlan;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.config.Rope;
import mobilellm.config.RopeScaling;
import mobilellm.file.OutputFile;
import mobilellm.gguf.GgufValue;
import mobilellm.gguf.GgufWriter;
import mobilellm.tensor.DType;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.TensorInfo;
import mobilellm.tokenizer.TokenizerVocabulary;

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
import java.util.Set;
import java.util.TreeSet;

/// Writes a model as a GGUF file.
///
/// @param source where it is read
/// @param config what the file shall compute
/// @param family what kind of model it is
record GgufTarget(ModelSource source, ModelConfig config, Family family) {
    private static final ValueLayout.OfFloat LITTLE_ENDIAN =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final String EOT = "tokenizer.ggml.eot_token_id";

    Conversion.Result write(
            Path from, Path to, Conversion.Options options, Conversion.Listener listener)
            throws IOException {
        ModelConfig target = config.withArchitecture(architecture());
        LayerPlan plan =
                options.expandLayers()
                        ? source.config().plan()
                        : LayerPlan.of(config.layers(), LayerSharing.NONE);
        TargetTensors tensors =
                new TargetTensors(
                        source,
                        plan,
                        TensorNames.GGUF,
                        family.pairsInterleavedInGguf(),
                        stored -> type(stored, options.type()),
                        listener);
        divisors().ifPresent(t -> tensors.add(t.name(), t));
        List<String> notes = new ArrayList<>();
        Map<String, GgufValue> metadata =
                source instanceof GgufSource gguf
                        ? copied(gguf, target, tensors.mainType())
                        : made(target, tensors.mainType(), from, options.expandLayers(), notes);
        List<TensorInfo> infos = tensors.infos();
        try (OutputFile file = OutputFile.create(to, options.replace(), from)) {
            GgufWriter.write(metadata, infos, tensors, file);
            source.requireUnchanged();
            OutputFile.Written written = file.commit();
            return new Conversion.Result(
                    written.path(), infos.size(), List.of(written), written.sha256(), notes);
        }
    }

    /// What engines for Llama can run is called so; what they would run wrongly is not. Nor is a Llama 4 without experts called
    /// `llama4`: llama.cpp v0.5.0 refuses such files, and its graph leaves the last layer unrotated.
    private String architecture() {
        return switch (family) {
            case MOBILELLM, LLAMA, LLAMA4 ->
                    config.sharing().strategy() != LayerSharing.Strategy.NONE
                                    || config.attention().norm() != QueryKeyNorm.NONE
                                    || config.feedForward().activation() == Activation.RELU
                            ? Family.MOBILELLM.modelType()
                            : Family.LLAMA.modelType();
            case QWEN2, QWEN3 -> family.modelType();
        };
    }

    /// ggml has no operations on vectors that are not F32.
    private static DType type(Tensor stored, Optional<DType> wanted) {
        if (stored.shape().rank() < 2) {
            return DType.F32;
        }
        return wanted.orElse(stored.type() == DType.F64 ? DType.F32 : stored.type());
    }

    /// The scaling of Llama 3 as what each pair's frequency is divided by.
    private Optional<Tensor> divisors() {
        Rope rope = config.rope();
        if (!(rope.scaling() instanceof RopeScaling.Llama3)
                && !(rope.scaling() instanceof RopeScaling.PerPair)) {
            return Optional.empty();
        }
        double[] plain = new Rope(rope.theta()).frequencies(config.headDim());
        double[] scaled = rope.frequencies(config.headDim());
        float[] divisors = new float[plain.length];
        for (int i = 0; i < plain.length; i++) {
            divisors[i] = (float) (plain[i] / scaled[i]);
        }
        MemorySegment bytes = MemorySegment.ofArray(new byte[Float.BYTES * divisors.length]);
        for (int i = 0; i < divisors.length; i++) {
            bytes.set(LITTLE_ENDIAN, (long) i * Float.BYTES, divisors[i]);
        }
        return Optional.of(
                new Tensor(GgufRopeReader.DIVISORS, DType.F32, Shape.of(divisors.length), bytes));
    }

    /// All that the source says, but for what changes.
    private Map<String, GgufValue> copied(GgufSource gguf, ModelConfig target, DType type) {
        Map<String, GgufValue> old = new LinkedHashMap<>(gguf.file().typedMetadata());
        old.keySet().removeIf(key -> key.startsWith("split."));
        ModelConfig before = gguf.config();
        if (before.equals(target)) {
            GgufMetadata metadata = new GgufMetadata(target, old);
            metadata.fileType(type);
            return old;
        }
        GgufMetadata metadata = new GgufMetadata(target);
        metadata.general("", type);
        metadata.values().remove(GgufMetadata.NAME);
        metadata.model();
        old.remove(GgufMetadata.CONFIG);
        old.keySet().removeIf(key -> key.startsWith(before.architecture() + "."));
        old.forEach(metadata.values()::putIfAbsent);
        return metadata.values();
    }

    private Map<String, GgufValue> made(
            ModelConfig target, DType type, Path from, boolean expanded, List<String> notes) {
        GgufMetadata metadata = new GgufMetadata(target);
        metadata.general(name(from), type);
        metadata.sampling(source.generationDefaults());
        metadata.model();
        GgufVocabulary writer =
                new GgufVocabulary(metadata, target.vocabularySize(), source.name());
        Optional<TokenizerVocabulary> vocabulary = source.vocabulary();
        vocabulary.ifPresentOrElse(writer::write, writer::writeNone);
        Set<Integer> ends = new TreeSet<>(source.generationDefaults().endOfGeneration());
        vocabulary.ifPresent(v -> v.eos().ifPresent(ends::remove));
        if (vocabulary.isPresent() && !ends.isEmpty()) {
            metadata.size(EOT, ends.iterator().next());
        }
        if (vocabulary.isPresent() && ends.size() > 1) {
            notes.add(
                    "%s: of the ids that end an answer beside eos, %s, a GGUF file can name one"
                            .formatted(source.name(), ends));
        }
        source.chatTemplate()
                .ifPresent(template -> metadata.text("tokenizer.chat_template", template));
        if (!expanded) {
            source.configText().ifPresent(text -> metadata.text(GgufMetadata.CONFIG, text));
        }
        return metadata.values();
    }

    private String name(Path from) {
        return source.metadata().get("_name_or_path") instanceof String name && !name.isBlank()
                ? name
                : String.valueOf(from.toAbsolutePath().normalize().getFileName());
    }
}
