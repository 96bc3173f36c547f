package mobilellm.quantisation;

import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Which type each tensor gets: one for all matrices, but for those that a rule names.
///
/// Norms and biases become F32. The matrix that makes the logits, which in a tied model is the embedding, gets Q8_0 where
/// the type for all has fewer bits.
///
/// @param type of all matrices that no rule names
/// @param rules the first one whose pattern is found in a tensor's name decides
public record TypeRules(DType type, List<Rule> rules) {
    /// The type of the output head where all others are smaller.
    private static final DType HEAD = DType.Q8_0;

    /// What a matrix becomes whose rows are no whole blocks of the type for all.
    private static final DType INSTEAD = DType.F16;

    public TypeRules {
        rules = List.copyOf(rules);
    }

    /// A type for all matrices whose name a pattern is found in.
    public record Rule(Pattern pattern, DType type) {
        boolean names(Tensor tensor) {
            return pattern.matcher(tensor.name()).find();
        }
    }

    /// Types by tensor.
    ///
    /// @param notes what is otherwise than was asked for, a sentence each
    public record Choice(Map<String, DType> types, List<String> notes) {
        public Choice {
            types = Map.copyOf(types);
            notes = List.copyOf(notes);
        }

        DType of(Tensor tensor) {
            return types.getOrDefault(tensor.name(), tensor.type());
        }
    }

    /// Applies the rules.
    ///
    /// @throws IllegalArgumentException if a rule names no matrix, or one whose rows are no whole blocks of its type
    public Choice apply(GgufModel model) {
        Map<String, DType> types = new LinkedHashMap<>();
        Map<Integer, Integer> instead = new TreeMap<>(); // matrices by their width
        List<String> notes = new ArrayList<>();
        requireUsed(model);
        String head = model.head();
        for (Tensor tensor : model.tensors()) {
            if (!GgufModel.isMatrix(tensor)) {
                types.put(tensor.name(), DType.F32);
                continue;
            }
            var rule = rules.stream().filter(each -> each.names(tensor)).findFirst();
            if (rule.isPresent()) {
                types.put(tensor.name(), requireFits(rule.get(), tensor));
            } else if (!fits(type, tensor)) {
                types.put(tensor.name(), INSTEAD);
                instead.merge(tensor.columns(), 1, Integer::sum);
            } else if (tensor.name().equals(head) && bits(type) < bits(HEAD)) {
                types.put(tensor.name(), HEAD);
            } else {
                types.put(tensor.name(), type);
            }
        }
        instead.forEach(
                (width, count) ->
                        notes.add(
                                "%d matrices have rows of %d, no whole blocks of %d: written in %s instead of %s"
                                        .formatted(count, width, type.blockSize(), INSTEAD, type)));
        return new Choice(types, notes);
    }

    /// Types that were chosen for the matrices that activations are multiplied with. An embedding that is none of them gets
    /// Q8_0.
    public static Choice exactly(GgufModel model, Map<String, DType> chosen) {
        Map<String, DType> types = new LinkedHashMap<>();
        for (Tensor tensor : model.tensors()) {
            types.put(
                    tensor.name(),
                    GgufModel.isMatrix(tensor)
                            ? chosen.getOrDefault(
                                    tensor.name(), fits(HEAD, tensor) ? HEAD : INSTEAD)
                            : DType.F32);
        }
        return new Choice(types, List.of());
    }

    /// Bytes of a file that are not those of such matrices.
    ///
    /// @param matrices whose types will be chosen
    /// @param fileBytes of the file that the model comes from
    public static long otherBytes(GgufModel model, Set<String> matrices, long fileBytes) {
        Choice types = exactly(model, Map.of());
        long bytes = fileBytes;
        for (Tensor tensor : model.tensors()) {
            bytes -= tensor.data().byteSize();
            bytes +=
                    matrices.contains(tensor.name())
                            ? 0
                            : types.of(tensor).bytes(tensor.shape().elements());
        }
        return bytes;
    }

    private void requireUsed(GgufModel model) {
        List<Tensor> matrices = model.tensors().stream().filter(GgufModel::isMatrix).toList();
        for (Rule rule : rules) {
            if (matrices.stream().noneMatch(rule::names)) {
                throw new IllegalArgumentException(
                        "no matrix has '%s' in its name; there are such as %s"
                                .formatted(
                                        rule.pattern(),
                                        String.join(
                                                ", ",
                                                matrices.stream()
                                                        .map(Tensor::name)
                                                        .limit(4)
                                                        .toList())));
            }
        }
    }

    private static DType requireFits(Rule rule, Tensor tensor) {
        if (!fits(rule.type(), tensor)) {
            throw new IllegalArgumentException(
                    "%s has rows of %d, no whole blocks of %d: it cannot be %s as '%s' wants; take a type with other blocks, or F16"
                            .formatted(
                                    tensor.name(),
                                    tensor.columns(),
                                    rule.type().blockSize(),
                                    rule.type(),
                                    rule.pattern()));
        }
        return rule.type();
    }

    static boolean fits(DType type, Tensor tensor) {
        return tensor.columns() % type.blockSize() == 0;
    }

    /// Bits of a weight.
    static double bits(DType type) {
        return 8.0 * type.blockBytes() / type.blockSize();
    }
}
