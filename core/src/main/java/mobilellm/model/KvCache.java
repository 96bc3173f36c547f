package mobilellm.model;

import mobilellm.config.KvType;
import mobilellm.config.ModelConfig;
import mobilellm.kernel.KeyValueStore;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/// Keys and values of one sequence, one slot for each cache slot of the model's layer plan. Memory is taken as the sequence
/// grows.
public final class KvCache implements AutoCloseable {
    private final KeyValueStore store;
    private final int capacity;
    private int length;

    /// @param capacity the most positions it can hold
    public KvCache(ModelConfig config, int capacity, KvType type) {
        if (capacity < 1) {
            throw new IllegalArgumentException(
                    "a KV cache holds at least 1 position, got " + capacity);
        }
        this.capacity = capacity;
        store =
                new KeyValueStore(
                        config.plan().cacheSlots(),
                        config.keyValueHeads(),
                        config.headDim(),
                        capacity,
                        type.type());
    }

    private KvCache(KvCache original) {
        capacity = original.capacity;
        store = original.store.copy(original.length);
        length = original.length;
    }

    /// A cache of its own that holds the same. Costs the memory of the filled pages, and the time to copy them.
    public KvCache copy() {
        return new KvCache(this);
    }

    /// Hands over the memory of the filled positions, piece by piece, in the order in which [#fill] asks for it.
    public void read(Consumer<MemorySegment> target) {
        store.forEachPiece(length, target);
    }

    /// Bytes that [#read] hands over for so many positions.
    public long bytesToRead(int positions) {
        return store.pieceBytes(positions);
    }

    /// Fills an empty cache with what [#read] of another one of the same model and type gave.
    ///
    /// @param positions how many positions that one had
    /// @param source writes each piece it is given; where it throws, the cache stays empty
    public void fill(int positions, Consumer<MemorySegment> source) {
        if (length != 0 || positions > capacity) {
            throw new IllegalArgumentException(
                    "cannot fill %d of %d positions, %d of which are taken"
                            .formatted(positions, capacity, length));
        }
        store.reserve(positions);
        store.forEachPiece(positions, source);
        length = positions;
    }

    /// Bytes that one position takes in a cache of this type.
    public static long bytesPerPosition(ModelConfig config, KvType type) {
        return KeyValueStore.bytesPerPosition(
                config.plan().cacheSlots(), config.keyValueHeads(), config.headDim(), type.type());
    }

    public int capacity() {
        return capacity;
    }

    /// Positions that are filled.
    public int length() {
        return length;
    }

    /// Forgets the positions from `newLength` on.
    public void truncate(int newLength) {
        if (newLength < 0 || newLength > length) {
            throw new IllegalArgumentException(
                    "cannot truncate a KV cache of %d positions to %d"
                            .formatted(length, newLength));
        }
        length = newLength;
    }

    /// Bytes that are taken now.
    public long bytes() {
        return store.bytes();
    }

    KeyValueStore store() {
        return store;
    }

    void advance(int positions) {
        length += positions;
    }

    @Override
    public void close() {
        store.close();
    }
}
