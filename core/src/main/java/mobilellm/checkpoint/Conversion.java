package mobilellm.checkpoint;

import mobilellm.config.Attention.QueryKeyNorm;
import mobilellm.config.FeedForward.Activation;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.file.OutputFile.Written;
import mobilellm.quant.Quantise;
import mobilellm.tensor.DType;
import mobilellm.tensor.UnsupportedModelException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Writes a model in another form: a GGUF file where the target's name ends in `.gguf`, else a directory as the Hugging
/// Face hub has it. Tensors stream from the source to the target, a few rows at a time, so memory does not grow with the
/// model. What is written appears whole or not at all.
///
/// What the forms say differently is translated (names of tensors and keys, order of the rows of queries and keys,
/// tokenizers); what the target cannot say is refused by name.
public final class Conversion {
    /// What to change on the way.
    ///
    /// @param type of the weights; if empty, each keeps its own. In GGUF files norms, biases and other vectors are always
    ///     F32, which ggml wants
    /// @param expandLayers whether to write shared layers out, as a plain Llama model that computes the same
    /// @param shardBytes most bytes of tensors in a file of a directory; if empty, all are in one
    /// @param replace whether a target that is there already may be replaced
    public record Options(
            Optional<DType> type, boolean expandLayers, OptionalLong shardBytes, boolean replace) {}

    /// Hears how far it is.
    public interface Listener {
        /// Called after each tensor.
        ///
        /// @param name of the tensor in the target
        /// @param done bytes of tensors that were written so far, of `total`
        void written(String name, long done, long total);
    }

    /// What was written.
    ///
    /// @param path the file or directory
    /// @param tensors how many there are
    /// @param files those with weights, named as they are in the end
    /// @param sha256 of the bytes of all these files, one after the other
    /// @param notes what the target says otherwise than the source did
    public record Result(
            Path path, int tensors, List<Written> files, String sha256, List<String> notes) {
        /// Bytes of the files with weights.
        public long bytes() {
            return files.stream().mapToLong(Written::bytes).sum();
        }
    }

    private final ModelSource source;
    private final Path from;
    private final Path to;
    private final Options options;
    private final Listener listener;

    private Conversion(ModelSource source, Path from, Path to, Options options, Listener listener) {
        this.source = source;
        this.from = from;
        this.to = to;
        this.options = options;
        this.listener = listener;
    }

    /// Whether a target of this name is a GGUF file.
    public static boolean isGguf(Path target) {
        return target.toString().endsWith(".gguf");
    }

    /// Converts a model.
    ///
    /// @param from what [Checkpoint#open] opens
    /// @throws mobilellm.tensor.MalformedFileException if the source contradicts its format or itself, or holds NaN or
    ///     infinity
    /// @throws UnsupportedModelException if the target has no form for something, or a number is too large for the type
    /// @throws IOException if the source cannot be read or the target not be written; nothing of it is left then
    public static Result run(Path from, Path to, Options options, Listener listener)
            throws IOException {
        try (ModelSource source = ModelSource.open(from)) {
            Conversion conversion = new Conversion(source, from, to, options, listener);
            Result result = isGguf(to) ? conversion.toGguf() : conversion.toDirectory();
            source.requireUnchanged();
            return result;
        }
    }

    private Result toGguf() throws IOException {
        if (options.shardBytes().isPresent()) {
            throw new IllegalArgumentException(
                    "only directories are written in several files, not " + to);
        }
        options.type().ifPresent(type -> requireOneOf(type, Quantise.TYPES));
        GgufTarget target = new GgufTarget(source, config(), family());
        return target.write(from, to, options, listener);
    }

    private Result toDirectory() throws IOException {
        options.type().ifPresent(type -> requireOneOf(type, DirectoryTarget.TYPES));
        DirectoryTarget target = new DirectoryTarget(source, config(), family());
        return target.write(from, to, options, listener);
    }

    private void requireOneOf(DType type, Iterable<DType> types) {
        for (DType each : types) {
            if (each == type) {
                return;
            }
        }
        throw new IllegalArgumentException(
                "%s cannot hold weights of type %s; there are %s".formatted(to, type, types));
    }

    /// What the target shall compute, which is what the source does.
    private ModelConfig config() {
        ModelConfig config = source.config();
        if (!options.expandLayers()) {
            return config;
        }
        LayerSharing sharing = config.sharing();
        if (sharing.cache() != LayerSharing.Cache.OWN && sharing.repeats() > 1) {
            throw new UnsupportedModelException(
                    "%s: later visits of a block attend the first one's keys and values; written out, the model would compute something else"
                            .formatted(source.name()));
        }
        return config.expanded();
    }

    /// What kind of model the target is.
    private Family family() {
        Family family =
                switch (source) {
                    case DirectorySource directory -> directory.family();
                    case GgufSource gguf -> family(gguf.config());
                };
        boolean plain =
                options.expandLayers()
                        && source.config().feedForward().activation() == Activation.SWIGLU;
        return plain && family == Family.MOBILELLM ? Family.LLAMA : family;
    }

    private static Family family(ModelConfig ofGguf) {
        return ofGguf.attention().norm() == QueryKeyNorm.PLAIN_AFTER_ROPE
                ? Family.LLAMA4
                : Family.ofArchitecture(ofGguf.architecture()).orElseThrow();
    }
}
