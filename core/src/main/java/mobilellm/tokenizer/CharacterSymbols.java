package mobilellm.tokenizer;

import java.util.Arrays;
import java.util.Map;

/// One symbol for each character; one that has none gives its bytes, or the unknown token, or nothing.
final class CharacterSymbols implements Bpe.Symbols {
    private final int[] ascii = new int[128];
    private final LongMap others;
    private final int[] bytes;
    private final int unknown;
    private final boolean fuseUnknown;

    /// @param characters symbol by code point
    /// @param bytes the tokens of the 256 bytes, or nothing
    /// @param unknown the token of an unknown character, or -1
    /// @param fuseUnknown whether several unknown characters in a row are one unknown token
    CharacterSymbols(
            Map<Integer, Integer> characters, int[] bytes, int unknown, boolean fuseUnknown) {
        this.bytes = bytes;
        this.unknown = unknown;
        this.fuseUnknown = fuseUnknown;
        others = new LongMap(characters.size());
        Arrays.fill(ascii, -1);
        characters.forEach(
                (codePoint, symbol) -> {
                    if (codePoint < ascii.length) {
                        ascii[codePoint] = symbol;
                    } else {
                        others.putIfAbsent(codePoint, symbol);
                    }
                });
    }

    @Override
    public int read(byte[] utf8, int from, int to, int[] symbols) {
        int count = 0;
        boolean afterUnknown = false;
        for (int index = from; index < to; ) {
            byte lead = utf8[index];
            int end = index + Utf8.length(lead);
            long symbol = lead >= 0 ? ascii[lead] : others.get(Utf8.codePoint(utf8, index));
            boolean known = symbol >= 0 && symbol != LongMap.ABSENT;
            if (known) {
                symbols[count++] = (int) symbol;
            } else if (bytes.length > 0) {
                for (int i = index; i < end; i++) {
                    symbols[count++] = bytes[utf8[i] & 0xFF];
                }
            } else if (unknown >= 0 && !(fuseUnknown && afterUnknown)) {
                symbols[count++] = unknown;
            }
            afterUnknown = !known;
            index = end;
        }
        return count;
    }
}
