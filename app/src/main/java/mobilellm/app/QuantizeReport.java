package mobilellm.app;

import mobilellm.evaluation.Divergence;
import mobilellm.file.OutputFile;
import mobilellm.quantisation.GgufModel;
import mobilellm.quantisation.ModelQuantiser;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// What `quantize` tells in the end.
final class QuantizeReport {
    private QuantizeReport() {}

    static void print(
            Context context,
            ModelQuantiser quantiser,
            GgufModel model,
            OutputFile.Written written,
            Optional<TypeChooser.Mix> mix,
            double seconds) {
        double bits = 8.0 * written.bytes() / model.elements();
        double share = quantiser.embeddingShare(model);
        Map<String, Long> types = new LinkedHashMap<>();
        quantiser
                .elements(model)
                .forEach((type, elements) -> types.put(TypeConverter.name(type), elements));
        if (context.json()) {
            Map<String, Object> object = WrittenJson.of(written);
            object.put("bits_per_weight", bits);
            object.put("embedding_share", share);
            object.put("types", types);
            mix.ifPresent(
                    chosen -> {
                        Divergence kl = chosen.measured();
                        object.put(
                                "kl",
                                Map.of(
                                        "mean", kl.mean(),
                                        "p99", kl.percentile99(),
                                        "max", kl.largest()));
                        object.put("top1", kl.top1());
                    });
            object.put("seconds", seconds);
            context.output().json(object);
            return;
        }
        context.output()
                .line(
                        String.format(
                                Locale.ROOT,
                                "%s: %s, %.3f bits per weight (%s weights)",
                                Text.printable(written.path().toString()),
                                Text.bytes(written.bytes()),
                                bits,
                                Text.count(model.elements())));
        context.output()
                .line(
                        types.entrySet().stream()
                                .map(
                                        each ->
                                                String.format(
                                                        Locale.ROOT,
                                                        "%s %.1f %%",
                                                        each.getKey(),
                                                        100.0 * each.getValue() / model.elements()))
                                .collect(Collectors.joining(", ", "weights: ", "")));
        context.output()
                .line(
                        String.format(
                                Locale.ROOT,
                                "the embedding takes %.1f %% of the bits",
                                100 * share));
        context.output().line("sha256 " + written.sha256());
        context.notes()
                .detail(
                        String.format(
                                Locale.ROOT,
                                "%.2f s, %.0f MB of f32 a second",
                                seconds,
                                4e-6 * model.elements() / seconds));
    }
}
