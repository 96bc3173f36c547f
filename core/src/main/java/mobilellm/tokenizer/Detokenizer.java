package mobilellm.tokenizer;

import java.util.BitSet;

/// Ids to text: the bytes of the tokens, end to end, as UTF-8.
final class Detokenizer {
    /// What one token says.
    @FunctionalInterface
    interface TokenBytes {
        byte[] of(int id);
    }

    private final TokenBytes bytes;
    private final BitSet special;

    /// How many spaces at the beginning of a text are not its own: the encoder put them there.
    private final int leadingSpaces;

    Detokenizer(TokenBytes bytes, BitSet special, int leadingSpaces) {
        this.bytes = bytes;
        this.special = special;
        this.leadingSpaces = leadingSpaces;
    }

    String decode(int[] ids, boolean skipSpecial) {
        Utf8Decoder decoder = new Utf8Decoder();
        StringBuilder text = new StringBuilder(ids.length * 4);
        for (int id : ids) {
            append(id, skipSpecial, decoder, text);
        }
        decoder.finish(text);
        int spaces = 0;
        while (spaces < Math.min(leadingSpaces, text.length()) && text.charAt(spaces) == ' ') {
            spaces++;
        }
        return text.substring(spaces);
    }

    /// The text of one token in the middle of others.
    String piece(int id) {
        Utf8Decoder decoder = new Utf8Decoder();
        StringBuilder text = new StringBuilder();
        append(id, false, decoder, text);
        decoder.finish(text);
        return text.toString();
    }

    StreamingDecoder stream(boolean skipSpecial) {
        Utf8Decoder decoder = new Utf8Decoder();
        StringBuilder text = new StringBuilder();
        return new StreamingDecoder() {
            @Override
            public String accept(int id) {
                append(id, skipSpecial, decoder, text);
                return take();
            }

            @Override
            public String finish() {
                decoder.finish(text);
                return take();
            }

            private String take() {
                String taken = text.toString();
                text.setLength(0);
                return taken;
            }
        };
    }

    private void append(int id, boolean skipSpecial, Utf8Decoder decoder, StringBuilder target) {
        byte[] said = bytes.of(id);
        if (!skipSpecial || !special.get(id)) {
            for (byte next : said) {
                decoder.accept(next, target);
            }
        }
    }
}
