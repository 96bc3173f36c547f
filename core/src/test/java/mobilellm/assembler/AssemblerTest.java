package mobilellm.assembler;

import static mobilellm.assembler.Registers.*;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.HexFormat;

/// Labels, filling, constants, prologues: what lies between instructions.
final class AssemblerTest {
    private final Assembler a = new Assembler();

    @Test
    void jumpsReachBackAndForth() {
        Label back = a.label();
        Label forth = a.label();
        a.bind(back);
        a.jz(forth);
        a.jmp(back);
        a.bind(forth);
        a.ret();
        assertBytes("74 02 eb fc c3");
    }

    @ParameterizedTest
    @ValueSource(ints = {126, 127, 128, 129, 1000})
    void jumpsAreAsLongAsTheirDistanceNeeds(int distance) {
        Label forth = a.label();
        Label back = a.label();
        a.bind(back);
        a.jnz(forth);
        for (int i = 0; i < distance; i++) {
            a.ret();
        }
        a.bind(forth);
        a.jmp(back);
        byte[] bytes = a.assemble().bytes();
        String c3 = "c3".repeat(distance);
        assertThat(HexFormat.of().formatHex(bytes))
                .isEqualTo(
                        switch (distance) {
                            case 126 -> "757e" + c3 + "e97bffffff";
                            case 127 -> "757f" + c3 + "e97affffff";
                            case 128 -> "0f8580000000" + c3 + "e975ffffff";
                            case 129 -> "0f8581000000" + c3 + "e974ffffff";
                            default -> "0f85e8030000" + c3 + "e90dfcffff";
                        });
    }

    @Test
    void fillingIsMadeOfLongNops() {
        a.ret();
        a.align(16);
        a.align(16);
        a.ret();
        assertBytes("c3 66 0f 1f 84 00 00 00 00 00 66 0f 1f 44 00 00 c3");
    }

    @Test
    void constantsAreStoredOnceBehindTheCodeLargestFirst() {
        a.vbroadcastss(ymm(0), a.floats(1f));
        a.vpand(ymm(1), ymm(1), a.filled(ymm(1), 0x0F0F0F0F));
        a.vpand(ymm(2), ymm(2), a.filled(ymm(2), 0x0F0F0F0F));
        a.vpshufd(
                ymm(3),
                a.filled(ymm(3), 0x0F0F0F0F),
                1); // An immediate lies behind the displacement.
        a.ret();
        assertBytes(
                "c4 e2 7d 18 05 57 00 00 00 c5 f5 db 0d 2f 00 00 00 c5 ed db 15 27 00 00 00 "
                        + "c5 fd 70 1d 1e 00 00 00 01 c3"
                        + " 00".repeat(29)
                        + " 0f".repeat(32)
                        + " 00 00 80 3f");
    }

    @Test
    void theListingShowsOffsetsBytesAndLabels() {
        Label loop = a.label();
        a.bind(loop);
        a.vpaddd(zmm(0).zeroed(k(1)), zmm(1), broadcast(mem(rdi, rax, 4, -64)));
        a.sub(ecx, 1);
        a.jnz(loop);
        assertThat(a.assemble().listing())
                .isEqualTo(
                        """
                        L1:
                             0  62 f1 75 d9 fe 44 87 f0           vpaddd zmm0{k1}{z}, zmm1, [rdi+rax*4-64]{1to16}
                             8  83 e9 01                          sub ecx, 1
                             b  75 f3                             jne L1
                        """);
    }

    @Test
    void aLabelHasOnePlace() {
        Label label = a.label();
        a.jmp(label);
        assertThatThrownBy(a::assemble)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("L1 is used but not bound");
        a.bind(label);
        assertThatThrownBy(() -> a.bind(label)).hasMessage("label L1 is bound twice");
        assertThatThrownBy(() -> a.align(24)).hasMessageContaining("power of two up to 64");
    }

    @Test
    void routinesOfUnixFindTheirArgumentInRdi() {
        CallingConvention.SYSTEM_V.enter(a, rbx, r12).leave();
        assertBytes("53 41 54 c5 f8 77 41 5c 5b c3");
    }

    /// [CallingConventionTest] runs them.
    @Test
    void routinesOfWindowsSaveWhatItsCallersKeep() {
        CallingConvention.WINDOWS.enter(a, rbx).leave();
        String listing = a.assemble().listing().replaceAll("(?m)^.*  ", "");
        assertThat(listing)
                .startsWith(
                        """
                        push rdi
                        push rsi
                        push rbx
                        sub rsp, 160
                        vmovups [rsp], xmm6
                        vmovups [rsp+16], xmm7
                        """)
                .contains(
                        """
                        vmovups [rsp+144], xmm15
                        mov rdi, rcx
                        vzeroupper
                        vmovups xmm6, [rsp]
                        """)
                .endsWith(
                        """
                        vmovups xmm15, [rsp+144]
                        add rsp, 160
                        pop rbx
                        pop rsi
                        pop rdi
                        ret
                        """);
    }

    private void assertBytes(String bytes) {
        assertThat(HexFormat.ofDelimiter(" ").formatHex(a.assemble().bytes())).isEqualTo(bytes);
    }
}
