package mobilellm.evaluation;

import mobilellm.config.LayerSharing;
import mobilellm.file.JsonReader;
import mobilellm.quant.Dequantise;
import mobilellm.safetensors.SafetensorsFile;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Reads a folder of outputs that a reference implementation computed for a model. It is of one of two forms:
///
/// - `prompts.json` and `logits.safetensors`: `prompts`, a list of objects with `name`, `text`, `ids` and `greedy{ids, gaps}`; the
///   largest logits of the last positions as tensors `NAME.top_ids` and `NAME.top_logits`, `[positions, n]`.
/// - `expected.json` and `expected.safetensors`: `sequences`, ids by name; `plans`, by the name of a layer plan
///   (`immediate-x2.own`) an object that may have `greedy{prompt, ids, gaps}`; all logits of the last positions as tensor
///   `PLAN.NAME.logits_f32`, `.logits` or `.logits_last8`, `[positions, vocabulary]`.
public final class ReferenceOutputs {
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path folder;
    private final String name;
    private final Map<String, Object> json;
    private final SafetensorsFile tensors;

    private ReferenceOutputs(Path folder, String name, SafetensorsFile tensors) throws IOException {
        this.folder = folder;
        this.name = name;
        this.tensors = tensors;
        json = JsonReader.readObject(Files.readAllBytes(folder.resolve(name)), name);
    }

    /// Reads the sequences.
    ///
    /// @param sharing of the model; a folder may have outputs for several
    /// @throws IOException if a file is missing or cannot be read
    /// @throws MalformedFileException if a file is not what it should be, or has nothing for this layer plan
    public static List<ReferenceSequence> read(Path folder, LayerSharing sharing)
            throws IOException {
        if (Files.exists(folder.resolve("prompts.json"))) {
            try (var file = SafetensorsFile.open(folder.resolve("logits.safetensors"))) {
                return new ReferenceOutputs(folder, "prompts.json", file).prompts();
            }
        }
        if (!Files.exists(folder.resolve("expected.json"))) {
            throw new FileSystemException(
                    folder.toString(),
                    null,
                    "holds no reference outputs: expected prompts.json with logits.safetensors, or"
                            + " expected.json with expected.safetensors");
        }
        try (var file = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
            return new ReferenceOutputs(folder, "expected.json", file).plan(planName(sharing));
        }
    }

    private static String planName(LayerSharing sharing) {
        return sharing.repeats() == 1
                ? "none"
                : "%s-x%d.%s"
                        .formatted(
                                sharing.strategy().word(),
                                sharing.repeats(),
                                sharing.cache().word());
    }

    private List<ReferenceSequence> prompts() {
        List<ReferenceSequence> sequences = new ArrayList<>();
        for (Object element : list(json, "prompts")) {
            Map<?, ?> prompt = object(element, "prompts");
            String prefix = string(prompt, "name");
            Tensor ids = tensor(prefix + ".top_ids");
            List<ReferenceSequence.Row> rows = new ArrayList<>();
            for (List<Float> logits : rows(tensor(prefix + ".top_logits"))) {
                List<Integer> tokens = new ArrayList<>();
                for (int i = 0; i < logits.size(); i++) {
                    long at = ((long) rows.size() * logits.size() + i) * Integer.BYTES;
                    tokens.add(ids.data().get(INT, at));
                }
                rows.add(new ReferenceSequence.Row(tokens, logits));
            }
            sequences.add(
                    sequence(
                            prefix,
                            Optional.of(string(prompt, "text")),
                            ints(list(prompt, "ids"), "ids"),
                            rows,
                            greedy(prompt)));
        }
        return sequences;
    }

