package mobilellm.app;

import mobilellm.LoadOptions;
import mobilellm.MobileLlm;
import mobilellm.config.KvType;
import mobilellm.kernel.Kernels;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Loads a model as the options of the command line want it.
final class ModelLoader {
    private ModelLoader() {}

    /// Loads, and tells about it.
    ///
    /// @param kernels name of a provider, or `auto`
    static MobileLlm load(
            Context context,
            Models.Located located,
            ModelOptions model,
            EngineOptions engine,
            String kernels)
            throws IOException {
        context.notes().transientLine("loading " + Text.printable(located.name()) + " …");
        long start = System.nanoTime();
        try {
            MobileLlm loaded = load(located, model, engine, kernels);
            tell(context, loaded);
            tellRefusal(context, loaded, kernels);
            describe(context.notes(), located, loaded, engine, System.nanoTime() - start);
            return loaded;
        } finally {
            context.notes().clearTransientLine();
        }
    }

    /// Tells what is odd about a model and the way it is run.
    static void tell(Context context, MobileLlm model) {
        tell(context, model.warnings());
        if (!model.config().sharing().equals(model.storedSharing())) {
            context.notes()
                    .note(
                            "layers are shared otherwise than the model was trained with: expect"
                                    + " nonsense; this is for measuring speed");
        }
    }

    /// Tells that the fastest kernels were wanted and cannot run.
    private static void tellRefusal(Context context, MobileLlm model, String wanted) {
        if (wanted.equals("auto")) {
            Kernels.refusal()
                    .ifPresent(
                            reason ->
                                    context.notes()
                                            .note(
                                                    "machine code may not run here (%s): kernels '%s' compute%s"
                                                            .formatted(
                                                                    reason,
                                                                    model.kernels(),
                                                                    model.kernels().equals("scalar")
                                                                            ? ", slowly; --kernels"
                                                                                    + " vector is"
                                                                                    + " faster"
                                                                            : "")));
        }
    }

    /// Tells what is odd about the files of a model.
    static void tell(Context context, List<String> warnings) {
        warnings.forEach(line -> context.notes().note("warning: " + Text.printable(line)));
    }

    /// Loads without a word.
    static MobileLlm load(
            Models.Located located, ModelOptions model, EngineOptions engine, String kernels)
            throws IOException {
        // Asking the processor what it can do takes 0.1 s in a fresh JVM: it goes on while the file
        // is opened.
        Thread.ofPlatform().daemon().start(Kernels::best);
        LoadOptions.Builder options =
                LoadOptions.builder()
                        .threads(engine.threads())
                        .kernels(kernels)
                        .precision(engine.precision)
                        .keyValueType(KvType.valueOf(engine.keyValueType.toUpperCase(Locale.ROOT)));
        model.context().ifPresent(options::contextLength);
        Optional.ofNullable(model.sharing).ifPresent(options::sharing);
        return MobileLlm.load(located.path(), options.build());
    }

    /// @throws UsageException if the kernels cannot run a whole model
    static void checkKernels(String kernels) {
        if (kernels.equals("reference")) {
            throw new UsageException(
                    "the reference kernels compute logits only: 'mobilellm logits --kernels"
                            + " reference'; here use auto, vector or scalar");
        }
    }

    private static void describe(
            Notes notes,
            Models.Located located,
            MobileLlm model,
            EngineOptions engine,
            long nanos) {
        notes.detail(
                "model %s (%s), loaded in %d ms"
                        .formatted(
                                Text.printable(located.name()), located.path(), nanos / 1_000_000));
        notes.detail(
                "kernels %s (%s), threads: %d"
                        .formatted(
                                model.kernels(),
                                Kernels.of(model.kernels()).why(),
                                engine.threads()));
        notes.detail(
                "weights %s, precision %s, context of %d tokens, keys and values in %s"
                        .formatted(
                                Text.bytes(model.weightBytes()),
                                model.precision().word(),
                                model.contextLength(),
                                engine.keyValueType));
    }
}
