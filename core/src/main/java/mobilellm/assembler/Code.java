package mobilellm.assembler;

import java.util.HexFormat;
import java.util.List;

/// Finished machine code: position-independent, entered at its first byte, which must lie at a multiple of [#ALIGNMENT].
public final class Code {
    /// Bytes; enough for constants of 512 bits.
    public static final int ALIGNMENT = 64;

    private final byte[] bytes;
    private final List<Line> lines;

    /// One line of the listing.
    ///
    /// @param offset where its bytes begin
    /// @param length how many bytes
    record Line(int offset, int length, Object text) {}

    Code(byte[] bytes, List<Line> lines) {
        this.bytes = bytes;
        this.lines = List.copyOf(lines);
    }

    /// Bytes of code and constants.
    public int size() {
        return bytes.length;
    }

    /// A copy of the bytes.
    public byte[] bytes() {
        return bytes.clone();
    }

    /// For readers: offset, bytes and text of each instruction; labels and constants stand in lines of their own.
    public String listing() {
        var listing = new StringBuilder();
        HexFormat hex = HexFormat.ofDelimiter(" ");
        for (Line line : lines) {
            if (line.text() instanceof Label label) {
                listing.append(label).append(":\n");
            } else {
                String shown = hex.formatHex(bytes, line.offset(), line.offset() + line.length());
                listing.append("%6x  %-32s  %s\n".formatted(line.offset(), shown, line.text()));
            }
        }
        return listing.toString();
    }
}
