package mobilellm.gguf;

import mobilellm.tensor.DType;
import mobilellm.tensor.UnsupportedModelException;

import java.util.Map;

/// Numbers of tensor types in the file (those of ggml).
final class TensorType {
    private static final Map<Integer, DType> SUPPORTED =
            Map.of(
                    0, DType.F32,
                    1, DType.F16,
                    2, DType.Q4_0,
                    3, DType.Q4_1,
                    8, DType.Q8_0,
                    28, DType.F64,
                    30, DType.BF16);

    private static final Map<Integer, String> OTHERS =
            Map.ofEntries(
                    Map.entry(6, "Q5_0"),
                    Map.entry(7, "Q5_1"),
                    Map.entry(9, "Q8_1"),
                    Map.entry(10, "Q2_K"),
                    Map.entry(11, "Q3_K"),
                    Map.entry(12, "Q4_K"),
                    Map.entry(13, "Q5_K"),
                    Map.entry(14, "Q6_K"),
                    Map.entry(15, "Q8_K"),
                    Map.entry(16, "IQ2_XXS"),
                    Map.entry(17, "IQ2_XS"),
                    Map.entry(18, "IQ3_XXS"),
                    Map.entry(19, "IQ1_S"),
                    Map.entry(20, "IQ4_NL"),
                    Map.entry(21, "IQ3_S"),
                    Map.entry(22, "IQ2_S"),
                    Map.entry(23, "IQ4_XS"),
                    Map.entry(24, "I8"),
                    Map.entry(25, "I16"),
                    Map.entry(26, "I32"),
                    Map.entry(27, "I64"),
                    Map.entry(29, "IQ1_M"),
                    Map.entry(34, "TQ1_0"),
                    Map.entry(35, "TQ2_0"),
                    Map.entry(39, "MXFP4"),
                    Map.entry(40, "NVFP4"));

    private TensorType() {}

    /// @param cursor just behind the number
    static DType of(int id, Cursor cursor) {
        DType type = SUPPORTED.get(id);
        if (type != null) {
            return type;
        }
        String readable = SUPPORTED.values().stream().map(DType::name).sorted().toList().toString();
        String name = OTHERS.get(id);
        if (name != null) {
            throw new UnsupportedModelException(
                    cursor.describe(
                            cursor.offset() - Integer.BYTES,
                            "type %s (number %d) is not supported yet; supported are %s"
                                    .formatted(name, id, readable)));
        }
        throw cursor.malformed(
                cursor.offset() - Integer.BYTES,
                "type number %s is unknown; supported are %s"
                        .formatted(Integer.toUnsignedString(id), readable));
    }
}
