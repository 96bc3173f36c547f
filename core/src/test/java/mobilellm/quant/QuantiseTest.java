package mobilellm.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.UnsupportedModelException;
import mobilellm.testing.JsonRow;
import mobilellm.testing.ReferenceTensors;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;

class QuantiseTest {
    private static final Rounding REFERENCE = new Rounding.Reference();

    /// What `ggml_quantize_chunk` (libggml-base of llama.cpp, the build that node-llama-cpp 3.22.1 carries, July 2026) writes for
    /// the fixtures' input without an importance matrix; gguf-py has no quantiser for it.
    private static final String UNEVEN_BYTES =
            "e93677d26009b893f383ed078e2c75dc98cc916ffceb078cb1e8b2de22472c53";

    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16", "Q8_0", "Q5_0", "Q5_1", "Q4_0", "Q4_1"})
    void writesTheBytesOfTheReference(DType type) throws IOException {
        Tensor input = input();
        String expected = "";
        JsonRow all =
                JsonRow.parse(Files.readString(Shared.path("fixtures/quants/quantised.json")));
        for (JsonRow row : all.rows("types")) {
            if (row.text("type").equals(type.name())) {
                expected = row.text("sha256");
            }
        }
        assertThat(sha256(Quantise.rows(input, 0, input.rows(), type, REFERENCE)))
                .isEqualTo(expected);
    }

    @Test
    void writesUnevenLevelsAsGgmlDoes() throws IOException {
        Tensor input = input();
        assertThat(sha256(Quantise.rows(input, 0, input.rows(), DType.IQ4_NL, REFERENCE)))
                .isEqualTo(UNEVEN_BYTES);
    }

    /// Bit patterns with ties, subnormals and overflow; those that overflow are refused.
    @Test
    void roundsPlainNumbersToTheNearestTiesToEven() throws IOException {
        JsonRow row =
                JsonRow.parse(Files.readString(Shared.path("fixtures/quants/conversions.json")));
        long[] bits = row.list("f32_bits").stream().mapToLong(QuantiseTest::whole).toArray();
        long[] half = row.list("f16_bits").stream().mapToLong(QuantiseTest::whole).toArray();
        long[] brain = row.list("bf16_bits").stream().mapToLong(QuantiseTest::whole).toArray();
        int refused = 0;
        for (int i = 0; i < bits.length; i++) {
            Tensor number = tensor(Float.intBitsToFloat((int) bits[i]));
            for (DType type : new DType[] {DType.F16, DType.BF16}) {
                long expected = type == DType.F16 ? half[i] : brain[i];
                int infinity = type == DType.F16 ? 0x7c00 : 0x7f80;
                if (((int) expected & infinity) == infinity) {
                    refused++;
                    assertThatThrownBy(() -> Quantise.rows(number, 0, 1, type, REFERENCE))
                            .hasMessageContaining("element 0");
                } else {
                    byte[] written = Quantise.rows(number, 0, 1, type, REFERENCE);
                    assertThat((written[0] & 255) | (written[1] & 255) << 8)
                            .as("%s of %08x", type, bits[i])
                            .isEqualTo((int) expected);
                }
            }
        }
        assertThat(refused).isPositive();
    }

    /// Random rows and outliers: the weighted error is smaller than the reference's for every type, and never larger than
    /// it in a single row.
    @ParameterizedTest
    @EnumSource(names = {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "IQ4_NL"})
    void searchingLessensTheErrorThatCounts(DType type) {
        int columns = 256;
        Random random = new Random(7);
        float[] importance = new float[columns];
        for (int i = 0; i < columns; i++) {
            importance[i] = (float) Math.exp(2 * random.nextGaussian());
        }
        double reference = 0;
        double searched = 0;
        for (int row = 0; row < 200; row++) {
            float[] values = new float[columns];
            for (int i = 0; i < columns; i++) {
                values[i] = (float) (random.nextGaussian() * (i % 64 == 5 ? 0.3 : 0.05));
            }
            double before = error(values, importance, type, REFERENCE);
            double after = error(values, importance, type, new Rounding.Searched(importance));
            assertThat(after).as("row %d", row).isLessThanOrEqualTo(before);
            reference += before;
            searched += after;
        }
        System.out.printf("%s: %.3f of the reference's error%n", type, searched / reference);
        assertThat(searched).isLessThan(0.85 * reference);
    }

