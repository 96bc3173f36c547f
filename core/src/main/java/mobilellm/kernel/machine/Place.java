package mobilellm.kernel.machine;

import mobilellm.kernel.KeyValueStore;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Where a position's keys and values go in the first slot and head of a store; in other slots and heads that is a constant further on. Recorded
/// steps find it here.
final class Place {
    // What is there, 8 bytes each.
    static final int KEYS = 0;
    static final int VALUES = 8;
    static final int KEY_SCALES = 16;
    static final int VALUE_SCALES = 24;

    private final MemorySegment addresses;
    private @Nullable KeyValueStore store;
    private int position;

    Place(Arena arena) {
        addresses = arena.allocate(4 * Long.BYTES, Simd.BYTES);
    }

    long address() {
        return addresses.address();
    }

    void set(KeyValueStore newStore, int newPosition) {
        if (store == newStore && position == newPosition) {
            return;
        }
        store = newStore;
        position = newPosition;
        long page = newStore.page(position).address();
        long scale = page + newStore.block().scale(position, 0);
        set(KEYS, page + newStore.keyBlock(0, 0, position) + newStore.block().key(position, 0));
        set(
                VALUES,
                page + newStore.valueBlock(0, 0, position) + newStore.block().value(position, 0));
        set(KEY_SCALES, scale + newStore.keyScales(0, 0, position));
        set(VALUE_SCALES, scale + newStore.valueScales(0, 0, position));
    }

    private void set(int offset, long address) {
        addresses.setAtIndex(ValueLayout.JAVA_LONG, offset / Long.BYTES, address);
    }
}
