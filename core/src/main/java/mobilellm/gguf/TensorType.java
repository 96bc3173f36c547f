package mobilellm.gguf;

import mobilellm.file.Cursor;
import mobilellm.tensor.DType;
import mobilellm.tensor.UnsupportedModelException;

import java.util.Map;

/// Numbers of tensor types in the file (those of ggml).
final class TensorType {
    private static final Map<Integer, DType> SUPPORTED =
            Map.ofEntries(
                    Map.entry(0, DType.F32),
                    Map.entry(1, DType.F16),
                    Map.entry(2, DType.Q4_0),
                    Map.entry(3, DType.Q4_1),
                    Map.entry(6, DType.Q5_0),
                    Map.entry(7, DType.Q5_1),
                    Map.entry(8, DType.Q8_0),
                    Map.entry(9, DType.Q8_1),
                    Map.entry(10, DType.Q2_K),
                    Map.entry(11, DType.Q3_K),
                    Map.entry(12, DType.Q4_K),
                    Map.entry(13, DType.Q5_K),
                    Map.entry(14, DType.Q6_K),
                    Map.entry(15, DType.Q8_K),
                    Map.entry(20, DType.IQ4_NL),
                    Map.entry(23, DType.IQ4_XS),
                    Map.entry(24, DType.I8),
                    Map.entry(25, DType.I16),
                    Map.entry(26, DType.I32),
                    Map.entry(27, DType.I64),
                    Map.entry(28, DType.F64),
                    Map.entry(30, DType.BF16),
                    Map.entry(34, DType.TQ1_0),
                    Map.entry(35, DType.TQ2_0),
                    Map.entry(39, DType.MXFP4));

    private static final Map<Integer, String> OTHERS =
            Map.ofEntries(
                    Map.entry(16, "IQ2_XXS"),
                    Map.entry(17, "IQ2_XS"),
                    Map.entry(18, "IQ3_XXS"),
                    Map.entry(19, "IQ1_S"),
                    Map.entry(21, "IQ3_S"),
                    Map.entry(22, "IQ2_S"),
                    Map.entry(29, "IQ1_M"),
                    Map.entry(40, "NVFP4"),
                    Map.entry(41, "Q1_0"),
                    Map.entry(42, "Q2_0"));

    /// Numbers that ggml gave up: early formats, and rows interleaved for one kind of processor.
    private static final Map<Integer, String> WITHDRAWN =
            Map.ofEntries(
                    Map.entry(4, "Q4_2"),
                    Map.entry(5, "Q4_3"),
                    Map.entry(31, "Q4_0_4_4"),
                    Map.entry(32, "Q4_0_4_8"),
                    Map.entry(33, "Q4_0_8_8"),
                    Map.entry(36, "IQ4_NL_4_4"),
                    Map.entry(37, "IQ4_NL_4_8"),
                    Map.entry(38, "IQ4_NL_8_8"));

    private static final String REMEDY =
            "fetch another quantisation of the model, such as Q8_0, Q4_K_M or IQ4_XS, or quantise"
                    + " it again from its F16 file (llama-quantize)";

    private TensorType() {}

    /// The number of a type.
    ///
    /// @throws IllegalArgumentException if the format has none for it
    static int number(DType type) {
        return SUPPORTED.entrySet().stream()
                .filter(entry -> entry.getValue() == type)
                .mapToInt(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "GGUF files have no tensors of type " + type));
    }

    /// @param cursor just behind the number
    static DType of(int id, Cursor cursor) {
        DType type = SUPPORTED.get(id);
        if (type != null) {
            return type;
        }
        long at = cursor.offset() - Integer.BYTES;
        if (OTHERS.containsKey(id)) {
            throw new UnsupportedModelException(
                    cursor.describe(
                            at,
                            "type %s (number %d) is not supported; %s"
                                    .formatted(OTHERS.get(id), id, REMEDY)));
        }
        if (WITHDRAWN.containsKey(id)) {
            throw new UnsupportedModelException(
                    cursor.describe(
                            at,
                            "type %s (number %d) was withdrawn from the format; %s"
                                    .formatted(WITHDRAWN.get(id), id, REMEDY)));
        }
        throw cursor.malformed(
                at,
                "type number %s is unknown; supported are %s"
                        .formatted(
                                Integer.toUnsignedString(id),
                                SUPPORTED.values().stream().map(DType::name).sorted().toList()));
    }
}
