package mobilellm.kernel;

import mobilellm.file.MappedFile;
import mobilellm.quant.Block;
import mobilellm.quant.Dequantise;
import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What a tensor becomes when it is packed: its own type where kernels run it, else the smallest of theirs that holds
/// every number exactly. Nothing is rounded to 8 bits a second time.
///
/// | stored | packed | bytes a weight |
/// |---|---|---|
/// | F32, F16, BF16, Q8_0, Q4_0, Q4_1 | as stored | as stored |
/// | Q5_0, IQ4_NL, Q8_1, TQ1_0, TQ2_0 | Q8_0: small integers with an f16 scale | 1.06 |
/// | Q5_1 | Q8_0 with minimums | 1.13 |
/// | MXFP4, Q8_K | Q8_0 where every scale is an f16, else F32 | 1.06 or 4 |
/// | Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_XS: products of two scales | F32 | 4 |
/// | F64: to the nearest f32 | F32 | 4 |
///
/// @param type one of F32, F16, BF16, Q8_0, Q4_0, Q4_1
/// @param minimums whether blocks have a minimum
record PackedForm(DType type, boolean minimums) {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final int BYTES = 32;

    static PackedForm of(Tensor tensor) {
        return switch (tensor.type()) {
            case F32, F16, BF16, Q8_0, Q4_0 -> new PackedForm(tensor.type(), false);
            case Q4_1 -> new PackedForm(DType.Q4_1, true);
            case Q5_0, IQ4_NL, Q8_1, TQ1_0, TQ2_0 -> new PackedForm(DType.Q8_0, false);
            case Q5_1 -> new PackedForm(DType.Q8_0, true);
            case MXFP4, Q8_K ->
                    new PackedForm(hasHalfScales(tensor) ? DType.Q8_0 : DType.F32, false);
            case Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_XS, F64 -> new PackedForm(DType.F32, false);
            case BOOL, U8, I8, U16, I16, U32, I32, U64, I64 ->
                    throw new IllegalArgumentException(
                            "tensor %s holds whole numbers (%s), which are nobody's weights"
                                    .formatted(tensor.name(), tensor.type()));
        };
    }

    /// Bytes of one row of `columns` numbers in this form, before the rows of a group are interleaved.
    int rowBytes(int columns) {
        return Math.toIntExact(
                type == DType.Q8_0
                        ? (long) columns / BYTES * (header() + BYTES)
                        : type.bytes(columns));
    }

    /// Bytes before the integers of a block of a quantised type.
    int header() {
        return minimums ? 2 * Short.BYTES : Short.BYTES;
    }

    /// Brings one row from the stored type into this form.
    ///
    /// @param stored a row as it lies in the file
    /// @param row [#rowBytes], overwritten
    void convert(DType from, byte[] stored, int columns, MemorySegment row) {
        if (type == DType.F32) {
            float[] numbers = new float[columns];
            Dequantise.toFloat(from, MemorySegment.ofArray(stored), 0, numbers, 0, columns);
            MemorySegment.copy(numbers, 0, row, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, columns);
            return;
        }
        Block block = new Block();
        long to = 0;
        for (int at = 0; at < stored.length; at += from.blockBytes()) {
            block.read(from, stored, at);
            for (int first = 0; first < from.blockSize(); first += BYTES) {
                int run = first / Block.RUN;
                // Where the scale is no f16, all integers are zero.
                float scale = isHalf(block.scales()[run]) ? block.scales()[run] : 0;
                row.set(SHORT, to, Float.floatToFloat16(scale));
                if (minimums) {
                    row.set(SHORT, to + 2, Float.floatToFloat16(block.minimums()[run]));
                }
                to += header();
                MemorySegment.copy(block.quants(), first, row, ValueLayout.JAVA_BYTE, to, BYTES);
                to += BYTES;
            }
        }
    }

    private static boolean hasHalfScales(Tensor tensor) {
        return MappedFile.reading(
                "tensor " + tensor.name(),
                () -> {
                    DType type = tensor.type();
                    Block block = new Block();
                    byte[] stored = new byte[type.blockBytes()];
                    long bytes = tensor.data().byteSize();
                    for (long at = 0; at < bytes; at += stored.length) {
                        MemorySegment.copy(
                                tensor.data(), ValueLayout.JAVA_BYTE, at, stored, 0, stored.length);
                        block.read(type, stored, 0);
                        if (!isHalf(block.scales()[0]) && !isZero(block, type.blockSize())) {
                            return false;
                        }
                    }
                    return true;
                });
    }

    private static boolean isHalf(float scale) {
        return Float.float16ToFloat(Float.floatToFloat16(scale)) == scale;
    }

    private static boolean isZero(Block block, int count) {
        for (int i = 0; i < count; i++) {
            if (block.quants()[i] != 0) {
                return false;
            }
        }
        return true;
    }
}
