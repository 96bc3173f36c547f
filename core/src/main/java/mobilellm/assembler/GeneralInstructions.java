package mobilellm.assembler;

/// Instructions on general registers: addresses, counts, jumps.
abstract class GeneralInstructions extends Encoder {
    // Moves.

    public final <G extends General<G>> void mov(G d, G s) {
        legacy("mov", wide(d), 0x89, s.number(), d, 0, 0, d, s);
    }

    public final <G extends General<G>> void mov(G d, Memory<G> s) {
        legacy("mov", wide(d), 0x8B, d.number(), s, 0, 0, d, s);
    }

    public final <G extends General<G>> void mov(Memory<G> d, G s) {
        legacy("mov", wide(s), 0x89, s.number(), d, 0, 0, d, s);
    }

    public final void mov(R32 d, int immediate) {
        inOpcode("mov", false, 0xB8, d, 4, immediate, d, immediate);
    }

    /// Seven bytes where the immediate is a signed dword, else ten.
    public final void mov(R64 d, long immediate) {
        if (immediate == (int) immediate) {
            legacy("mov", true, 0xC7, 0, d, 4, (int) immediate, d, immediate);
        } else {
            inOpcode("movabs", true, 0xB8, d, 8, immediate, d, immediate);
        }
    }

    public final <G extends General<G>> void lea(G d, Memory<?> s) {
        legacy("lea", wide(d), 0x8D, d.number(), s, 0, 0, d, s);
    }

    public final <G extends General<G>> void xchg(Memory<G> d, G s) {
        legacy("xchg", wide(s), 0x87, s.number(), d, 0, 0, d, s);
    }

    public final <G extends General<G>> void cmov(Condition condition, G d, Source<G> s) {
        legacy("cmov" + condition, wide(d), 0x0F40 | condition.number(), d.number(), s, 0, 0, d, s);
    }

    // Loads of 8, 16 and 32 bits, widened with zeros (zx) or with their sign (sx); stores of 8 and
    // 16 bits.

    public final void movzx8(R32 d, Memory<?> s) {
        legacy("movzx", false, 0x0FB6, d.number(), s, 0, 0, d, "byte ptr " + s);
    }

    public final void movzx16(R32 d, Memory<?> s) {
        legacy("movzx", false, 0x0FB7, d.number(), s, 0, 0, d, "word ptr " + s);
    }

    public final <G extends General<G>> void movsx8(G d, Memory<?> s) {
        legacy("movsx", wide(d), 0x0FBE, d.number(), s, 0, 0, d, "byte ptr " + s);
    }

    public final <G extends General<G>> void movsx16(G d, Memory<?> s) {
        legacy("movsx", wide(d), 0x0FBF, d.number(), s, 0, 0, d, "word ptr " + s);
    }

    public final void movsxd(R64 d, Source<R32> s) {
        legacy("movsxd", true, 0x63, d.number(), s, 0, 0, d, s);
    }

    // Arithmetic.

    public final <G extends General<G>> void add(G d, G s) {
        legacy("add", wide(d), 0x01, s.number(), d, 0, 0, d, s);
    }

    public final <G extends General<G>> void add(G d, Memory<G> s) {
        legacy("add", wide(d), 0x03, d.number(), s, 0, 0, d, s);
    }

    public final <G extends General<G>> void add(Memory<G> d, G s) {
        legacy("add", wide(s), 0x01, s.number(), d, 0, 0, d, s);
    }

    public final <G extends General<G>> void add(G d, int immediate) {
        arithmetic("add", 0, d, immediate);
    }

    public final <G extends General<G>> void or(G d, G s) {
        legacy("or", wide(d), 0x09, s.number(), d, 0, 0, d, s);
    }

    public final <G extends General<G>> void or(G d, Memory<G> s) {
        legacy("or", wide(d), 0x0B, d.number(), s, 0, 0, d, s);
    }

    public final <G extends General<G>> void or(Memory<G> d, G s) {
        legacy("or", wide(s), 0x09, s.number(), d, 0, 0, d, s);
    }

    public final <G extends General<G>> void or(G d, int immediate) {
        arithmetic("or", 1, d, immediate);
    }