    private List<ReferenceSequence> plan(String plan) {
        Map<?, ?> plans = object(json.get("plans"), "plans");
        if (!plans.containsKey(plan)) {
            throw malformed(
                    "has nothing for the layer plan %s, only for %s"
                            .formatted(plan, plans.keySet()));
        }
        Map<?, ?> described = object(plans.get(plan), plan);
        List<Integer> continued =
                described.get("greedy") instanceof Map<?, ?> greedy
                        ? ints(list(greedy, "prompt"), "prompt")
                        : List.of();
        List<ReferenceSequence> sequences = new ArrayList<>();
        object(json.get("sequences"), "sequences")
                .forEach(
                        (key, value) -> {
                            List<Integer> ids = ints(value, String.valueOf(key));
                            List<ReferenceSequence.Row> rows = new ArrayList<>();
                            for (List<Float> logits : rows(logits(plan + "." + key))) {
                                rows.add(new ReferenceSequence.Row(List.of(), logits));
                            }
                            sequences.add(
                                    sequence(
                                            String.valueOf(key),
                                            Optional.empty(),
                                            ids,
                                            rows,
                                            ids.equals(continued)
                                                    ? greedy(described)
                                                    : Optional.empty()));
                        });
        return sequences;
    }

    private ReferenceSequence sequence(
            String name,
            Optional<String> text,
            List<Integer> ids,
            List<ReferenceSequence.Row> rows,
            Optional<ReferenceSequence.Greedy> greedy) {
        if (rows.isEmpty() || rows.size() > ids.size()) {
            throw malformed(
                    "sequence %s has %d ids and logits of %d positions"
                            .formatted(name, ids.size(), rows.size()));
        }
        return new ReferenceSequence(name, text, ids, rows, greedy);
    }

    private Optional<ReferenceSequence.Greedy> greedy(Map<?, ?> holder) {
        if (!(holder.get("greedy") instanceof Map<?, ?> greedy)) {
            return Optional.empty();
        }
        List<Double> gaps = new ArrayList<>();
        for (Object gap : list(greedy, "gaps")) {
            gaps.add(gap instanceof Number number ? number.doubleValue() : 0.0);
        }
        List<Integer> ids = ints(list(greedy, "ids"), "ids");
        if (ids.size() != gaps.size()) {
            throw malformed("'greedy' has %d ids and %d gaps".formatted(ids.size(), gaps.size()));
        }
        return Optional.of(new ReferenceSequence.Greedy(ids, gaps));
    }

    private Tensor logits(String prefix) {
        for (String ending : List.of(".logits_f32", ".logits", ".logits_last8")) {
            Optional<Tensor> found = tensors.tensor(prefix + ending);
            if (found.isPresent()) {
                return found.get();
            }
        }
        return tensor(prefix + ".logits");
    }

    private Tensor tensor(String wanted) {
        return tensors.tensor(wanted)
                .orElseThrow(
                        () ->
                                new MalformedFileException(
                                        "%s has no tensor '%s', which %s of the same folder calls for"
                                                .formatted(tensors.path(), wanted, name)));
    }

    private List<List<Float>> rows(Tensor tensor) {
        if (tensor.type() != DType.F32) {
            throw malformed(
                    "tensor '%s' is %s, expected F32".formatted(tensor.name(), tensor.type()));
        }
        float[] values = Dequantise.toFloat(tensor);
        List<List<Float>> rows = new ArrayList<>();
        for (int row = 0; row < tensor.rows(); row++) {
            List<Float> logits = new ArrayList<>();
            for (int i = 0; i < tensor.columns(); i++) {
                logits.add(values[row * tensor.columns() + i]);
            }
            rows.add(logits);
        }
        return rows;
    }

    private Map<?, ?> object(@Nullable Object value, String key) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw malformed("'" + key + "' should be an object");
    }

    private List<?> list(Map<?, ?> holder, String key) {
        if (holder.get(key) instanceof List<?> list) {
            return list;
        }
        throw malformed("'" + key + "' should be a list");
    }

    private String string(Map<?, ?> holder, String key) {
        if (holder.get(key) instanceof String string) {
            return string;
        }
        throw malformed("'" + key + "' should be a string");
    }

    private List<Integer> ints(Object value, String key) {
        List<Integer> ints = new ArrayList<>();
        for (Object element : value instanceof List<?> list ? list : List.of(value)) {
            if (!(element instanceof Integer integer)) {
                throw malformed("'" + key + "' should be a list of ids");
            }
            ints.add(integer);
        }
        return ints;
    }

    private MalformedFileException malformed(String problem) {
        return new MalformedFileException(folder.resolve(name) + " " + problem);
    }
}
