package mobilellm.checkpoint;

import mobilellm.checkpoint.WeightFiles.Layout;
import mobilellm.config.ModelConfig;
import mobilellm.file.MappedFile;
import mobilellm.tensor.Tensor;
import mobilellm.tokenizer.Tokenizer;
import mobilellm.tokenizer.TokenizerVocabulary;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// A model directory as the Hugging Face hub has it: `config.json`, weights, and files about text.
final class DirectorySource implements ModelSource {
    private static final String CONFIG = "config.json";

    /// Buffers that old versions of Transformers stored; they follow from the configuration.
    private static final String FREQUENCIES = "rotary_emb.inv_freq";

    private final Path directory;
    private final WeightFiles files;
    private final ConfigJson configJson;
    private final TextFiles text;
    private final String prefix;
    private final List<String> warnings;
    private final Map<String, Tensor> weights;

    private DirectorySource(Path directory, WeightFiles files, ConfigJson configJson)
            throws IOException {
        this.directory = directory;
        this.files = files;
        this.configJson = configJson;
        this.text = new TextFiles(directory, configJson);
        this.prefix =
                files.tensors().keySet().stream().anyMatch(name -> name.startsWith("model."))
                        ? "model."
                        : "";
        this.warnings = new ArrayList<>(configJson.warnings());
        this.weights = readWeights();
    }

    /// Whether the directory holds a configuration and weights.
    static boolean isModel(Path directory) {
        return Files.exists(directory.resolve(CONFIG))
                && Stream.of(Layout.values()).anyMatch(l -> l.isIn(directory));
    }

    static DirectorySource open(Path directory) throws IOException {
        ConfigJson config = ConfigJson.read(directory.resolve(CONFIG));
        List<Layout> layouts =
                Stream.of(Layout.values()).filter(layout -> layout.isIn(directory)).toList();
        // A bot converted the first releases of MobileLLM to safetensors, wrongly; the authors'
        // file is the .bin.
        boolean authors = config.family() == Family.MOBILELLM && layouts.size() > 1;
        Layout layout = authors ? Layout.TORCH : layouts.getFirst();
        if (authors) {
            config.warnings()
                    .add(
                            "%s: has both %s and %s; of MobileLLM %s is used, because safetensors files of its first releases"
                                            .formatted(
                                                    directory,
                                                    Layout.SAFETENSORS.file(),
                                                    Layout.TORCH.file(),
                                                    Layout.TORCH.file())
                                    + " were wrong; remove the one that you do not want");
        }
        WeightFiles files = WeightFiles.open(directory, layout);
        try {
            return new DirectorySource(directory, files, config);
        } catch (Throwable e) {
            files.close();
            throw e;
        }
    }

    @Override
    public String name() {
        return directory.toString();
    }

    @Override
    public ModelConfig config() {
        return configJson.config();
    }

    @Override
    public Map<String, Tensor> weights() {
        return weights;
    }

    private Map<String, Tensor> readWeights() {
        Map<String, Tensor> all = new LinkedHashMap<>(files.tensors());
        all.keySet().removeIf(name -> name.endsWith(FREQUENCIES));
        if (config().tiedEmbedding()) {
            Optional<Tensor> head = Optional.ofNullable(all.remove(names().outputHeadWeight()));
            Optional<Tensor> embedding = Optional.ofNullable(all.get(names().embeddingWeight()));
            if (head.isPresent() && embedding.isPresent()) {
                requireSame(head.get(), embedding.get());
            }
        }
        return all;
    }

    /// A head beside a shared embedding should be the embedding once more. It was not in the safetensors files that a
    /// bot had made of the first MobileLLM releases, and they gave nonsense.
    private void requireSame(Tensor head, Tensor embedding) {
        long difference = MappedFile.reading(name(), () -> head.data().mismatch(embedding.data()));
        if (difference >= 0 || head.type() != embedding.type()) {
            warnings.add(
                    "%s: tensor '%s' differs from the embedding, although %s says that they are shared; the embedding"
                                    .formatted(name(), head.name(), configJson.path())
                            + " is used as the head. If the model writes nonsense, take other files"
                            + " of it (of MobileLLM pytorch_model.bin), or set share_embedding and"
                            + " tie_word_embeddings to false");
        }
    }

    @Override
    public TensorNames names() {
        return TensorNames.huggingFace(prefix, configJson.family().feedForward());
    }

    @Override
    public boolean pairsInterleaved() {
        return configJson.family().pairsInterleaved();
    }

    @Override
    public Tokenizer tokenizer() {
        return text.tokenizer();
    }

    @Override
    public Optional<TokenizerVocabulary> vocabulary() {
        return text.vocabulary();
    }

    @Override
    public Optional<String> configText() {
        return Optional.of(configJson.text());
    }

    /// Where the files are.
    Path directory() {
        return directory;
    }

    Family family() {
        return configJson.family();
    }

    @Override
    public Optional<String> chatTemplate() {
        return text.chatTemplate();
    }

    @Override
    public GenerationDefaults generationDefaults() {
        return text.generationDefaults();
    }

    @Override
    public Map<String, Object> metadata() {
        return configJson.keys().all();
    }

    @Override
    public List<Tensor> storedTensors() {
        return List.copyOf(files.tensors().values());
    }

    @Override
    public long bytes() {
        return files.bytes();
    }

    @Override
    public String format() {
        return files.format();
    }

    @Override
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    @Override
    public void requireUnchanged() throws IOException {
        files.requireUnchanged();
    }

    @Override
    public void close() {
        files.close();
    }
}
