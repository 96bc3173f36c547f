package mobilellm.app;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.checkpoint.Linear;
import mobilellm.evaluation.Divergence;
import mobilellm.evaluation.Windows;
import mobilellm.file.OutputFile;
import mobilellm.file.Sha256;
import mobilellm.kernel.Kernels;
import mobilellm.quant.Rounding;
import mobilellm.quantisation.Care;
import mobilellm.quantisation.GgufModel;
import mobilellm.quantisation.Sensitivities;
import mobilellm.quantisation.TypeRules;
import mobilellm.quantisation.TypeSearch;
import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// Options of `quantize` for types that are chosen by what they cost.
final class TypeChooser {
    /// Times that a mix is corrected whose divergence is not what was expected.
    private static final int CORRECTIONS = 4;

    @Option(
            names = "--target",
            paramLabel = "BITS",
            converter = BitsConverter.class,
            description = {
                "instead of --type: choose a type for each matrix so that the file has this many"
                        + " bits per weight, such as 4.8bpw, and the model's predictions stay near"
            })
    @Nullable Double bits;

    @Option(
            names = "--max-kl",
            paramLabel = "NATS",
            description =
                    "instead of --type: the smallest file whose predictions diverge by no more in"
                            + " the mean")
    @Nullable Double divergence;

    @Option(
            names = "--file",
            paramLabel = "TEXT",
            description = "the text that divergences are measured on (- is stdin)")
    @Nullable String file;

    @Option(
            names = "--window",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "tokens of it that the model reads at once (default: ${DEFAULT-VALUE})")
    int window = 128;

    @Option(
            names = "--limit",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "how many windows of it (default: ${DEFAULT-VALUE})")
    int limit = 4;

    @Option(
            names = "--sensitivities",
            paramLabel = "FILE",
            description =
                    "keep what was measured of each matrix there, and take it from there where it"
                            + " is: for several targets")
    @Nullable Path sensitivities;

    /// `4.8bpw` or `4.8`.
    static final class BitsConverter implements ITypeConverter<Double> {
        @Override
        public Double convert(String value) {
            try {
                double number = Double.parseDouble(value.strip().replaceFirst("bpw$", ""));
                if (number > 0 && number <= 32) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // What is no number and what is none of bits get the same sentence.
            }
            throw new TypeConversionException(
                    "expected bits per weight such as 4.8bpw, got '" + value + "'");
        }
    }

    boolean isWanted() {
        return bits != null || divergence != null;
    }

    /// @throws UsageException if options are missing or contradict each other
    void check() {
        if (bits != null && divergence != null) {
            throw new UsageException("give one of --target and --max-kl");
        }
        if (isWanted() == (file == null)) {
            throw new UsageException(
                    isWanted()
                            ? "divergences are measured on a text: give one with --file"
                            : "--file is only for --target and --max-kl");
        }
        if (sensitivities != null && !isWanted()) {
            throw new UsageException("--sensitivities is only for --target and --max-kl");
        }
        if (divergence != null && !(divergence > 0)) {
            throw new UsageException("--max-kl must be more than 0");
        }
    }

    /// What was chosen.
    ///
    /// @param measured how far it diverges from the source
    record Mix(TypeRules.Choice types, Divergence measured) {}

