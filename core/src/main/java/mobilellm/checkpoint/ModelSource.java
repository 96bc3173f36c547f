package mobilellm.checkpoint;

import mobilellm.config.ModelConfig;
import mobilellm.gguf.GgufFile;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;
import mobilellm.tokenizer.Tokenizer;
import mobilellm.tokenizer.TokenizerVocabulary;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// A model in one format: what the format knows, in terms of no format.
sealed interface ModelSource extends AutoCloseable permits GgufSource, DirectorySource {
    /// Opens what [Checkpoint#open] does.
    static ModelSource open(Path path) throws IOException {
        Optional<Path> file = ggufFile(path);
        return file.isPresent() ? gguf(file.get()) : DirectorySource.open(path);
    }

    /// The one file that [#open] opens: the file itself, or the only GGUF file of a directory. Empty for a directory that is a
    /// model by itself.
    ///
    /// @throws IOException if a directory is neither
    static Optional<Path> ggufFile(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return Optional.of(path);
        }
        return DirectorySource.isModel(path) ? Optional.empty() : Optional.of(onlyFile(path));
    }

    private static ModelSource gguf(Path path) throws IOException {
        if (!GgufFile.hasMagic(path)) {
            throw new MalformedFileException(
                    path
                            + ": not a GGUF file (its first four bytes are not 'GGUF'); supported"
                            + " are GGUF files, and directories with config.json and weights in"
                            + " safetensors or PyTorch files");
        }
        return new GgufSource(GgufFile.open(path));
    }

    private static Path onlyFile(Path directory) throws IOException {
        List<Path> found;
        try (Stream<Path> entries = Files.list(directory)) {
            found =
                    entries.filter(entry -> entry.toString().endsWith(".gguf"))
                            .filter(entry -> !GgufFile.isLaterPart(entry))
                            .sorted()
                            .toList();
        }
        if (found.size() == 1) {
            return found.getFirst();
        }
        String reason =
                found.isEmpty()
                        ? "holds neither a .gguf file nor config.json with weights"
                                + " (model.safetensors, pytorch_model.bin or the index of either)"
                        : "holds %d .gguf files, such as %s; name the one to open"
                                .formatted(found.size(), found.getFirst().getFileName());
        throw new FileSystemException(directory.toString(), null, reason);
    }

    /// The file or directory, for messages.
    String name();

    ModelConfig config();

    /// Everything that has to be a weight of the model, by the name that the format gives it. A tensor that the format has
    /// beside the weights is not among them.
    Map<String, Tensor> weights();

    TensorNames names();

    /// Whether RoPE turns rows `2i` and `2i + 1` of a head together; else, and everywhere behind the checkpoint, rows `i`
    /// and `headDim / 2 + i`.
    boolean pairsInterleaved();

    Tokenizer tokenizer();

    /// What the tokenizer is made of, to be written in another format; empty where there is none.
    ///
    /// @throws UnsupportedModelException if no other format can say what it does
    Optional<TokenizerVocabulary> vocabulary();

    Optional<String> chatTemplate();

    GenerationDefaults generationDefaults();

    Map<String, Object> metadata();

    /// As they lie in the files.
    List<Tensor> storedTensors();

    long bytes();

    String format();

    /// The `config.json` of a directory, or the one that a GGUF file was once made from.
    Optional<String> configText();

    /// What a user should know although the model can be run.
    List<String> warnings();

    /// Refuses files that were written to since they were opened.
    void requireUnchanged() throws IOException;

    @Override
    void close();
}