    public final <G extends General<G>> void and(G d, G s) {
        legacy("and", wide(d), 0x21, s.number(), d, 0, 0, d, s);
    }

    public final <G extends General<G>> void and(G d, Memory<G> s) {
        legacy("and", wide(d), 0x23, d.number(), s, 0, 0, d, s);
    }

    public final <G extends General<G>> void and(Memory<G> d, G s) {
        legacy("and", wide(s), 0x21, s.number(), d, 0, 0, d, s);
    }

    public final <G extends General<G>> void and(G d, int immediate) {
        arithmetic("and", 4, d, immediate);
    }

    public final <G extends General<G>> void sub(G d, G s) {
        legacy("sub", wide(d), 0x29, s.number(), d, 0, 0, d, s);
    }

    public final <G extends General<G>> void sub(G d, Memory<G> s) {
        legacy("sub", wide(d), 0x2B, d.number(), s, 0, 0, d, s);
    }

    public final <G extends General<G>> void sub(Memory<G> d, G s) {
        legacy("sub", wide(s), 0x29, s.number(), d, 0, 0, d, s);
    }

    public final <G extends General<G>> void sub(G d, int immediate) {
        arithmetic("sub", 5, d, immediate);
    }

    public final <G extends General<G>> void xor(G d, G s) {
        legacy("xor", wide(d), 0x31, s.number(), d, 0, 0, d, s);
    }

    public final <G extends General<G>> void xor(G d, Memory<G> s) {
        legacy("xor", wide(d), 0x33, d.number(), s, 0, 0, d, s);
    }

    public final <G extends General<G>> void xor(Memory<G> d, G s) {
        legacy("xor", wide(s), 0x31, s.number(), d, 0, 0, d, s);
    }

    public final <G extends General<G>> void xor(G d, int immediate) {
        arithmetic("xor", 6, d, immediate);
    }

    public final <G extends General<G>> void cmp(G d, G s) {
        legacy("cmp", wide(d), 0x39, s.number(), d, 0, 0, d, s);
    }

    public final <G extends General<G>> void cmp(G d, Memory<G> s) {
        legacy("cmp", wide(d), 0x3B, d.number(), s, 0, 0, d, s);
    }

    public final <G extends General<G>> void cmp(G d, int immediate) {
        arithmetic("cmp", 7, d, immediate);
    }

    public final <G extends General<G>> void test(G a, G b) {
        legacy("test", wide(a), 0x85, b.number(), a, 0, 0, a, b);
    }

    public final <G extends General<G>> void test(G a, int immediate) {
        if (a.number() == 0) {
            accumulator("test", 0xA9, a, immediate);
        } else {
            legacy("test", wide(a), 0xF7, 0, a, 4, immediate, a, immediate);
        }
    }

    public final <G extends General<G>> void imul(G d, Source<G> s) {
        legacy("imul", wide(d), 0x0FAF, d.number(), s, 0, 0, d, s);
    }

    public final <G extends General<G>> void imul(G d, Source<G> s, int immediate) {
        boolean small = immediate == (byte) immediate;
        legacy(
                "imul",
                wide(d),
                small ? 0x6B : 0x69,
                d.number(),
                s,
                small ? 1 : 4,
                immediate,
                d,
                s,
                immediate);
    }

    public final <G extends General<G>> void shl(G d, int count) {
        shift("shl", 4, d, count);
    }

    public final <G extends General<G>> void shr(G d, int count) {
        shift("shr", 5, d, count);
    }

    public final <G extends General<G>> void sar(G d, int count) {
        shift("sar", 7, d, count);
    }

    public final <G extends General<G>> void inc(G d) {
        legacy("inc", wide(d), 0xFF, 0, d, 0, 0, d);
    }

    public final <G extends General<G>> void dec(G d) {
        legacy("dec", wide(d), 0xFF, 1, d, 0, 0, d);
    }

    public final <G extends General<G>> void not(G d) {
        legacy("not", wide(d), 0xF7, 2, d, 0, 0, d);
    }

    public final <G extends General<G>> void neg(G d) {
        legacy("neg", wide(d), 0xF7, 3, d, 0, 0, d);
    }

    // Control.

    public final void push(R64 s) {
        inOpcode("push", false, 0x50, s, 0, 0, s);
    }

