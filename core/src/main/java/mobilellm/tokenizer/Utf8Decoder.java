package mobilellm.tokenizer;

/// UTF-8 byte by byte, for bytes that end anywhere. Malformed bytes give U+FFFD once per maximal subpart, as soon as
/// they are known to be malformed: the decoder of the WHATWG Encoding Standard, section 8.1. (The JDK's own gives one
/// U+FFFD, not three, for the three bytes of an encoded surrogate.)
final class Utf8Decoder {
    private static final char REPLACEMENT = '\uFFFD';

    private int codePoint;

    /// How many bytes of the character are still to come; 0 between characters.
    private int missing;

    /// The range of the next byte: narrower after a few leads, so that each code point has one encoding.
    private int lowest;

    private int highest;

    void accept(byte next, StringBuilder target) {
        int value = next & 0xFF;
        if (missing == 0) {
            begin(value, target);
        } else if (value < lowest || value > highest) {
            missing = 0;
            target.append(REPLACEMENT);
            begin(value, target);
        } else {
            codePoint = (codePoint << 6) | (value & 0x3F);
            lowest = 0x80;
            highest = 0xBF;
            if (--missing == 0) {
                target.appendCodePoint(codePoint);
            }
        }
    }

    /// The bytes have ended; what is incomplete gives U+FFFD.
    void finish(StringBuilder target) {
        if (missing > 0) {
            missing = 0;
            target.append(REPLACEMENT);
        }
    }

    private void begin(int lead, StringBuilder target) {
        lowest = 0x80;
        highest = 0xBF;
        if (lead < 0x80) {
            target.append((char) lead);
        } else if (lead < 0xC2 || lead > 0xF4) {
            target.append(REPLACEMENT);
        } else if (lead < 0xE0) {
            missing = 1;
            codePoint = lead & 0x1F;
        } else if (lead < 0xF0) {
            missing = 2;
            codePoint = lead & 0x0F;
            if (lead == 0xE0) {
                lowest = 0xA0; // below: two bytes would do
            } else if (lead == 0xED) {
                highest = 0x9F; // above: surrogates
            }
        } else {
            missing = 3;
            codePoint = lead & 0x07;
            if (lead == 0xF0) {
                lowest = 0x90; // below: three bytes would do
            } else if (lead == 0xF4) {
                highest = 0x8F; // above: beyond U+10FFFF
            }
        }
    }
}
