package mobilellm.kernel;

import mobilellm.config.Precision;
import mobilellm.tensor.DType;

import java.util.Set;

/// The forms in which kernels read matrices: how numbers lie, and which factors turn small integers into numbers.
///
/// [#of] says what a stored type becomes: itself where kernels run it, else the smallest form that holds every number exactly.
/// Nothing is rounded a second time.
///
/// | stored | form | bytes a weight |
/// |---|---|---|
/// | F32, F16, BF16, Q8_0, Q4_0, Q4_1 | as stored | as stored |
/// | Q5_0, IQ4_NL, Q8_1, TQ1_0, TQ2_0 | bytes with an f16 scale | 1.06 |
/// | Q5_1 | and an f16 minimum | 1.13 |
/// | IQ4_XS, MXFP4, Q8_K | bytes with an f32 scale | 1.13 |
/// | Q4_K | nibbles with an f32 scale and minimum | 0.75 |
/// | Q5_K | bytes with an f32 scale and minimum | 1.25 |
/// | Q3_K, Q6_K | bytes with an f32 scale for each 16 | 1.25 |
/// | Q2_K | nibbles with an f32 scale and minimum for each 16 | 1 |
/// | F64: to the nearest f32 | F32 | 4 |
public enum PackedForm {
    F32(DType.F32),
    F16(DType.F16),
    BF16(DType.BF16),
    /// Nibbles that stand for -8 to 7.
    Q4_0(DType.Q4_0, DType.F16, false),
    /// Nibbles that stand for 0 to 15.
    Q4_1(DType.Q4_1, DType.F16, true),
    Q8_0(DType.Q8_0, DType.F16, false),
    BYTES_WITH_MINIMUMS(DType.Q8_0, DType.F16, true),
    /// With f32 factors, which hold the products of two scales.
    WIDE_NIBBLES_WITH_MINIMUMS(DType.Q4_1, DType.F32, true),
    WIDE_BYTES(DType.Q8_0, DType.F32, false),
    WIDE_BYTES_WITH_MINIMUMS(DType.Q8_0, DType.F32, true),
    /// With a scale for each half of a block.
    FINE_BYTES(DType.Q8_0, DType.F32, false, 2),
    /// With a scale and a minimum for each half of a block, the low nibbles and the high ones.
    FINE_NIBBLES_WITH_MINIMUMS(DType.Q4_1, DType.F32, true, 2),
    /// Bytes from -127 to 127 with the scale `max|w| / 127` of their row, which each of its blocks repeats. They meet activations that are
    /// rounded with one scale a row, too ([Precision#W8A8]). Rows of any length: what the last block lacks is zero.
    W8A8(DType.Q8_0, DType.F32, false);

    private final DType type;
    private final DType factors;
    private final boolean minimums;
    private final int runs;

    PackedForm(DType plain) {
        this(plain, DType.F32, false);
    }

    PackedForm(DType type, DType factors, boolean minimums) {
        this(type, factors, minimums, 1);
    }

    PackedForm(DType type, DType factors, boolean minimums, int runs) {
        this.type = type;
        this.factors = factors;
        this.minimums = minimums;
        this.runs = runs;
    }

    /// What a stored type becomes.
    ///
    /// @throws IllegalArgumentException if it is one of whole numbers
    public static PackedForm of(DType stored) {
        return switch (stored) {
            case F32, F64 -> F32;
            case F16 -> F16;
            case BF16 -> BF16;
            case Q4_0 -> Q4_0;
            case Q4_1 -> Q4_1;
            case Q8_0, Q5_0, IQ4_NL, Q8_1, TQ1_0, TQ2_0 -> Q8_0;
            case Q5_1 -> BYTES_WITH_MINIMUMS;
            case IQ4_XS, MXFP4, Q8_K -> WIDE_BYTES;
            case Q3_K, Q6_K -> FINE_BYTES;
            case Q2_K -> FINE_NIBBLES_WITH_MINIMUMS;
            case Q4_K -> WIDE_NIBBLES_WITH_MINIMUMS;
            case Q5_K -> WIDE_BYTES_WITH_MINIMUMS;
            case BOOL, U8, I8, U16, I16, U32, I32, U64, I64 ->
                    throw new IllegalArgumentException(
                            stored + " is a type of whole numbers, which are nobody's weights");
        };
    }

    /// What the matrix of a projection becomes.
    ///
    /// @throws IllegalArgumentException if its stored type is one of whole numbers
    public static PackedForm ofProjection(DType stored, Precision precision) {
        PackedForm vocabulary = ofVocabulary(stored, precision);
        return precision == Precision.W8A8 ? W8A8 : vocabulary;
    }

    /// What the embedding and the output head become.
    ///
    /// @throws IllegalArgumentException if their stored type is one of whole numbers
    public static PackedForm ofVocabulary(DType stored, Precision precision) {
        PackedForm own = of(stored);
        return switch (precision) {
            case NATIVE -> own;
            case F32, W8A8 -> own.isQuantised() ? F32 : own;
        };
    }

    /// Whether matrices of these forms meet activations that are rounded with one scale a row, not one for each block of 32.
    ///
    /// @throws IllegalArgumentException if some do and some do not
    public static boolean wholeRows(Set<PackedForm> forms) {
        if (forms.contains(W8A8)
                && forms.stream().anyMatch(form -> form.isQuantised() && form != W8A8)) {
            throw new IllegalArgumentException(
                    "activations cannot be rounded by rows and by blocks at once, asked for "
                            + forms);
        }
        return forms.contains(W8A8);
    }

    /// How the numbers lie: as those of F32, F16, BF16, Q8_0, Q4_0 or Q4_1.
    public DType type() {
        return type;
    }

    /// Whether it is small integers and factors.
    public boolean isQuantised() {
        return type.isQuantised();
    }

    /// Element type of scales and minimums: F16 or F32.
    public DType factors() {
        return factors;
    }

    /// Whether blocks have a minimum that is added to their numbers.
    public boolean hasMinimums() {
        return minimums;
    }

    /// Runs of columns of a block that have a scale each, and a minimum: 1, or 2 of 16 columns.
    public int runs() {
        return runs;
    }

    /// Bytes of the scales of a block of 16 rows, and of its minimums.
    public int factorBytes() {
        return isQuantised() ? PackedMatrix.GROUP * runs * factors.blockBytes() : 0;
    }

    /// Bytes of the integers of a block of 16 rows, or of a column of them where numbers are plain.
    public int weightBytes() {
        return switch (type) {
            case Q8_0 -> PackedMatrix.GROUP * PackedMatrix.BLOCK;
            case Q4_0, Q4_1 -> PackedMatrix.GROUP * PackedMatrix.BLOCK / 2;
            default -> PackedMatrix.GROUP * type.blockBytes();
        };
    }

    /// Steps of a product with rows of so many columns: blocks of a quantised form, columns of a plain one.
    int steps(int columns) {
        return isQuantised() ? Math.ceilDiv(columns, PackedMatrix.BLOCK) : columns;
    }

    /// Bytes of a packed matrix; rows count in groups of 16.
    public long bytes(int rows, int columns) {
        int factors = minimums ? 2 * factorBytes() : factorBytes();
        long groups = Math.ceilDiv(rows, PackedMatrix.GROUP);
        return groups * steps(columns) * (weightBytes() + factors);
    }

    /// Whether rows of a stored type are in this form already.
    public boolean isStored(DType stored) {
        return name().equals(stored.name());
    }
}
