package mobilellm.tokenizer;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;

/// A long text in chunks, each from the beginning of a line to the end of another, with no other white space on either side
/// of the cut: the words of the chunks are those of the whole text. What has no such place for long is cut anywhere.
final class TextChunks implements Iterator<String> {
    private static final int LONGEST = 1 << 16;

    private final Reader reader;
    private final StringBuilder rest = new StringBuilder();
    private final char[] buffer = new char[1 << 13];
    private boolean ended;

    TextChunks(Reader reader) {
        this.reader = reader;
    }

    @Override
    public boolean hasNext() {
        try {
            while (!ended && rest.length() <= LONGEST) {
                int count = reader.read(buffer);
                ended = count < 0;
                rest.append(buffer, 0, Math.max(0, count));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return !rest.isEmpty();
    }

    @Override
    public String next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        int end = rest.length() <= LONGEST ? rest.length() : cut();
        String chunk = rest.substring(0, end);
        rest.delete(0, end);
        return chunk;
    }

    private int cut() {
        for (int end = LONGEST; end > 1; end--) {
            if (rest.charAt(end - 1) == '\n'
                    && !Character.isWhitespace(rest.charAt(end - 2))
                    && !Character.isWhitespace(rest.charAt(end))) {
                return end;
            }
        }
        return Character.isHighSurrogate(rest.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST;
    }
}
