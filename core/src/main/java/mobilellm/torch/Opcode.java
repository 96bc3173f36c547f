package mobilellm.torch;

import java.util.Map;

/// Opcodes of pickles that are refused, by name: nothing that holds tensors needs them.
final class Opcode {
    private static final Map<Integer, String> REFUSED =
            Map.ofEntries(
                    Map.entry((int) '2', "DUP"),
                    Map.entry((int) 'B', "BINBYTES"),
                    Map.entry((int) 'C', "SHORT_BINBYTES"),
                    Map.entry((int) 'F', "FLOAT"),
                    Map.entry((int) 'I', "INT"),
                    Map.entry((int) 'L', "LONG"),
                    Map.entry((int) 'P', "PERSID"),
                    Map.entry((int) 'S', "STRING"),
                    Map.entry((int) 'V', "UNICODE"),
                    Map.entry((int) 'd', "DICT"),
                    Map.entry((int) 'g', "GET"),
                    Map.entry((int) 'i', "INST"),
                    Map.entry((int) 'l', "LIST"),
                    Map.entry((int) 'o', "OBJ"),
                    Map.entry((int) 'p', "PUT"),
                    Map.entry(0x81, "NEWOBJ"),
                    Map.entry(0x82, "EXT1"),
                    Map.entry(0x83, "EXT2"),
                    Map.entry(0x84, "EXT4"),
                    Map.entry(0x8b, "LONG4"),
                    Map.entry(0x8e, "BINBYTES8"),
                    Map.entry(0x8f, "EMPTY_SET"),
                    Map.entry(0x90, "ADDITEMS"),
                    Map.entry(0x91, "FROZENSET"),
                    Map.entry(0x92, "NEWOBJ_EX"),
                    Map.entry(0x96, "BYTEARRAY8"),
                    Map.entry(0x97, "NEXT_BUFFER"),
                    Map.entry(0x98, "READONLY_BUFFER"));

    private Opcode() {}

    /// For messages.
    static String name(int opcode) {
        return REFUSED.getOrDefault(opcode, "unknown") + " (0x%02x)".formatted(opcode);
    }
}
