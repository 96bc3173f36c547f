package mobilellm.file;

import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.Objects;
import java.util.RandomAccess;

/// Strings kept as their UTF-8, end to end: 49,152 tokens and as many merges take as much heap as they take in the file, and
/// strings exist only while somebody looks at them.
public final class TextList extends AbstractList<String> implements RandomAccess {
    private final byte[] utf8;
    private final int[] starts;

    /// @param utf8 all strings, end to end, each of them well-formed; not copied
    /// @param starts where each string begins in `utf8`, and one more for the end of the last; not copied
    public TextList(byte[] utf8, int[] starts) {
        this.utf8 = utf8;
        this.starts = starts;
    }

    @Override
    public String get(int index) {
        Objects.checkIndex(index, size());
        return new String(utf8, starts[index], length(index), StandardCharsets.UTF_8);
    }

    @Override
    public int size() {
        return starts.length - 1;
    }

    /// All strings, end to end; not to be changed.
    public byte[] utf8() {
        return utf8;
    }

    /// Where a string begins in [#utf8]; that of `size()` is the end of the last.
    public int start(int index) {
        return starts[index];
    }

    /// Bytes of a string.
    public int length(int index) {
        return starts[index + 1] - starts[index];
    }
}
