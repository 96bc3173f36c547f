package mobilellm.kernel;

import mobilellm.tensor.DType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;

/// Keys and values of one sequence, for every cache slot and key/value head, as F32 or F16.
///
/// Memory comes in pages of 256 positions, taken when a sequence grows into them. Within a page, slot and head, keys lie
/// in blocks of 16 positions, transposed ([head dim][16 positions]), so that a query is broadcast against 16 keys at once
/// and scores need no horizontal sums; values lie position by position, rows padded to a multiple of 16.
public final class KeyValueStore implements AutoCloseable {
    /// Positions of a page.
    public static final int PAGE = 256;

    /// Positions of a block of keys.
    public static final int BLOCK = 16;

    /// Larger magnitudes are stored as this in F16.
    public static final float MAXIMUM_F16 = 65504f;

    private final int slots;
    private final int heads;
    private final int headDim;
    private final int valueStride;
    private final DType type;
    private final Arena arena;
    private final MemorySegment[] pages;
    private int allocated;

    /// @param slots key/value slots of the layer plan
    /// @param heads key/value heads
    /// @param headDim width of a head
    /// @param capacity the most positions
    /// @param type F32 or F16; F16 halves the memory and rounds each entry to 11 bits, saturating at 65,504
    public KeyValueStore(int slots, int heads, int headDim, int capacity, DType type) {
        this(slots, heads, headDim, capacity, type, Arena.ofShared());
    }

    /// @param arena takes the pages, and is closed with the store
    KeyValueStore(int slots, int heads, int headDim, int capacity, DType type, Arena arena) {
        if (type != DType.F32 && type != DType.F16) {
            throw new IllegalArgumentException(
                    "keys and values are kept as F32 or F16, got " + type);
        }
        this.slots = slots;
        this.heads = heads;
        this.headDim = headDim;
        this.valueStride = Math.ceilDiv(headDim, BLOCK) * BLOCK;
        this.type = type;
        this.arena = arena;
        this.pages = new MemorySegment[Math.ceilDiv(capacity, PAGE)];
    }

    /// Makes room for positions `0..positions-1`.
    public void reserve(int positions) {
        int wanted = Math.ceilDiv(positions, PAGE);
        while (allocated < wanted) {
            pages[allocated] = OffHeap.allocate(arena, pageBytes());
            allocated++;
        }
    }

    public DType type() {
        return type;
    }

    public int heads() {
        return heads;
    }

    public int headDim() {
        return headDim;
    }

    /// Elements from one value row to the next.
    public int valueStride() {
        return valueStride;
    }

    /// Bytes that are taken now.
    public long bytes() {
        return allocated * pageBytes();
    }

    /// Bytes of one position in all slots.
    public static long bytesPerPosition(int slots, int heads, int headDim, DType type) {
        int padded = Math.ceilDiv(headDim, BLOCK) * BLOCK;
        return (long) slots * heads * (headDim + padded) * type.blockBytes();
    }

    private long pageBytes() {
        return PAGE * bytesPerPosition(slots, heads, headDim, type);
    }

    /// The page that holds a position; offsets below are within it.
    public MemorySegment page(int position) {
        return pages[position / PAGE];
    }

    /// Bytes of a page from one head to the next.
    public long headBytes() {
        return (long) PAGE * (headDim + valueStride) * type.blockBytes();
    }

    private long base(int slot, int head) {
        return ((long) slot * heads + head) * headBytes();
    }

    /// Byte offset of the block of 16 keys, [head dim][16], that holds a position.
    public long keyBlock(int slot, int head, int position) {
        int block = position % PAGE / BLOCK;
        return base(slot, head) + (long) block * headDim * BLOCK * type.blockBytes();
    }

    /// Byte offset of a position's value row.
    public long valueRow(int slot, int head, int position) {
        long keys = (long) PAGE * headDim;
        return base(slot, head)
                + (keys + (long) (position % PAGE) * valueStride) * type.blockBytes();
    }

    /// Stores the keys and values of all heads of one position, [heads * headDim] each.
    public void write(int slot, int position, Activations keys, Activations values, int row) {
        MemorySegment page = page(position);
        int size = type.blockBytes();
        for (int head = 0; head < heads; head++) {
            long key = keyBlock(slot, head, position) + (long) (position % BLOCK) * size;
            long value = valueRow(slot, head, position);
            for (int i = 0; i < headDim; i++) {
                set(page, key + (long) i * BLOCK * size, keys.get(row, head * headDim + i));
                set(page, value + (long) i * size, values.get(row, head * headDim + i));
            }
        }
    }

    private void set(MemorySegment page, long offset, float value) {
        if (type == DType.F32) {
            page.set(ValueLayout.JAVA_FLOAT, offset, value);
        } else {
            // Saturating keeps a later position's overflow from reaching an earlier one as 0 *
            // infinity.
            float bounded = Math.max(-MAXIMUM_F16, Math.min(MAXIMUM_F16, value));
            page.set(ValueLayout.JAVA_SHORT, offset, Float.floatToFloat16(bounded));
        }
    }

    private float get(MemorySegment page, long offset) {
        return type == DType.F32
                ? page.get(ValueLayout.JAVA_FLOAT, offset)
                : Float.float16ToFloat(page.get(ValueLayout.JAVA_SHORT, offset));
    }

    /// Element `i` of the key of a position.
    public float key(int slot, int head, int position, int i) {
        int size = type.blockBytes();
        return get(
                page(position),
                keyBlock(slot, head, position) + ((long) i * BLOCK + position % BLOCK) * size);
    }

    /// Element `i` of the value of a position.
    public float value(int slot, int head, int position, int i) {
        return get(page(position), valueRow(slot, head, position) + (long) i * type.blockBytes());
    }

    /// A store of the same shape and type that holds the first `positions` positions too.
    public KeyValueStore copy(int positions) {
        var copy = new KeyValueStore(slots, heads, headDim, pages.length * PAGE, type);
        copy.reserve(positions);
        for (int i = 0; i < copy.allocated; i++) {
            copy.pages[i].copyFrom(pages[i]);
        }
        return copy;
    }

    /// The memory of the first `positions` positions, piece by piece, always in the same order: what a store of the same
    /// shape and type must be given to hold them. Room for them has been reserved.
    public void forEachPiece(int positions, Consumer<MemorySegment> action) {
        for (int first = 0; first < positions; first += PAGE) {
            int used = Math.min(PAGE, positions - first);
            for (int slot = 0; slot < slots; slot++) {
                for (int head = 0; head < heads; head++) {
                    MemorySegment page = page(first);
                    action.accept(page.asSlice(keyBlock(slot, head, first), keyBytes(used)));
                    action.accept(page.asSlice(valueRow(slot, head, first), valueBytes(used)));
                }
            }
        }
    }

    /// Bytes of all pieces of so many positions.
    public long pieceBytes(int positions) {
        long heads = (long) slots * this.heads;
        int rest = positions % PAGE;
        return heads
                * (positions / PAGE * (keyBytes(PAGE) + valueBytes(PAGE))
                        + keyBytes(rest)
                        + valueBytes(rest));
    }

    /// Whole blocks: keys of one position do not lie together.
    private long keyBytes(int positions) {
        return (long) Math.ceilDiv(positions, BLOCK) * BLOCK * headDim * type.blockBytes();
    }

    private long valueBytes(int positions) {
        return (long) positions * valueStride * type.blockBytes();
    }

    @Override
    public void close() {
        arena.close();
    }
}
