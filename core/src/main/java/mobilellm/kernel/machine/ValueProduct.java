package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.*;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.CpuTier;
import mobilellm.assembler.Label;
import mobilellm.assembler.Memory;
import mobilellm.assembler.R64;
import mobilellm.assembler.Vector;
import mobilellm.assembler.Xmm;
import mobilellm.assembler.Ymm;
import mobilellm.assembler.Zmm;
import mobilellm.kernel.Activations;
import mobilellm.kernel.KeyValueBlock;

import java.util.function.IntConsumer;
import java.util.function.IntFunction;

/// Outputs of attention to a chunk of values in Q8_0: bytes times weights of 15 bits, summed exactly.
///
/// A weight times the scale of its value is a row of scratch memory for each block of 32 dimensions and token. It becomes a whole multiple of a
/// 32,767th of the largest of its row; sums of 128 positions stay below 2^30, so they depend neither on order nor tier, and are then
/// multiplied by that 32,767th. A step is four positions, whose bytes lie together ([KeyValueBlock]):
/// - 512 bits: `vpdpbusd` with the upper 7 and with the lower 8 bits of four weights, each with sums of its own.
/// - 256 bits: bytes 0 and 2 and bytes 1 and 3 become words, which meet pairs of weights.
final class ValueProduct {
    private static final int QUAD = KeyValueBlock.QUAD;
    private static final int ROW_BYTES = Attention.CHUNK_BYTES;

    /// In 512 bits: from the upper bits of a row's weights to the lower ones.
    private static final int LOW_BITS = Attention.CHUNK;

    /// In place of less: what 32,767 is divided by.
    private static final float TINY = 1e-30f;

    private static final int TEMPORARIES = 4;

    private static final R64 values = rax;
    private static final R64 distance = rcx;
    private static final R64 weights = rsi;
    private static final R64 target = r8;
    private static final R64 counter = r10;
    private static final R64 firstValues = rbx;
    private static final R64 rows = rdx;
    private static final R64 steps = r12;

    private final Assembler a;
    private final Simd simd;
    private final CpuTier tier;
    private final int tokens;
    private final int headDim;
    private final boolean wide;
    private final int registers;
    private final int lanes;

    /// @param headDim a multiple of 32
    ValueProduct(Assembler a, CpuTier tier, int tokens, int headDim) {
        this.a = a;
        this.tier = tier;
        this.tokens = tokens;
        this.headDim = headDim;
        simd = Simd.of(tier, a);
        wide = tier == CpuTier.AVX512_VNNI;
        registers = wide ? 32 : 16;
        lanes = wide ? 16 : 8;
    }

    /// Positions whose weights are rounded at once.
    int lot() {
        return wide ? 64 : 16;
    }

    /// Bytes of scratch memory: for each block and token a row, then what a unit of each is worth.
    static long scratchBytes(int headDim) {
        long rows = (long) headDim / Activations.BLOCK * AttentionRun.MOST_TOKENS;
        return rows * (ROW_BYTES + Float.BYTES);
    }

    private int row(int block, int token) {
        return (block * tokens + token) * ROW_BYTES;
    }

    /// Bytes from a token's row of one block to that of the next.
    int blockBytes() {
        return tokens * ROW_BYTES;
    }

    private int worth(int block, int token) {
        int count = headDim / Activations.BLOCK * tokens;
        return count * ROW_BYTES + (block * tokens + token) * Float.BYTES;
    }

    /// Rounds the f32 of all rows at rdx, as many lots of each as rcx says, in their place. Leaves rcx, rdx, rdi, r12 and higher as they are.
    ///
    /// @param fetch is given a number of lines to fetch, one for 16 positions
    void round(IntConsumer fetch) {
        a.mov(rsi, rdx);
        a.lea(r11, mem(rdx, worth(0, 0)));
        int count = headDim / Activations.BLOCK * tokens;
        a.mov(r9, count);
        if (wide) {
            a.vmovdqu32(zmm(16), a.filled(zmm(16), 0x00FF00FF));
            a.vmovdqu32(zmm(17), quadsInOrder());
        }
        simd.repeatTimes(
                r9,
                () -> {
                    findUnit();
                    forEachLot(
                            () -> {
                                fetch.accept(lot() / Simd.LANES);
                                if (wide) {
                                    round512();
                                } else {
                                    round256();
                                }
                            });
                    a.add(rsi, ROW_BYTES);
                    a.add(r11, Float.BYTES);
                });
    }