    /// Measures each matrix, chooses, and measures what was chosen.
    Mix choose(Context context, Checkpoint checkpoint, GgufModel model, Care care, int threads)
            throws IOException {
        Map<String, Linear> matrices = new LinkedHashMap<>(checkpoint.tensors().matrices());
        matrices.values().removeIf(layer -> !TypeSearch.takes(layer.stored()));
        long others = TypeRules.otherBytes(model, matrices.keySet(), checkpoint.fileBytes());
        long budget = bits == null ? Long.MAX_VALUE : (long) (bits * model.elements() / 8) - others;
        requireRoom(model, budget, matrices.values());
        int[] ids = EvaluationText.read(file, null, context).encode(checkpoint.tokenizer());
        int length = Math.min(window, checkpoint.config().contextLength());
        try (Sensitivities trials =
                new Sensitivities(
                        checkpoint,
                        TypeSearch.TYPES,
                        ids,
                        new Windows(length, length),
                        limit,
                        Kernels.best(),
                        threads)) {
            TypeSearch search = new TypeSearch();
            Map<String, Double> costs = costs(context, trials, matrices, care);
            costs.forEach(
                    (name, cost) -> {
                        Tensor tensor = Objects.requireNonNull(matrices.get(name)).stored();
                        search.add(name, tensor, cost, care.rounding(name, tensor));
                    });
            Map<String, DType> types;
            Divergence measured;
            if (divergence == null) {
                types = search.within(budget);
                measured = trials.of(types, care::rounding);
            } else {
                double aim = divergence;
                int corrections = 0;
                do {
                    types = search.diverging(aim);
                    measured = trials.of(types, care::rounding);
                    aim *= 0.9 * divergence / measured.mean();
                    corrections++;
                } while (measured.mean() > divergence && corrections < CORRECTIONS);
            }
            tell(context, measured);
            requireEnough(measured);
            return new Mix(TypeRules.exactly(model, types), measured);
        }
    }

    /// What rounding each of the matrices costs, measured or as it was kept.
    private Map<String, Double> costs(
            Context context, Sensitivities trials, Map<String, Linear> matrices, Care care)
            throws IOException {
        if (sensitivities == null) {
            return measure(context, trials, matrices, care);
        }
        StringBuilder conditions = new StringBuilder(trials.identity());
        matrices.forEach(
                (name, layer) ->
                        conditions.append(
                                switch (care.rounding(name, layer.stored())) {
                                    case Rounding.Reference _ -> "reference";
                                    case Rounding.Searched searched ->
                                            Arrays.toString(searched.importance());
                                }));
        var kept = new KeptSensitivities(sensitivities, Sha256.of(conditions.toString()));
        Optional<Map<String, Double>> known = kept.read(matrices.keySet());
        if (known.isPresent()) {
            return known.get();
        }
        try (OutputFile output = kept.create()) {
            Map<String, Double> measured = measure(context, trials, matrices, care);
            kept.write(measured, output);
            return measured;
        }
    }

    private static Map<String, Double> measure(
            Context context, Sensitivities trials, Map<String, Linear> matrices, Care care) {
        WorkProgress progress =
                new WorkProgress(context.notes(), "measuring matrices", matrices.size());
        Map<String, Double> costs = new LinkedHashMap<>();
        matrices.forEach(
                (name, layer) -> {
                    Rounding rounding = care.rounding(name, layer.stored());
                    costs.put(name, trials.of(name, TypeSearch.PROBE, rounding).mean());
                    progress.add(1);
                });
        context.notes().clearTransientLine();
        return costs;
    }

    /// Asked before anything is measured, which takes minutes.
    private static void requireRoom(GgufModel model, long budget, Collection<Linear> matrices) {
        long least =
                matrices.stream().mapToLong(layer -> TypeSearch.leastBytes(layer.stored())).sum();
        if (budget < least) {
            throw new IllegalArgumentException(
                    String.format(
                            Locale.ROOT,
                            "--target is too small: the smallest types take %.2f bits per weight"
                                    + " more",
                            8.0 * (least - budget) / model.elements()));
        }
    }

    private void requireEnough(Divergence measured) {
        if (divergence != null && measured.mean() > divergence) {
            throw new IllegalArgumentException(
                    String.format(
                            Locale.ROOT,
                            "no mix was found that diverges by no more than %s nats; the nearest"
                                    + " one diverges by %.5f",
                            divergence,
                            measured.mean()));
        }
    }

    private static void tell(Context context, Divergence measured) {
        context.notes()
                .note(
                        String.format(
                                Locale.ROOT,
                                "on %d tokens of the text, the mix diverges by %.5f nats from the"
                                    + " source, and finds the same token the likeliest at %.1f %%",
                                measured.model().tokens(),
                                measured.mean(),
                                100 * measured.top1()));
    }
}
