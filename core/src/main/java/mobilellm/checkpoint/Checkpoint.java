package mobilellm.checkpoint;

import mobilellm.config.ModelConfig;
import mobilellm.gguf.GgufFile;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.UnsupportedModelException;
import mobilellm.tokenizer.Tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A model as it was stored, whatever the file format: what it is ([#config]), its weights by what they do ([#tensors]),
/// and what it needs to talk ([#tokenizer], [#chatTemplate]). Nothing behind this class knows a file format.
///
/// [#open] checks everything that a forward pass relies on: every tensor is there and has the shape that the configuration
/// asks for; sizes agree with each other and with the vocabulary; vectors hold finite numbers. Whether matrices do is seen when
/// they are packed. What this version does not do
/// (experts, sliding windows ...) is refused by name, never ignored.
///
/// Formats: GGUF files of architecture `llama`, `qwen2`, `qwen3` or `mobilellm`, and directories as the Hugging Face hub has them
/// (docs/formats.md).
public final class Checkpoint implements AutoCloseable {
    private final ModelSource source;
    private final ModelConfig config;
    private final ModelTensors tensors;

    private Checkpoint(ModelSource source) {
        this.source = source;
        this.config = source.config();
        this.tensors = new TensorReader(source, config).read();
    }

    /// Opens a GGUF file (known by its first bytes, not by its name), a directory with `config.json` and weights in
    /// safetensors or PyTorch files, or a directory with exactly one `.gguf` file or exactly one model that was split into
    /// several.
    ///
    /// @throws MalformedFileException if a file contradicts its format or itself
    /// @throws UnsupportedModelException if the model needs something that this version does not do
    /// @throws IOException if there is nothing to open
    public static Checkpoint open(Path fileOrDirectory) throws IOException {
        ModelSource source = ModelSource.open(fileOrDirectory);
        try {
            return new Checkpoint(source);
        } catch (Throwable e) {
            source.close();
            throw e;
        }
    }

    /// The one GGUF file that [#open] opens; empty where it opens a directory of other files.
    ///
    /// @throws IOException if there is nothing to open
    public static Optional<Path> ggufFile(Path fileOrDirectory) throws IOException {
        return ModelSource.ggufFile(fileOrDirectory);
    }

    /// Refuses files that were written to since they were opened: call this when everything was read.
    ///
    /// @throws MalformedFileException if one was
    public void requireUnchanged() throws IOException {
        source.requireUnchanged();
    }

    public ModelConfig config() {
        return config;
    }

    /// The weights; valid until [#close].
    public ModelTensors tensors() {
        return tensors;
    }

    /// The tokenizer, built anew at each call: keep it.
    ///
    /// @throws MalformedFileException if the file has none, or one that contradicts itself
    /// @throws UnsupportedModelException if it is of a kind that this version does not know
    public Tokenizer tokenizer() {
        return source.tokenizer();
    }

    /// The Jinja template that turns a conversation into text.
    ///
    /// @throws MalformedFileException if the file has one that is no string
    public Optional<String> chatTemplate() {
        return source.chatTemplate();
    }

    /// What the makers of the model recommend for generating.
    ///
    /// @throws MalformedFileException if what they wrote makes no sense
    public GenerationDefaults generationDefaults() {
        return source.generationDefaults();
    }

    /// What a user should know although the model can be run: which of two files was taken, what was not believed.
    public List<String> warnings() {
        return source.warnings();
    }

    /// Everything that the file says about itself, by the file's own keys: for GGUF see [GgufFile#metadata] for the types;
    /// of a directory the members of `config.json`.
    public Map<String, Object> metadata() {
        return source.metadata();
    }

    /// The tensors as they lie in the file, under the file's own names.
    public List<Tensor> storedTensors() {
        return source.storedTensors();
    }

    /// Size of the file, or of all files that hold weights.
    public long fileBytes() {
        return source.bytes();
    }

    /// Name and version of the file format, such as `GGUF v3` or `safetensors, 3 files`.
    public String format() {
        return source.format();
    }

    /// Frees the weights; no tensor of this checkpoint may be used any more.
    @Override
    public void close() {
        source.close();
    }
}
