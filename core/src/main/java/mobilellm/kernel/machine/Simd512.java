package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.broadcast;
import static mobilellm.assembler.Registers.k;
import static mobilellm.assembler.Registers.mem;
import static mobilellm.assembler.Registers.xmm;
import static mobilellm.assembler.Registers.ymm;
import static mobilellm.assembler.Registers.zmm;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.Memory;
import mobilellm.assembler.R64;
import mobilellm.assembler.Zmm;
import mobilellm.tensor.DType;

/// Value `i` is `zmm i`.
final class Simd512 extends Simd {
    private static final int NEAREST = 0;
    private static final int NOT_LESS = 5;
    private static final int EXPONENT_SHIFT = 23;

    Simd512(Assembler a) {
        super(a);
    }

    @Override
    int values() {
        return 32;
    }

    private Memory<Zmm> repeated(float constant) {
        return broadcast(a.<Zmm>floats(constant));
    }

    @Override
    void zero(int d) {
        a.vpxord(zmm(d), zmm(d), zmm(d));
    }

    @Override
    void copy(int d, int s) {
        a.vmovaps(zmm(d), zmm(s));
    }

    @Override
    void load(int d, R64 base, int displacement) {
        a.vmovups(zmm(d), mem(base, displacement));
    }

    @Override
    void store(R64 base, int displacement, int s) {
        a.vmovups(mem(base, displacement), zmm(s));
    }

    @Override
    void repeat(int d, R64 base, int displacement) {
        a.vbroadcastss(zmm(d), mem(base, displacement));
    }

    @Override
    void repeat(int d, int s) {
        a.vbroadcastss(zmm(d), xmm(s));
    }

    @Override
    void add(int d, int x, int y) {
        a.vaddps(zmm(d), zmm(x), zmm(y));
    }

    @Override
    void subtract(int d, int x, int y) {
        a.vsubps(zmm(d), zmm(x), zmm(y));
    }

    @Override
    void multiply(int d, int x, int y) {
        a.vmulps(zmm(d), zmm(x), zmm(y));
    }

    @Override
    void divide(int d, int x, int y) {
        a.vdivps(zmm(d), zmm(x), zmm(y));
    }

    @Override
    void maximum(int d, int x, int y) {
        a.vmaxps(zmm(d), zmm(x), zmm(y));
    }

    @Override
    void multiplyAdd(int d, int x, int y) {
        a.vfmadd231ps(zmm(d), zmm(x), zmm(y));
    }

    @Override
    void plus(int d, int x, float constant) {
        a.vaddps(zmm(d), zmm(x), repeated(constant));
    }

    @Override
    void times(int d, int x, float constant) {
        a.vmulps(zmm(d), zmm(x), repeated(constant));
    }

    @Override
    void atLeast(int d, int x, float constant) {
        a.vmaxps(zmm(d), zmm(x), repeated(constant));
    }

    @Override
    void atMost(int d, int x, float constant) {
        a.vminps(zmm(d), zmm(x), repeated(constant));
    }

    @Override
    void plusTimes(int d, int x, float constant) {
        a.vfmadd231ps(zmm(d), zmm(x), repeated(constant));
    }

    @Override
    void timesPlus(int d, int x, float constant) {
        a.vfmadd213ps(zmm(d), zmm(x), repeated(constant));
    }

    @Override
    void add(int d, int x, R64 base, int displacement) {
        a.vaddps(zmm(d), zmm(x), mem(base, displacement));
    }

    @Override
    void multiply(int d, int x, R64 base, int displacement) {
        a.vmulps(zmm(d), zmm(x), mem(base, displacement));
    }

    @Override
    void constant(int d, float value) {
        a.vbroadcastss(zmm(d), a.floats(value));
    }

    @Override
    void storeFirst(R64 base, int displacement, int s) {
        a.vmovss(mem(base, displacement), xmm(s));
    }

    @Override
    void multiplyAddRepeated(int d, int x, R64 base, int displacement) {
        a.vfmadd231ps(zmm(d), zmm(x), broadcast(mem(base, displacement)));
    }

    @Override
    void round(int d, int x) {
        a.vrndscaleps(zmm(d), zmm(x), NEAREST);
    }

    @Override
    void scaleByPowerOfTwo(int d, int x, int n) {
        a.vscalefps(zmm(d), zmm(x), zmm(n));
    }

    @Override
    void power(int d, int x) {
        a.vpslld(zmm(d), zmm(x), EXPONENT_SHIFT);
    }

    @Override
    void zeroWhereBelow(int d, int x, float constant) {
        a.vcmpps(k(1), zmm(x), repeated(constant), NOT_LESS);
        a.vmovaps(zmm(d).zeroed(k(1)), zmm(d));
    }

    @Override
    void fold(int d, int scratch, Lanewise operation) {
        a.vextractf64x4(ymm(scratch), zmm(d), 1);
        operation.of(ymm(d), ymm(d), ymm(scratch));
        a.vextractf32x4(xmm(scratch), ymm(d), 1);
        operation.of(xmm(d), xmm(d), xmm(scratch));
        fold(xmm(d), xmm(scratch), operation);
    }

    @Override
    void widen(int d, DType type, R64 base, int displacement) {
        switch (type) {
            case F32 -> load(d, base, displacement);
            case F16 -> a.vcvtph2ps(zmm(d), mem(base, displacement));
            case BF16 -> {
                a.vpmovzxwd(zmm(d), mem(base, displacement));
                a.vpslld(zmm(d), zmm(d), 16);
            }
            default -> throw new IllegalArgumentException(type + " is no plain type");
        }
    }
}
