package mobilellm.gguf;

import java.lang.foreign.MemorySegment;
import java.util.AbstractList;
import java.util.Objects;
import java.util.RandomAccess;

/// An array of scalars kept as its bytes: boxes exist only while they are looked at, so an array takes as much heap as
/// it takes in the file.
final class ScalarList extends AbstractList<Object> implements RandomAccess {
    private final ValueType type;
    private final MemorySegment bytes;
    private final int size;

    ScalarList(ValueType type, byte[] bytes) {
        this.type = type;
        this.bytes = MemorySegment.ofArray(bytes);
        this.size = bytes.length / type.bytes();
    }

    @Override
    public Object get(int index) {
        Objects.checkIndex(index, size);
        return type.decode(bytes, (long) index * type.bytes());
    }

    @Override
    public int size() {
        return size;
    }
}
