package mobilellm.assembler;

import static mobilellm.assembler.Registers.*;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Bytes of instructions, against those of GNU as.
final class EncodingTest {
    @Test
    void everyFormEncodesAsAnotherAssemblerDoesIt() {
        Map<String, List<String>> expected = ReferenceVectors.stored();
        List<Form> forms = Form.all();
        assertThat(forms)
                .as("forms; dev/assembler-vectors.sh stores those of a new instruction")
                .extracting(Form::toString)
                .containsExactlyInAnyOrderElementsOf(expected.keySet());
        var wrong = new ArrayList<String>();
        for (Form form : forms) {
            List<EncodingSweep.Case> cases = EncodingSweep.of(form);
            List<String> bytes = expected.getOrDefault(form.toString(), List.of());
            assertThat(bytes)
                    .as(form.toString())
                    .hasSameSizeAs(cases)
                    .anyMatch(one -> !one.equals("-"));
            for (int i = 0; i < cases.size(); i++) {
                String encoded = cases.get(i).code().map(EncodingTest::hex).orElse("-");
                if (!encoded.equals(bytes.get(i))) {
                    wrong.add(
                            "%s: %s, not %s"
                                    .formatted(cases.get(i).texts(), encoded, bytes.get(i)));
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void theListingShowsWhatTheOtherAssemblerWasAsked() {
        for (Form form : Form.all()) {
            for (EncodingSweep.Case one : EncodingSweep.of(form)) {
                one.code()
                        .ifPresent(
                                code ->
                                        assertThat(one.texts())
                                                .extracting(EncodingTest::normalised)
                                                .contains(text(code)));
            }
        }
    }

    private static String text(Code code) {
        return code.listing().strip().replaceFirst(".*  ", "").replace("movabs", "mov");
    }

    private static String normalised(String text) {
        return text.replace("{load} ", "").replace("+0]", "]").strip();
    }

    // A few bytes to read, from `as`.
    @Test
    void instructionsOfTheKernels() {
        check("c4 e2 75 04 57 20", a -> a.vpmaddubsw(ymm(2), ymm(1), mem(rdi, 32)));
        check("62 f2 75 48 50 57 01", a -> a.vpdpbusd(zmm(2), zmm(1), mem(rdi, 64)));
        check("c4 e2 75 50 d3", a -> a.vpdpbusdVex(ymm(2), ymm(1), ymm(3)));
        check("62 e2 75 50 50 57 02", a -> a.vpdpbusd(zmm(18), zmm(17), broadcast(mem(rdi, 8))));
        check("62 f1 7e c9 6f 0f", a -> a.vmovdqu32(zmm(1).zeroed(k(1)), mem(rdi)));
        check("62 f1 7e 49 7f 0f", a -> a.vmovdqu32(masked(mem(rdi), k(1)), zmm(1)));
        check("0f 18 8e 00 08 00 00", a -> a.prefetcht0(mem(rsi, 2048)));
    }

    @Test
    void operandsBeyondAnInstructionAreRefusedByName() {
        var a = new Assembler();
        assertThatThrownBy(() -> a.vpsignb(ymm(16), ymm(1), ymm(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("vpsignb has no EVEX form");
        assertThatThrownBy(() -> a.vpaddb(zmm(1), zmm(1), broadcast(mem(rdi))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("vpaddb cannot broadcast from memory");
        assertThatThrownBy(() -> a.vpaddd(zmm(1), zmm(2).masked(k(1)), zmm(3)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("only the destination takes a mask");
        assertThatThrownBy(() -> a.vpshufd(zmm(1), zmm(2), 256))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 to 255, got 256");
        assertThatThrownBy(() -> zmm(32)).hasMessageContaining("0 to 31, got 32");
        assertThatThrownBy(() -> mem(rax, rsp, 1, 0)).hasMessageContaining("rsp");
        assertThatThrownBy(() -> mem(rax, rcx, 3, 0)).hasMessageContaining("scale");
    }

    private static void check(String bytes, Consumer<Assembler> instruction) {
        var a = new Assembler();
        instruction.accept(a);
        assertThat(hex(a.assemble())).isEqualTo(bytes.replace(" ", ""));
    }

    private static String hex(Code code) {
        return HexFormat.of().formatHex(code.bytes());
    }
}