    /// Clipping what is large lessens the squared error most, and makes rows shorter: large numbers count more.
    @ParameterizedTest
    @EnumSource(names = {"Q4_0", "Q4_1", "Q5_0", "Q5_1"})
    void searchingWithoutAnImportanceKeepsRowsAsLongAsTheyAre(DType type) {
        Random random = new Random(8);
        float[] equal = new float[4096];
        Arrays.fill(equal, 1);
        float[] values = new float[equal.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        Rounding searched = new Rounding.Searched();
        assertThat(error(values, equal, type, searched))
                .isLessThan(0.96 * error(values, equal, type, REFERENCE));
        float[] back = rounded(values, type, searched);
        double product = 0;
        double square = 0;
        for (int i = 0; i < values.length; i++) {
            product += values[i] * back[i];
            square += values[i] * values[i];
        }
        assertThat(product / square).isBetween(0.995, 1.001);
    }

    /// ggml's quantiser of uneven levels is a search already, and no other one was better without an importance.
    @Test
    void unevenLevelsNeedAnImportance() throws IOException {
        Tensor input = input();
        assertThat(Quantise.rows(input, 0, input.rows(), DType.IQ4_NL, new Rounding.Searched()))
                .isEqualTo(Quantise.rows(input, 0, input.rows(), DType.IQ4_NL, REFERENCE));
    }

    private static float[] rounded(float[] values, DType type, Rounding rounding) {
        byte[] bytes = Quantise.rows(tensor(values), 0, 1, type, rounding);
        float[] back = new float[values.length];
        Dequantise.toFloat(type, MemorySegment.ofArray(bytes), 0, back, 0, back.length);
        return back;
    }

    private static double error(float[] values, float[] importance, DType type, Rounding rounding) {
        float[] back = rounded(values, type, rounding);
        double error = 0;
        for (int i = 0; i < back.length; i++) {
            error += importance[i] * Math.pow(values[i] - back[i], 2);
        }
        return error;
    }

    @Test
    void aRowByItselfIsWhatItIsAmongOthers() throws IOException {
        Tensor input = input();
        float[] importance = new float[input.columns()];
        for (int i = 0; i < importance.length; i++) {
            importance[i] = 1 + i % 7;
        }
        for (DType type : Quantise.TYPES) {
            for (Rounding rounding :
                    new Rounding[] {
                        REFERENCE, new Rounding.Searched(), new Rounding.Searched(importance)
                    }) {
                byte[] all = Quantise.rows(input, 0, input.rows(), type, rounding);
                int size = (int) type.bytes(input.columns());
                for (int row = 0; row < input.rows(); row++) {
                    assertThat(Quantise.rows(input, row, 1, type, rounding))
                            .isEqualTo(Arrays.copyOfRange(all, row * size, (row + 1) * size));
                }
            }
        }
    }

    @Test
    void whatHasTheTypeAlreadyIsCopied() {
        byte[] blocks = new byte[68];
        new Random(3).nextBytes(blocks);
        Tensor tensor = new Tensor("t", DType.Q8_0, Shape.of(2, 32), MemorySegment.ofArray(blocks));
        assertThat(Quantise.rows(tensor, 1, 1, DType.Q8_0, new Rounding.Searched()))
                .isEqualTo(Arrays.copyOfRange(blocks, 34, 68));
    }

    @Test
    void namesTheNumberThatIsNone() {
        float[] values = new float[64];
        values[37] = Float.NaN;
        Tensor broken =
                new Tensor("blk.0.ffn_up.weight", DType.F32, Shape.of(2, 32), segment(values));
        for (DType type : new DType[] {DType.F16, DType.Q8_0, DType.IQ4_NL}) {
            assertThatThrownBy(() -> Quantise.rows(broken, 1, 1, type, REFERENCE))
                    .isInstanceOf(MalformedFileException.class)
                    .hasMessageContaining("blk.0.ffn_up.weight")
                    .hasMessageContaining("element 37 is NaN");
        }
        assertThatThrownBy(() -> Quantise.rows(broken, 1, 1, DType.F32, REFERENCE))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("'blk.0.ffn_up.weight' (F32): element 37 holds NaN");
        values[37] = Float.NEGATIVE_INFINITY;
        Tensor infinite =
                new Tensor("blk.0.ffn_up.weight", DType.F32, Shape.of(2, 32), segment(values));
        assertThatThrownBy(() -> Quantise.rows(infinite, 0, 2, DType.Q4_0, REFERENCE))
                .hasMessageContaining("element 37 is -Infinity");
    }

    @Test
    void namesTheNumberThatTheTypeCannotHold() {
        float[] values = new float[64];
        values[40] = -3e7f;
        Tensor tensor = new Tensor("big", DType.F32, Shape.of(64), segment(values));
        for (DType type :
                new DType[] {DType.F16, DType.Q8_0, DType.Q4_0, DType.Q4_1, DType.IQ4_NL}) {
            for (Rounding rounding : new Rounding[] {REFERENCE, new Rounding.Searched()}) {
                assertThatThrownBy(() -> Quantise.rows(tensor, 0, 1, type, rounding))
                        .isInstanceOf(UnsupportedModelException.class)
                        .hasMessageContaining("'big': element 40 is -3.0E7")
                        .hasMessageContaining("too large for " + type);
            }
        }
    }

    @Test
    void refusesWhatCannotBe() {
        Tensor odd = tensor(new float[40]);
        assertThatThrownBy(() -> Quantise.rows(odd, 0, 1, DType.Q4_0, REFERENCE))
                .hasMessageContaining("40 elements")
                .hasMessageContaining("blocks of 32");
        assertThatThrownBy(
                        () ->
                                Quantise.rows(
                                        odd, 0, 1, DType.F16, new Rounding.Searched(new float[3])))
                .hasMessageContaining("40 columns")
                .hasMessageContaining("importance of 3");
    }

    private static Tensor input() throws IOException {
        double[] values =
                ReferenceTensors.read(Shared.path("fixtures/quants/quantised.safetensors"))
                        .values("input");
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return new Tensor("input", DType.F32, Shape.of(8, 512), segment(floats));
    }

    private static Tensor tensor(float... values) {
        return new Tensor("w", DType.F32, Shape.of(values.length), segment(values));
    }

    private static MemorySegment segment(float[] values) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[4 * values.length]);
        MemorySegment.copy(values, 0, bytes, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values.length);
        return bytes;
    }

    private static long whole(Object number) {
        return ((Number) number).longValue();
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