    /// r8 walks over the numbers of a row.
    private void forEachLot(Runnable body) {
        a.mov(r8, rsi);
        a.mov(r10, rcx);
        simd.repeatTimes(
                r10,
                () -> {
                    body.run();
                    a.add(r8, lot() * Float.BYTES);
                });
    }

    /// Value 3 becomes how many units there are in 1.
    private void findUnit() {
        simd.zero(0);
        forEachLot(
                () -> {
                    for (int i = 0; i < lot() / Simd.LANES; i++) {
                        simd.load(1, r8, i * Simd.BYTES);
                        simd.maximum(0, 0, 1);
                    }
                });
        simd.largestLane(0, 1);
        simd.atLeast(0, 0, TINY);
        simd.times(1, 0, 1f / Short.MAX_VALUE);
        simd.storeFirst(r11, 0, 1);
        simd.constant(3, Short.MAX_VALUE);
        simd.divide(3, 3, 0);
        simd.repeat(3, 3);
    }

    /// Packing puts the first four of each vector in front, then the second ones.
    private Memory<Zmm> quadsInOrder() {
        int[] order = new int[Simd.LANES];
        for (int i = 0; i < order.length; i++) {
            order[i] = QUAD * (i % QUAD) + i / QUAD;
        }
        return a.dwords(order);
    }

    /// A row's first 128 bytes become the upper bits of its weights, the next the lower ones. A lot is read before it is overwritten, and the first
    /// one overwrites nothing of the second.
    private void round512() {
        for (int i = 0; i < 4; i++) {
            Zmm x = zmm(4 + i);
            a.vmulps(x, zmm(3), mem(r8, i * Simd.BYTES));
            a.vcvtps2dq(x, x);
        }
        a.vpackssdw(zmm(4), zmm(4), zmm(5));
        a.vpackssdw(zmm(6), zmm(6), zmm(7));
        a.vpsrlw(zmm(5), zmm(4), Byte.SIZE);
        a.vpsrlw(zmm(7), zmm(6), Byte.SIZE);
        a.vpandd(zmm(4), zmm(4), zmm(16));
        a.vpandd(zmm(6), zmm(6), zmm(16));
        a.vpackuswb(zmm(5), zmm(5), zmm(7));
        a.vpackuswb(zmm(4), zmm(4), zmm(6));
        a.vpermd(zmm(5), zmm(17), zmm(5));
        a.vpermd(zmm(4), zmm(17), zmm(4));
        // r8 has come as far as 256 bytes a lot, its bytes are 64.
        a.mov(rbp, r8);
        a.sub(rbp, rsi);
        a.shr(rbp, 2);
        a.vmovdqu32(mem(rsi, rbp, 1, 0), zmm(5));
        a.vmovdqu32(mem(rsi, rbp, 1, LOW_BITS), zmm(4));
    }

    /// Of each four weights the first dword becomes 0 and 2, the second one 1 and 3.
    private void round256() {
        Ymm unit = ymm(6);
        for (int i = 0; i < lot() * Float.BYTES; i += 32) {
            Ymm x = ymm(8);
            Ymm y = ymm(9);
            a.vmulps(x, unit, mem(r8, i));
            a.vcvtps2dq(x, x);
            a.vpshufd(y, x, 0b11_10_11_10);
            a.vpslld(y, y, Short.SIZE);
            a.vpor(x, x, y);
            a.vmovdqu(mem(r8, i), x);
        }
    }

    /// The product of as many values at rax as r10 counts positions with the rounded rows at rdx, to r8.
    ///
    /// @param outputBytes from one token's output to the next
    /// @param fetching fetches what lies rcx bytes behind the values
    void write(int outputBytes, boolean fetching) {
        a.mov(firstValues, values);
        a.add(counter, QUAD - 1);
        a.shr(counter, 2);
        a.mov(steps, counter);
        int vectors = headDim / lanes;
        int together = Math.min(vectors, (registers - TEMPORARIES) / (sums() * tokens));
        while (vectors % together != 0) {
            together--;
        }
        for (int first = 0; first < vectors; first += together) {
            a.mov(values, firstValues);
            a.mov(weights, rows);
            a.mov(counter, steps);
            var pass = new Pass(first, first + together, fetching);
            if (wide) {
                pass.write(outputBytes, i -> zmm(i));
            } else {
                pass.write(outputBytes, i -> ymm(i));
            }
        }
    }

