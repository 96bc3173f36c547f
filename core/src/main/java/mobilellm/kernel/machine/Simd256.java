package mobilellm.kernel.machine;

import static mobilellm.assembler.Registers.mem;
import static mobilellm.assembler.Registers.xmm;
import static mobilellm.assembler.Registers.ymm;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.Memory;
import mobilellm.assembler.R64;
import mobilellm.assembler.Xmm;
import mobilellm.assembler.Ymm;
import mobilellm.tensor.DType;

/// Value `i` is `ymm 2i` and `ymm 2i + 1`; `ymm 14` and `ymm 15` are for what an instruction cannot take from memory.
final class Simd256 extends Simd {
    private static final int HALF = BYTES / 2;
    private static final int NEAREST = 0;
    private static final int NOT_LESS = 5;
    private static final int EXPONENT_SHIFT = 23;

    Simd256(Assembler a) {
        super(a);
    }

    @Override
    int values() {
        return 7;
    }

    private static Ymm low(int value) {
        return ymm(2 * value);
    }

    private static Ymm high(int value) {
        return ymm(2 * value + 1);
    }

    private static Xmm first(int value) {
        return xmm(2 * value);
    }

    private Memory<Ymm> repeated(float constant) {
        return a.filled(ymm(0), Float.floatToRawIntBits(constant));
    }

    @Override
    void zero(int d) {
        a.vpxor(low(d), low(d), low(d));
        a.vpxor(high(d), high(d), high(d));
    }

    @Override
    void copy(int d, int s) {
        a.vmovaps(low(d), low(s));
        a.vmovaps(high(d), high(s));
    }

    @Override
    void load(int d, R64 base, int displacement) {
        a.vmovups(low(d), mem(base, displacement));
        a.vmovups(high(d), mem(base, displacement + HALF));
    }

    @Override
    void store(R64 base, int displacement, int s) {
        a.vmovups(mem(base, displacement), low(s));
        a.vmovups(mem(base, displacement + HALF), high(s));
    }

    @Override
    void repeat(int d, R64 base, int displacement) {
        a.vbroadcastss(low(d), mem(base, displacement));
        a.vmovaps(high(d), low(d));
    }

    @Override
    void repeat(int d, int s) {
        a.vbroadcastss(low(d), first(s));
        a.vmovaps(high(d), low(d));
    }

    @Override
    void add(int d, int x, int y) {
        a.vaddps(low(d), low(x), low(y));
        a.vaddps(high(d), high(x), high(y));
    }

    @Override
    void subtract(int d, int x, int y) {
        a.vsubps(low(d), low(x), low(y));
        a.vsubps(high(d), high(x), high(y));
    }

    @Override
    void multiply(int d, int x, int y) {
        a.vmulps(low(d), low(x), low(y));
        a.vmulps(high(d), high(x), high(y));
    }

    @Override
    void divide(int d, int x, int y) {
        a.vdivps(low(d), low(x), low(y));
        a.vdivps(high(d), high(x), high(y));
    }

    @Override
    void maximum(int d, int x, int y) {
        a.vmaxps(low(d), low(x), low(y));
        a.vmaxps(high(d), high(x), high(y));
    }

    @Override
    void multiplyAdd(int d, int x, int y) {
        a.vfmadd231ps(low(d), low(x), low(y));
        a.vfmadd231ps(high(d), high(x), high(y));
    }

    @Override
    void plus(int d, int x, float constant) {
        a.vaddps(low(d), low(x), repeated(constant));
        a.vaddps(high(d), high(x), repeated(constant));
    }

    @Override
    void times(int d, int x, float constant) {
        a.vmulps(low(d), low(x), repeated(constant));
        a.vmulps(high(d), high(x), repeated(constant));
    }

    @Override
    void atLeast(int d, int x, float constant) {
        a.vmaxps(low(d), low(x), repeated(constant));
        a.vmaxps(high(d), high(x), repeated(constant));
    }

    @Override
    void atMost(int d, int x, float constant) {
        a.vminps(low(d), low(x), repeated(constant));
        a.vminps(high(d), high(x), repeated(constant));
    }

    @Override
    void plusTimes(int d, int x, float constant) {
        a.vfmadd231ps(low(d), low(x), repeated(constant));
        a.vfmadd231ps(high(d), high(x), repeated(constant));
    }

    @Override
    void timesPlus(int d, int x, float constant) {
        a.vfmadd213ps(low(d), low(x), repeated(constant));
        a.vfmadd213ps(high(d), high(x), repeated(constant));
    }

    @Override
    void add(int d, int x, R64 base, int displacement) {
        a.vaddps(low(d), low(x), mem(base, displacement));
        a.vaddps(high(d), high(x), mem(base, displacement + HALF));
    }

    @Override
    void multiply(int d, int x, R64 base, int displacement) {
        a.vmulps(low(d), low(x), mem(base, displacement));
        a.vmulps(high(d), high(x), mem(base, displacement + HALF));
    }

    @Override
    void constant(int d, float value) {
        a.vmovaps(low(d), repeated(value));
        a.vmovaps(high(d), low(d));
    }

    @Override
    void storeFirst(R64 base, int displacement, int s) {
        a.vmovss(mem(base, displacement), first(s));
    }

    @Override
    void multiplyAddRepeated(int d, int x, R64 base, int displacement) {
        a.vbroadcastss(ymm(15), mem(base, displacement));
        a.vfmadd231ps(low(d), low(x), ymm(15));
        a.vfmadd231ps(high(d), high(x), ymm(15));
    }

    @Override
    void round(int d, int x) {
        a.vroundps(low(d), low(x), NEAREST);
        a.vroundps(high(d), high(x), NEAREST);
    }

    @Override
    void scaleByPowerOfTwo(int d, int x, int n) {
        for (int half = 0; half < 2; half++) {
            Ymm power = ymm(2 * n + half);
            a.vcvtps2dq(power, power);
            a.vpaddd(power, power, a.filled(power, 127));
            a.vpslld(power, power, EXPONENT_SHIFT);
            a.vmulps(ymm(2 * d + half), ymm(2 * x + half), power);
        }
    }

    @Override
    void power(int d, int x) {
        a.vpslld(low(d), low(x), EXPONENT_SHIFT);
        a.vpslld(high(d), high(x), EXPONENT_SHIFT);
    }

    @Override
    void zeroWhereBelow(int d, int x, float constant) {
        for (int half = 0; half < 2; half++) {
            a.vcmpps(ymm(15), ymm(2 * x + half), repeated(constant), NOT_LESS);
            a.vandps(ymm(2 * d + half), ymm(2 * d + half), ymm(15));
        }
    }

    @Override
    void fold(int d, int scratch, Lanewise operation) {
        operation.of(low(d), low(d), high(d));
        a.vextractf128(first(scratch), low(d), 1);
        operation.of(first(d), first(d), first(scratch));
        fold(first(d), first(scratch), operation);
    }

    @Override
    void widen(int d, DType type, R64 base, int displacement) {
        switch (type) {
            case F32 -> load(d, base, displacement);
            case F16 -> {
                a.vcvtph2ps(low(d), mem(base, displacement));
                a.vcvtph2ps(high(d), mem(base, displacement + HALF / 2));
            }
            case BF16 -> {
                a.vpmovzxwd(low(d), mem(base, displacement));
                a.vpmovzxwd(high(d), mem(base, displacement + HALF / 2));
                a.vpslld(low(d), low(d), 16);
                a.vpslld(high(d), high(d), 16);
            }
            default -> throw new IllegalArgumentException(type + " is no plain type");
        }
    }
}
