package mobilellm.assembler;

/// How a family of vector instructions is encoded, apart from its opcode.
///
/// @param vex whether it exists with a VEX prefix (AVX, AVX2, FMA, F16C, AVX-VNNI)
/// @param evex whether it exists with an EVEX prefix (AVX-512)
/// @param vexW the W bit under VEX
/// @param evexW the W bit under EVEX
/// @param memory bytes of its memory operand when positive; 0 for the vector's width, -1 for half of it, -2 a quarter, -3 an eighth
/// @param element bytes of the element that memory can broadcast, 0 where it cannot
/// @param maskable whether its EVEX form takes a mask
record Encoding(
        boolean vex,
        boolean evex,
        boolean vexW,
        boolean evexW,
        int memory,
        int element,
        boolean maskable) {
    /// Elements of 1 or 2 bytes, or of no matter what size.
    static final Encoding BYTES = new Encoding(true, true, false, false, 0, 0, true);

    /// Elements of 4 bytes, integer or f32.
    static final Encoding DWORDS = new Encoding(true, true, false, false, 0, 4, true);

    /// Elements of 8 bytes, integer or f64.
    static final Encoding QWORDS = new Encoding(true, true, false, true, 0, 8, true);

    /// The same where VEX needs the W bit, too.
    static final Encoding WIDE_QWORDS = new Encoding(true, true, true, true, 0, 8, true);

    /// One f32 or dword.
    static final Encoding SINGLE = new Encoding(true, true, false, false, 4, 0, true);

    /// One f64 or qword.
    static final Encoding DOUBLE = new Encoding(true, true, false, true, 8, 0, true);

    /// The same where VEX needs the W bit, too.
    static final Encoding WIDE_DOUBLE = new Encoding(true, true, true, true, 8, 0, true);

    Encoding onlyVex() {
        return new Encoding(true, false, vexW, false, memory, 0, maskable);
    }

    Encoding onlyEvex() {
        return new Encoding(false, true, false, evexW, memory, element, maskable);
    }

    /// With the W bit set.
    Encoding w1() {
        return new Encoding(vex, evex, true, true, memory, element, maskable);
    }

    Encoding unmasked() {
        return new Encoding(vex, evex, vexW, evexW, memory, element, false);
    }

    /// With memory of half the vector's width.
    Encoding half() {
        return memory(-1);
    }

    Encoding quarter() {
        return memory(-2);
    }

    Encoding eighth() {
        return memory(-3);
    }

    /// With memory of `bytes`, whatever the vector's width.
    Encoding memory(int bytes) {
        return new Encoding(vex, evex, vexW, evexW, bytes, element, maskable);
    }

    /// Bytes of the memory operand beside vectors of `vectorBytes`.
    int memoryBytes(int vectorBytes) {
        return memory > 0 ? memory : vectorBytes >> -memory;
    }
}
