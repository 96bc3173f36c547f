package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.*;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CallingConvention;
import mobilellm.assembler.Code;
import mobilellm.assembler.Label;
import mobilellm.assembler.Ymm;
import mobilellm.kernel.KeyValueStore;
import mobilellm.tensor.DType;

/// Stores one position's keys and values of all heads where [KeyValueStore] wants them: keys 16 positions apart, values in a row.
final class KeyValueWriter {
    static final int KEYS = 0;
    static final int VALUES = 8;
    static final int KEY_TARGET = 16;
    static final int VALUE_TARGET = 24;
    static final int HEADS = 32;
    static final int HEAD_STRIDE = 40;

    private static final int LANES = 8;

    private final Assembler a = new Assembler();
    private final int headDim;
    private final DType type;

    /// @param type F32 or F16
    KeyValueWriter(int headDim, DType type) {
        this.headDim = headDim;
        this.type = type;
    }

    Code code() {
        var frame = CallingConvention.current().enter(a);
        Label head = a.label();
        a.mov(rsi, mem(rdi, KEYS));
        a.mov(rdx, mem(rdi, VALUES));
        a.mov(r8, mem(rdi, KEY_TARGET));
        a.mov(r9, mem(rdi, VALUE_TARGET));
        a.mov(rcx, mem(rdi, HEADS));
        a.bind(head);
        int i = 0;
        for (; i + LANES <= headDim; i += LANES) {
            a.vmovups(ymm(0), mem(rsi, 4 * i));
            a.vmovups(ymm(1), mem(rdx, 4 * i));
            write(i, LANES);
        }
        for (; i < headDim; i++) {
            a.vmovss(xmm(0), mem(rsi, 4 * i));
            a.vmovss(xmm(1), mem(rdx, 4 * i));
            write(i, 1);
        }
        a.add(rsi, 4 * headDim);
        a.add(rdx, 4 * headDim);
        a.add(r8, mem(rdi, HEAD_STRIDE));
        a.add(r9, mem(rdi, HEAD_STRIDE));
        a.dec(rcx);
        a.jnz(head);
        frame.leave();
        return a.assemble();
    }

    /// Writes the first `count` lanes of `ymm 0` and `ymm 1`.
    private void write(int at, int count) {
        int size = type.blockBytes();
        if (type == DType.F16) {
            narrow(ymm(0));
            narrow(ymm(1));
        } else {
            a.vextractf128(xmm(2), ymm(0), 1);
        }
        for (int i = 0; i < count; i++) {
            int target = (at + i) * KeyValueStore.BLOCK * size;
            if (type == DType.F16) {
                a.vpextrw(mem(r8, target), xmm(0), i);
            } else {
                a.vpextrd(mem(r8, target), xmm(i < 4 ? 0 : 2), i % 4);
            }
        }
        if (type == DType.F16) {
            if (count == 1) {
                a.vpextrw(mem(r9, size * at), xmm(1), 0);
            } else {
                a.vmovdqu(mem(r9, size * at), xmm(1));
            }
        } else if (count == 1) {
            a.vmovss(mem(r9, size * at), xmm(1));
        } else {
            a.vmovups(mem(r9, size * at), ymm(1));
        }
    }

    /// To f16 in the lower half, saturating: an infinity would reach earlier positions as 0 * infinity.
    private void narrow(Ymm value) {
        int largest = Float.floatToRawIntBits(KeyValueStore.MAXIMUM_F16);
        int least = Float.floatToRawIntBits(-KeyValueStore.MAXIMUM_F16);
        a.vminps(value, value, a.filled(value, largest));
        a.vmaxps(value, value, a.filled(value, least));
        a.vcvtps2ph(xmm(value.number()), value, 0);
    }
}
