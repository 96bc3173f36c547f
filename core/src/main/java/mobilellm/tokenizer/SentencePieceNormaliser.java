package mobilellm.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import mobilellm.tensor.MalformedFileException;

import org.jspecify.annotations.Nullable;

/// SentencePiece's normaliser: characters are replaced, spaces trimmed and escaped, and a text gets a space in front.
final class SentencePieceNormaliser implements Stage {
    /// U+2581, which stands for a space inside pieces.
    static final byte[] ESCAPED_SPACE = "▁".getBytes(UTF_8);

    private final SentencePieceVocabulary.Normalisation rules;
    private final ByteTrie untouched;
    private final boolean everyStretch;
    private final @Nullable CharacterMap map;
    private final byte[] space;

    /// @param untouched tokens whose text is not normalised
    /// @param everyStretch whether every stretch gets its space and not only the one that begins the text
    /// @throws MalformedFileException if the character map is none
    SentencePieceNormaliser(
            SentencePieceVocabulary.Normalisation rules, ByteTrie untouched, boolean everyStretch) {
        this.rules = rules;
        this.untouched = untouched;
        this.everyStretch = everyStretch;
        map = rules.charsmap().length == 0 ? null : new CharacterMap(rules.charsmap());
        space = rules.escapeWhitespaces() ? ESCAPED_SPACE : new byte[] {' '};
    }

    @Override
    public void apply(byte[] utf8, int from, int to, boolean first, Sink next) {
        boolean begins = first || everyStretch;
        ByteList target = new ByteList(to - from + (to - from) / 2 + space.length);
        ByteList part = new ByteList(0);
        boolean trims = rules.removeExtraWhitespaces();
        boolean afterSpace = trims && begins;
        boolean empty = true;
        for (int index = from; index < to; ) {
            part.truncate(0);
            index = read(utf8, index, to, part);
            int start = 0;
            while (afterSpace && start < part.size() && part.array()[start] == ' ') {
                start++;
            }
            if (empty && begins && (start < part.size() || !trims)) {
                empty = false;
                if (rules.addDummyPrefix() && !rules.whitespaceAsSuffix()) {
                    target.add(space, 0, space.length);
                }
            }
            append(part, start, target);
            if (start < part.size()) {
                afterSpace = trims && part.array()[part.size() - 1] == ' ';
            }
        }
        while (trims && target.endsWith(space)) {
            target.truncate(target.size() - space.length);
        }
        boolean suffix = rules.addDummyPrefix() && rules.whitespaceAsSuffix() && !empty;
        if (suffix) {
            target.add(space, 0, space.length);
        }
        if (target.size() > 0) {
            next.accept(target.array(), 0, target.size(), first);
        }
    }

    /// Writes what the character at `index`, or several, becomes.
    ///
    /// @return where the next one begins
    private int read(byte[] utf8, int index, int to, ByteList part) {
        int end = untouched.match(utf8, index, to);
        if (end < 0 && map != null) {
            long match = map.match(utf8, index, to);
            if (match >= 0) {
                map.replace((int) match, part);
                return (int) (match >>> 32);
            }
        }
        if (end < 0) {
            end = index + Utf8.length(utf8[index]);
        }
        part.add(utf8, index, end);
        return end;
    }

    private void append(ByteList part, int start, ByteList target) {
        for (int i = start; i < part.size(); i++) {
            byte value = part.array()[i];
            if (value == ' ') {
                target.add(space, 0, space.length);
            } else {
                target.add(value);
            }
        }
    }
}