    /// Registers that a token's sums of a vector of dimensions take.
    private int sums() {
        return wide ? 2 : 1;
    }

    /// Some vectors of dimensions.
    private final class Pass {
        private final int first;
        private final int end;
        private final boolean fetching;

        Pass(int first, int end, boolean fetching) {
            this.first = first;
            this.end = end;
            this.fetching = fetching;
        }

        private int sum(int vector, int token) {
            return sums() * (tokens * (vector - first) + token);
        }

        private int block(int vector) {
            return vector * lanes / Activations.BLOCK;
        }

        private int at(int vector) {
            return vector * lanes * QUAD;
        }

        private <V extends Vector<V, H>, H extends Vector<H, ?>> void write(
                int outputBytes, IntFunction<V> register) {
            for (int i = 0; i < sums() * tokens * (end - first); i++) {
                a.vxorps(register.apply(i), register.apply(i), register.apply(i));
            }
            Label step = a.label();
            a.align(32);
            a.bind(step);
            for (int i = first; i < end; ) {
                if (wide) {
                    int last = i + 1 < end && block(i + 1) == block(i) ? i + 2 : i + 1;
                    step512(i, last);
                    i = last;
                } else {
                    step256(i);
                    i++;
                }
            }
            a.add(values, QUAD * headDim);
            a.add(weights, wide ? QUAD : QUAD * Float.BYTES);
            a.dec(counter);
            a.jnz(step);
            V worth = register.apply(registers - 1);
            for (int i = first; i < end; i++) {
                for (int token = 0; token < tokens; token++) {
                    V total = register.apply(sum(i, token));
                    if (wide) {
                        a.vpslld(total, total, Byte.SIZE);
                        a.vpaddd(total, total, register.apply(sum(i, token) + 1));
                    }
                    a.vbroadcastss(worth, mem(rows, worth(block(i), token)));
                    a.vcvtdq2ps(total, total);
                    a.vmulps(total, total, worth);
                    a.vmovups(mem(target, token * outputBytes + i * lanes * Float.BYTES), total);
                }
            }
        }

        private void fetch(int vector) {
            if (fetching && at(vector) % 64 == 0) {
                a.prefetcht1(mem(values, distance, 1, at(vector)));
            }
        }

        /// One vector, or two of one block.
        private void step512(int from, int to) {
            for (int i = from; i < to; i++) {
                fetch(i);
                a.vmovdqu32(zmm(28 + i - from), mem(values, at(i)));
            }
            for (int token = 0; token < tokens; token++) {
                for (int low = 0; low < 2; low++) {
                    Zmm four = zmm(30 + low);
                    Memory<Xmm> from4 = mem(weights, row(block(from), token) + low * LOW_BITS);
                    a.vpbroadcastd(four, from4);
                    for (int i = from; i < to; i++) {
                        a.vpdpbusd(zmm(sum(i, token) + low), four, zmm(28 + i - from));
                    }
                }
            }
        }

        private void step256(int vector) {
            Ymm even = ymm(12);
            Ymm odd = ymm(13);
            fetch(vector);
            a.vmovdqu(odd, mem(values, at(vector)));
            a.vpsllw(even, odd, Byte.SIZE);
            a.vpsraw(even, even, Byte.SIZE);
            a.vpsraw(odd, odd, Byte.SIZE);
            for (int token = 0; token < tokens; token++) {
                int row = row(block(vector), token);
                multiplyAdd(ymm(sum(vector, token)), even, row);
                multiplyAdd(ymm(sum(vector, token)), odd, row + Float.BYTES);
            }
        }

        private void multiplyAdd(Ymm sum, Ymm words, int pair) {
            Ymm product = ymm(14);
            a.vpbroadcastd(product, this.<Xmm>weight(pair));
            if (tier == CpuTier.AVX_VNNI) {
                a.vpdpwssdVex(sum, words, product);
            } else {
                a.vpmaddwd(product, words, product);
                a.vpaddd(sum, sum, product);
            }
        }

        private <T> Memory<T> weight(int displacement) {
            return mem(weights, displacement);
        }
    }
}
