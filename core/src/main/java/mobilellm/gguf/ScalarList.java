package mobilellm.gguf;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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

    /// The numbers of an array of INT32.
    int[] integers() {
        int[] integers = new int[size];
        buffer().asIntBuffer().get(integers);
        return integers;
    }

    /// The numbers of an array of FLOAT32.
    float[] floats() {
        float[] floats = new float[size];
        buffer().asFloatBuffer().get(floats);
        return floats;
    }

    private ByteBuffer buffer() {
        return bytes.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }
}
