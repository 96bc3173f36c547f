package mobilellm.assembler;

/// An opcode as Intel's manual writes it, `66 0F 38 50` as 0x660F3850, taken apart into what prefixes encode.
///
/// @param prefix 0, 0x66, 0xF3 or 0xF2
/// @param map 0 for one-byte opcodes, 1 for 0F, 2 for 0F 38, 3 for 0F 3A
/// @param code the last byte
record Opcode(int prefix, int map, int code) {
    static Opcode of(int bytes) {
        int code = bytes & 0xFF;
        int rest = bytes >>> 8;
        return switch (rest & 0xFFFF) {
            case 0x0F38 -> new Opcode(rest >>> 16, 2, code);
            case 0x0F3A -> new Opcode(rest >>> 16, 3, code);
            default ->
                    (rest & 0xFF) == 0x0F
                            ? new Opcode(rest >>> 8, 1, code)
                            : new Opcode(rest, 0, code);
        };
    }

    /// The prefix as VEX and EVEX number it.
    int pp() {
        return switch (prefix) {
            case 0x66 -> 1;
            case 0xF3 -> 2;
            case 0xF2 -> 3;
            default -> 0;
        };
    }
}
