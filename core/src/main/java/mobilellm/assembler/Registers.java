package mobilellm.assembler;

import org.jspecify.annotations.Nullable;

/// Names of registers and memory operands; meant to be imported statically.
///
/// The kind of register that a memory operand stands for follows from the instruction: `a.vpaddd(zmm(0), zmm(1), mem(rdi, 64))`.
public final class Registers {
    public static final R64 rax = new R64(0);
    public static final R64 rcx = new R64(1);
    public static final R64 rdx = new R64(2);
    public static final R64 rbx = new R64(3);
    public static final R64 rsp = new R64(4);
    public static final R64 rbp = new R64(5);
    public static final R64 rsi = new R64(6);
    public static final R64 rdi = new R64(7);
    public static final R64 r8 = new R64(8);
    public static final R64 r9 = new R64(9);
    public static final R64 r10 = new R64(10);
    public static final R64 r11 = new R64(11);
    public static final R64 r12 = new R64(12);
    public static final R64 r13 = new R64(13);
    public static final R64 r14 = new R64(14);
    public static final R64 r15 = new R64(15);

    public static final R32 eax = new R32(0);
    public static final R32 ecx = new R32(1);
    public static final R32 edx = new R32(2);
    public static final R32 ebx = new R32(3);
    public static final R32 esp = new R32(4);
    public static final R32 ebp = new R32(5);
    public static final R32 esi = new R32(6);
    public static final R32 edi = new R32(7);
    public static final R32 r8d = new R32(8);
    public static final R32 r9d = new R32(9);
    public static final R32 r10d = new R32(10);
    public static final R32 r11d = new R32(11);
    public static final R32 r12d = new R32(12);
    public static final R32 r13d = new R32(13);
    public static final R32 r14d = new R32(14);
    public static final R32 r15d = new R32(15);

    private Registers() {}

    /// `xmm0` to `xmm31`; those from 16 on exist in EVEX instructions only.
    public static Xmm xmm(int number) {
        return new Xmm(number, Masking.NONE);
    }

    /// `ymm0` to `ymm31`; those from 16 on exist in EVEX instructions only.
    public static Ymm ymm(int number) {
        return new Ymm(number, Masking.NONE);
    }

    /// `zmm0` to `zmm31`.
    public static Zmm zmm(int number) {
        return new Zmm(number, Masking.NONE);
    }

    /// `k0` to `k7`.
    public static Mask k(int number) {
        return new Mask(number);
    }

    /// The memory at `base`.
    public static <T> Memory<T> mem(R64 base) {
        return mem(base, 0);
    }

    /// The memory at `base + displacement` (bytes).
    public static <T> Memory<T> mem(R64 base, int displacement) {
        return memory(base, null, 1, displacement);
    }

    /// The memory at `base + index * scale + displacement`; `scale` is 1, 2, 4 or 8 and `index` any register but rsp.
    public static <T> Memory<T> mem(R64 base, R64 index, int scale, int displacement) {
        return memory(base, index, scale, displacement);
    }

    /// The memory at `label`, addressed relative to the instruction.
    public static <T> Memory<T> mem(Label label) {
        return new Memory<>(new Memory.Relative(label), false, Masking.NONE);
    }

    /// One element of memory, repeated over the whole vector (EVEX `{1toN}`).
    public static <T> Memory<T> broadcast(Memory<T> element) {
        return new Memory<>(element.address(), true, element.masking());
    }

    /// Memory as the destination of a store in which elements whose bit in `mask` is 0 keep their value.
    public static <T> Memory<T> masked(Memory<T> destination, Mask mask) {
        return new Memory<>(
                destination.address(), destination.broadcast(), new Masking(mask, false));
    }

    private static <T> Memory<T> memory(
            R64 base, @Nullable R64 index, int scale, int displacement) {
        return new Memory<>(
                new Memory.Based(base, index, scale, displacement), false, Masking.NONE);
    }

    static void checkNumber(int number, int count) {
        if (number < 0 || number >= count) {
            throw new IllegalArgumentException(
                    "register numbers go from 0 to %d, got %d".formatted(count - 1, number));
        }
    }
}
