package mobilellm.quant;

import mobilellm.file.MappedFile;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.UnsupportedModelException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.EnumSet;
import java.util.OptionalLong;
import java.util.Set;

/// Floats to stored numbers, the way back of [Dequantise]. Plain numbers are rounded to the nearest, ties to even.
public final class Quantise {
    /// Types that can be written.
    public static final Set<DType> TYPES =
            Collections.unmodifiableSet(
                    EnumSet.of(
                            DType.F32,
                            DType.F16,
                            DType.BF16,
                            DType.Q8_0,
                            DType.Q5_0,
                            DType.Q5_1,
                            DType.Q4_0,
                            DType.Q4_1,
                            DType.IQ4_NL));

    private static final VarHandle SHORT =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Quantise() {}

    /// Rows of a tensor in another type; any number of threads may convert rows of the same tensor. Rows that have the type
    /// already are copied.
    ///
    /// @param first row
    /// @param count rows
    /// @return the bytes of `count` rows
    /// @throws MalformedFileException if a number is NaN or infinite, or the file behind the tensor became shorter
    /// @throws UnsupportedModelException if a number is too large for the type
    /// @throws IllegalArgumentException if the type is not one of [#TYPES], rows are no whole number of its blocks, or the
    ///     importance is not that of the tensor's columns
    public static byte[] rows(Tensor source, int first, int count, DType type, Rounding rounding) {
        int columns = source.columns();
        if (rounding instanceof Rounding.Searched searched
                && searched.importance().length != 0
                && searched.importance().length != columns) {
            throw new IllegalArgumentException(
                    "tensor %s has %d columns, but an importance of %d"
                            .formatted(source.name(), columns, searched.importance().length));
        }
        int elements = Math.multiplyExact(count, columns);
        byte[] target = new byte[Math.toIntExact(type.bytes(columns) * count)];
        if (source.type() == type) {
            MappedFile.reading(
                    "tensor " + source.name(),
                    () ->
                            MemorySegment.copy(
                                    source.data(),
                                    ValueLayout.JAVA_BYTE,
                                    first * source.rowBytes(),
                                    target,
                                    0,
                                    target.length));
            requireFinite(source, first, target);
            return target;
        }
        float[] values = new float[elements];
        MappedFile.reading(
                "tensor " + source.name(),
                () ->
                        Dequantise.toFloat(
                                source.type(),
                                source.data(),
                                first * source.rowBytes(),
                                values,
                                0,
                                elements));
        requireFinite(source, (long) first * columns, values);
        fromFloat(type, values, columns, target, rounding);
        requireFits(source, (long) first * columns, values, type, target);
        return target;
    }

    /// Converts finite numbers, a whole number of rows.
    private static void fromFloat(
            DType type, float[] source, int columns, byte[] target, Rounding rounding) {
        switch (type) {
            case F32 ->
                    MemorySegment.copy(
                            source, 0, MemorySegment.ofArray(target), FLOAT, 0, source.length);
            case F16 -> {
                for (int i = 0; i < source.length; i++) {
                    SHORT.set(target, 2 * i, Float.floatToFloat16(source[i]));
                }
            }
            case BF16 -> {
                for (int i = 0; i < source.length; i++) {
                    SHORT.set(target, 2 * i, bf16(source[i]));
                }
            }
            default -> blocks(type, source, columns, target, rounding);
        }
    }

    /// The upper half of the bits, rounded; a number near the greatest becomes infinite.
    private static short bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    private static void blocks(
            DType type, float[] source, int columns, byte[] target, Rounding rounding) {
        if (rounding instanceof Rounding.Searched searched && BlockSearch.isFor(type, searched)) {
            new BlockSearch(type, searched).rows(source, columns, target);
            return;
        }
        int size = type.blockSize();
        for (int block = 0; block < source.length / size; block++) {
            int from = block * size;
            int to = block * type.blockBytes();
            switch (type) {
                case Q8_0 -> RoundedBlocks.q8(source, from, target, to);
                case Q5_0 -> RoundedBlocks.q5(source, from, target, to);
                case Q5_1 -> RoundedBlocks.q5WithMinimum(source, from, target, to);
                case Q4_0 -> RoundedBlocks.q4(source, from, target, to);
                case Q4_1 -> RoundedBlocks.q4WithMinimum(source, from, target, to);
                case IQ4_NL -> UnevenLevels.quantise(source, from, target, to);
                default ->
                        throw new IllegalArgumentException(
                                "nothing is written in type %s; there are %s"
                                        .formatted(type, TYPES));
            }
        }
    }

    /// @param first row of the copy
    private static void requireFinite(Tensor source, int first, byte[] copy) {
        OptionalLong broken = NonFinite.firstBlock(source.type(), MemorySegment.ofArray(copy));
        if (broken.isPresent()) {
            long rowBlocks = source.columns() / source.type().blockSize();
            throw new MalformedFileException(
                    "tensor '%s' (%s): %s %d holds NaN or infinity; the model is broken"
                            .formatted(
                                    source.name(),
                                    source.type(),
                                    source.type().isQuantised() ? "block" : "element",
                                    first * rowBlocks + broken.getAsLong()));
        }
    }

    private static void requireFinite(Tensor source, long start, float[] values) {
        float sum = 0;
        for (float value : values) {
            sum += value * 0f; // NaN from the first number that is not finite on
        }
        if (sum == 0) {
            return;
        }
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new MalformedFileException(
                        "tensor '%s' (%s): element %d is %s, expected a finite number; the model is broken"
                                .formatted(source.name(), source.type(), start + i, values[i]));
            }
        }
    }

    /// @param start index of the first number in its tensor
    private static void requireFits(
            Tensor source, long start, float[] values, DType type, byte[] written) {
        OptionalLong broken = NonFinite.firstBlock(type, MemorySegment.ofArray(written));
        if (broken.isPresent()) {
            int from = (int) broken.getAsLong() * type.blockSize();
            int largest = from;
            for (int i = from; i < from + type.blockSize(); i++) {
                largest = Math.abs(values[i]) > Math.abs(values[largest]) ? i : largest;
            }
            throw new UnsupportedModelException(
                    "tensor '%s': element %d is %s, too large for %s; keep the tensor in F32"
                            .formatted(source.name(), start + largest, values[largest], type));
        }
    }
}
