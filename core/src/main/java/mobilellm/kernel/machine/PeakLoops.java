package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.mem;
import static mobilellm.assembler.Registers.rax;
import static mobilellm.assembler.Registers.rcx;
import static mobilellm.assembler.Registers.rdi;
import static mobilellm.assembler.Registers.rdx;
import static mobilellm.assembler.Registers.ymm;
import static mobilellm.assembler.Registers.zmm;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CallingConvention;
import mobilellm.assembler.Code;
import mobilellm.assembler.CpuTier;
import mobilellm.assembler.Label;
import mobilellm.assembler.Vector;

import java.util.function.IntConsumer;
import java.util.function.IntFunction;

/// Loops that do nothing but what is measured: multiply bytes, multiply f32, read.
///
/// Each has so many sums in registers of their own that none waits for the one before: two multiplications a cycle times a latency of
/// five need ten.
final class PeakLoops {
    // Arguments, 8 bytes each.
    static final int TURNS = 0;
    static final int ADDRESS = 8;

    /// Bytes to read, a multiple of [#PIECE].
    static final int BYTES = 16;

    static final int PIECE = 512;

    private static final int LINE = 64;

    private final CpuTier tier;
    private final Assembler a = new Assembler();

    PeakLoops(CpuTier tier) {
        this.tier = tier;
    }

    /// Sums of a turn.
    private int sums() {
        return tier == CpuTier.AVX512_VNNI ? 24 : 12;
    }

    private int vectorBytes() {
        return tier == CpuTier.AVX512_VNNI ? 64 : 32;
    }

    /// Multiplications and additions of f32 in a turn of [#floats].
    int floatOperations() {
        return 2 * sums() * vectorBytes() / Float.BYTES;
    }

    /// Multiplications and additions of int8 in a turn of [#bytes].
    int byteOperations() {
        return (tier == CpuTier.AVX2 ? sums() : 2 * sums()) * vectorBytes();
    }

    Code floats() {
        return tier == CpuTier.AVX512_VNNI ? floats(i -> zmm(i)) : floats(i -> ymm(i));
    }

    private <V extends Vector<V, ?>> Code floats(IntFunction<V> registers) {
        V factor = registers.apply(sums());
        return turns(registers, i -> a.vfmadd231ps(registers.apply(i), factor, factor), sums());
    }

    Code bytes() {
        return switch (tier) {
            case AVX512_VNNI ->
                    turns(i -> zmm(i), i -> a.vpdpbusd(zmm(i), zmm(sums()), zmm(sums())), sums());
            case AVX_VNNI ->
                    turns(
                            i -> ymm(i),
                            i -> a.vpdpbusdVex(ymm(i), ymm(sums()), ymm(sums())),
                            sums());
            // Pairs are summed in 16 bits, and added: nothing is cheaper.
            case AVX2 -> turns(i -> ymm(i), this::multiplyPairs, sums() / 2);
        };
    }

    private void multiplyPairs(int sum) {
        var products = ymm(sum + sums() / 2);
        a.vpmaddubsw(products, ymm(sums()), ymm(sums()));
        a.vpaddw(ymm(sum), ymm(sum), products);
    }

    private <V extends Vector<V, ?>> Code turns(
            IntFunction<V> registers, IntConsumer multiply, int count) {
        var frame = CallingConvention.current().enter(a);
        for (int i = 0; i <= sums(); i++) {
            a.vxorps(registers.apply(i), registers.apply(i), registers.apply(i));
        }
        a.mov(rcx, mem(rdi, TURNS));
        Label turn = a.label();
        a.align(32);
        a.bind(turn);
        for (int i = 0; i < count; i++) {
            multiply.accept(i);
        }
        a.dec(rcx);
        a.jnz(turn);
        frame.leave();
        return a.assemble();
    }

    /// Reads some memory again and again.
    ///
    /// @param ahead bytes by which memory is fetched before it is read; 0 to leave that to the processor
    Code read(int ahead) {
        return tier == CpuTier.AVX512_VNNI ? read(ahead, i -> zmm(i)) : read(ahead, i -> ymm(i));
    }

    private <V extends Vector<V, ?>> Code read(int ahead, IntFunction<V> registers) {
        var frame = CallingConvention.current().enter(a);
        a.mov(rcx, mem(rdi, TURNS));
        Label turn = a.label();
        Label piece = a.label();
        a.bind(turn);
        a.mov(rax, mem(rdi, ADDRESS));
        a.mov(rdx, mem(rdi, BYTES));
        a.align(32);
        a.bind(piece);
        for (int at = 0; at < PIECE; at += vectorBytes()) {
            if (ahead > 0 && at % LINE == 0) {
                a.prefetcht0(mem(rax, ahead + at));
            }
            a.vmovups(registers.apply(at / vectorBytes() % 8), mem(rax, at));
        }
        a.add(rax, PIECE);
        a.sub(rdx, PIECE);
        a.jnz(piece);
        a.dec(rcx);
        a.jnz(turn);
        frame.leave();
        return a.assemble();
    }
}
