package mobilellm.checkpoint;

import mobilellm.config.ModelConfig;
import mobilellm.gguf.GgufFile;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.UnsupportedModelException;
import mobilellm.tokenizer.Tokenizer;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// A model as it was stored, whatever the file format: what it is ([#config]), its weights by what they do ([#tensors]),
/// and what it needs to talk ([#tokenizer], [#chatTemplate]). Nothing behind this class knows a file format.
///
/// [#open] checks everything that a forward pass relies on: every tensor is there, has the shape that the configuration
/// asks for and holds finite numbers; sizes agree with each other and with the vocabulary. What this version does not do
/// (experts, biases, RoPE scaling ...) is refused by name, never ignored.
///
/// Today: GGUF files of architecture `llama` or `mobilellm`.
public final class Checkpoint implements AutoCloseable {
    private static final String GGUF_SUFFIX = ".gguf";

    private final GgufFile file;
    private final Arena arena;
    private final ModelConfig config;
    private final ModelTensors tensors;

    private Checkpoint(GgufFile file, Arena arena) {
        this.file = file;
        this.arena = arena;
        this.config = new ConfigReader(file).read();
        this.tensors = new TensorReader(file, config, arena).read();
    }

    /// Opens a GGUF file (known by its first bytes, not by its name), or a directory with exactly one `.gguf` file or
    /// exactly one model that was split into several.
    ///
    /// @throws MalformedFileException if the file contradicts its format or itself
    /// @throws UnsupportedModelException if the model needs something that this version does not do
    /// @throws IOException if there is nothing to open
    public static Checkpoint open(Path fileOrDirectory) throws IOException {
        Path path =
                Files.isDirectory(fileOrDirectory) ? onlyFile(fileOrDirectory) : fileOrDirectory;
        if (!GgufFile.hasMagic(path)) {
            throw new MalformedFileException(
                    path
                            + ": not a GGUF file (its first four bytes are not 'GGUF'); supported"
                            + " are GGUF files and directories with one of them");
        }
        GgufFile file = GgufFile.open(path);
        Arena arena = Arena.ofShared();
        try {
            return new Checkpoint(file, arena);
        } catch (Throwable e) {
            arena.close();
            file.close();
            throw e;
        }
    }

    private static Path onlyFile(Path directory) throws IOException {
        List<Path> found;
        try (Stream<Path> entries = Files.list(directory)) {
            found =
                    entries.filter(entry -> entry.toString().endsWith(GGUF_SUFFIX))
                            .filter(entry -> !GgufFile.isLaterPart(entry))
                            .sorted()
                            .toList();
        }
        if (found.size() == 1) {
            return found.getFirst();
        }
        String reason =
                found.isEmpty()
                        ? "holds no .gguf file; supported are GGUF files and directories with one"
                                + " of them"
                        : "holds %d .gguf files, such as %s; name the one to open"
                                .formatted(found.size(), found.getFirst().getFileName());
        throw new FileSystemException(directory.toString(), null, reason);
    }

    /// Refuses a file that was written to since it was opened: call this when everything was read.
    ///
    /// @throws MalformedFileException if it was
    public void requireUnchanged() throws IOException {
        file.requireUnchanged();
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
        return new TokenizerReader(new Keys(file)).read();
    }

    /// The Jinja template that turns a conversation into text.
    ///
    /// @throws MalformedFileException if the file has one that is no string
    public Optional<String> chatTemplate() {
        return new Keys(file).optionalString("tokenizer.chat_template");
    }

    /// Everything that the file says about itself, by the file's own keys; see [GgufFile#metadata] for the types.
    public Map<String, Object> metadata() {
        return file.metadata();
    }

    /// The tensors as they lie in the file, under the file's own names.
    public List<Tensor> storedTensors() {
        return file.tensors();
    }

    public long fileBytes() {
        return file.bytes();
    }

    /// Name and version of the file format, such as `GGUF v3`.
    public String format() {
        return "GGUF v" + file.version();
    }

    /// Frees the weights; no tensor of this checkpoint may be used any more.
    @Override
    public void close() {
        arena.close();
        file.close();
    }
}