    public final void pop(R64 d) {
        inOpcode("pop", false, 0x58, d, 0, 0, d);
    }

    public final void call(R64 target) {
        legacy("call", false, 0xFF, 2, target, 0, 0, target);
    }

    public final void jmp(R64 target) {
        legacy("jmp", false, 0xFF, 4, target, 0, 0, target);
    }

    public final void jmp(Label target) {
        items.add(new Item.Jump(null, target));
    }

    public final void jcc(Condition condition, Label target) {
        items.add(new Item.Jump(condition, target));
    }

    public final void jz(Label target) {
        jcc(Condition.E, target);
    }

    public final void jnz(Label target) {
        jcc(Condition.NE, target);
    }

    public final void je(Label target) {
        jcc(Condition.E, target);
    }

    public final void jne(Label target) {
        jcc(Condition.NE, target);
    }

    public final void jb(Label target) {
        jcc(Condition.B, target);
    }

    public final void jae(Label target) {
        jcc(Condition.AE, target);
    }

    public final void jbe(Label target) {
        jcc(Condition.BE, target);
    }

    public final void ja(Label target) {
        jcc(Condition.A, target);
    }

    public final void jl(Label target) {
        jcc(Condition.L, target);
    }

    public final void jge(Label target) {
        jcc(Condition.GE, target);
    }

    public final void jle(Label target) {
        jcc(Condition.LE, target);
    }

    public final void jg(Label target) {
        jcc(Condition.G, target);
    }

    // Prefetch into all caches (t0), the second and up (t1), the third (t2), or with as little
    // trace as may be (nta).

    public final void prefetcht0(Memory<?> s) {
        legacy("prefetcht0", false, 0x0F18, 1, s, 0, 0, s);
    }

    public final void prefetcht1(Memory<?> s) {
        legacy("prefetcht1", false, 0x0F18, 2, s, 0, 0, s);
    }

    public final void prefetcht2(Memory<?> s) {
        legacy("prefetcht2", false, 0x0F18, 3, s, 0, 0, s);
    }

    public final void prefetchnta(Memory<?> s) {
        legacy("prefetchnta", false, 0x0F18, 0, s, 0, 0, s);
    }

    public final void ret() {
        fixed("ret", 0xC3);
    }

    public final void cpuid() {
        fixed("cpuid", 0x0F, 0xA2);
    }

    public final void xgetbv() {
        fixed("xgetbv", 0x0F, 0x01, 0xD0);
    }

    public final void rdtsc() {
        fixed("rdtsc", 0x0F, 0x31);
    }

    public final void pause() {
        fixed("pause", 0xF3, 0x90);
    }

    public final void mfence() {
        fixed("mfence", 0x0F, 0xAE, 0xF0);
    }

    public final void sfence() {
        fixed("sfence", 0x0F, 0xAE, 0xF8);
    }

    public final void int3() {
        fixed("int3", 0xCC);
    }

    private void arithmetic(String mnemonic, int extension, General<?> d, int immediate) {
        if (immediate == (byte) immediate) {
            legacy(mnemonic, wide(d), 0x83, extension, d, 1, immediate, d, immediate);
        } else if (d.number() == 0) {
            accumulator(mnemonic, extension << 3 | 5, d, immediate);
        } else {
            legacy(mnemonic, wide(d), 0x81, extension, d, 4, immediate, d, immediate);
        }
    }

    /// The shorter form with eax or rax and a dword.
    private void accumulator(String mnemonic, int opcode, General<?> d, int immediate) {
        inOpcode(mnemonic, wide(d), opcode, d, 4, immediate, d, immediate);
    }

    private void shift(String mnemonic, int extension, General<?> d, int count) {
        int bits = wide(d) ? 64 : 32;
        if (count < 0 || count >= bits) {
            throw new IllegalArgumentException(
                    "%s %s: the count must be 0 to %d, got %d"
                            .formatted(mnemonic, d, bits - 1, count));
        }
        if (count == 1) {
            legacy(mnemonic, wide(d), 0xD1, extension, d, 0, 0, d, 1);
        } else {
            legacy(mnemonic, wide(d), 0xC1, extension, d, 1, count, d, count);
        }
    }

    private static boolean wide(General<?> register) {
        return register instanceof R64;
    }
}
