package mobilellm.kernel;

import mobilellm.tensor.DType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;

/// Keys and values of one sequence, for every cache slot and key/value head, as F32, F16 or Q8_0.
///
/// Memory comes in pages of 256 positions, taken when a sequence grows into them. Within a page, slot and head, what lies there for blocks of 16
/// positions ([KeyValueBlock]) is sorted by kind: first all keys, then, in Q8_0, their scales, then all values, then their scales.
public final class KeyValueStore implements AutoCloseable {
    /// Positions of a page.
    public static final int PAGE = 256;

    /// Positions of a block.
    public static final int BLOCK = 16;

    private static final int PAGE_BLOCKS = PAGE / BLOCK;

    /// Larger magnitudes are stored as this in F16.
    public static final float MAXIMUM_F16 = 65504f;

    /// Blocks without a number as large are zero in Q8_0: 127 divided by less could overflow.
    private static final float TINY = 1e-30f;

    /// Larger magnitudes are stored as this in Q8_0: 127 times the largest scale.
    public static final float MAXIMUM_Q8_0 = 127 * MAXIMUM_F16;

    private final int slots;
    private final int heads;
    private final KeyValueBlock block;
    private final Arena arena;
    private final MemorySegment[] pages;
    private final MemorySegment addresses; // of the pages
    private int allocated;

    /// @param slots key/value slots of the layer plan
    /// @param heads key/value heads
    /// @param headDim width of a head
    /// @param capacity the most positions
    /// @param type F32, F16 or Q8_0; F16 halves the memory and rounds each entry to 11 bits, saturating at 65,504; Q8_0 takes 8.5 bits
    ///     an entry and wants heads whose width is a multiple of 32
    public KeyValueStore(int slots, int heads, int headDim, int capacity, DType type) {
        this(slots, heads, headDim, capacity, type, Arena.ofShared());
    }

    /// @param arena takes the pages, and is closed with the store
    KeyValueStore(int slots, int heads, int headDim, int capacity, DType type, Arena arena) {
        this.slots = slots;
        this.heads = heads;
        this.block = new KeyValueBlock(headDim, type);
        this.arena = arena;
        this.pages = new MemorySegment[Math.ceilDiv(capacity, PAGE)];
        this.addresses = OffHeap.allocate(arena, (long) pages.length * Long.BYTES);
    }

    /// Makes room for positions `0..positions-1`.
    public void reserve(int positions) {
        int wanted = Math.ceilDiv(positions, PAGE);
        while (allocated < wanted) {
            pages[allocated] = OffHeap.allocate(arena, pageBytes());
            addresses.setAtIndex(ValueLayout.JAVA_LONG, allocated, pages[allocated].address());
            allocated++;
        }
    }

    public DType type() {
        return block.type();
    }

    public int heads() {
        return heads;
    }

    public int headDim() {
        return block.headDim();
    }

    /// What lies there for 16 positions of a slot and head.
    public KeyValueBlock block() {
        return block;
    }

    /// Bytes that are taken now.
    public long bytes() {
        return allocated * pageBytes();
    }

    /// Bytes of one position in all slots.
    public static long bytesPerPosition(int slots, int heads, int headDim, DType type) {
        return (long) slots * heads * new KeyValueBlock(headDim, type).bytes() / BLOCK;
    }

    private long pageBytes() {
        return (long) slots * heads * headBytes();
    }

    /// The page that holds a position; offsets below are within it.
    public MemorySegment page(int position) {
        return pages[position / PAGE];
    }

    /// The addresses of the pages, in their order: what machine code finds positions by.
    public MemorySegment pageAddresses() {
        return addresses;
    }

    /// Bytes of a page from one head to the next.
    public long headBytes() {
        return PAGE_BLOCKS * block.bytes();
    }

    private long base(int slot, int head) {
        return ((long) slot * heads + head) * headBytes();
    }

    private static int blockOfPage(int position) {
        return position % PAGE / BLOCK;
    }

    /// Byte offset of the block of 16 keys that holds a position.
    public long keyBlock(int slot, int head, int position) {
        return base(slot, head) + blockOfPage(position) * block.keyBytes();
    }

    /// Byte offset of that block's scales.
    public long keyScales(int slot, int head, int position) {
        return base(slot, head)
                + PAGE_BLOCKS * block.keyBytes()
                + blockOfPage(position) * block.scaleBytes();
    }

    /// Byte offset of the block of 16 values that holds a position.
    public long valueBlock(int slot, int head, int position) {
        return base(slot, head)
                + PAGE_BLOCKS * (block.keyBytes() + block.scaleBytes())
                + blockOfPage(position) * block.valueBytes();
    }

    /// Byte offset of that block's scales.
    public long valueScales(int slot, int head, int position) {
        return base(slot, head)
                + PAGE_BLOCKS * (block.bytes() - block.scaleBytes())
                + blockOfPage(position) * block.scaleBytes();
    }

    /// Stores the keys and values of all heads of one position, [heads * headDim] each.
    public void write(int slot, int position, Activations keys, Activations values, int row) {
        for (int head = 0; head < heads; head++) {
            int first = head * headDim();
            if (type() == DType.Q8_0) {
                for (int i = 0; i < headDim(); i += type().blockSize()) {
                    quantise(slot, head, position, i, keys, values, row, first + i);
                }
            } else {
                MemorySegment page = page(position);
                long key = keyBlock(slot, head, position);
                long value = valueBlock(slot, head, position);
                for (int i = 0; i < headDim(); i++) {
                    set(page, key + block.key(position, i), keys.get(row, first + i));
                    set(page, value + block.value(position, i), values.get(row, first + i));
                }
            }
        }
    }

    /// Stores dimensions `i` to `i + 31` of a head.
    private void quantise(
            int slot,
            int head,
            int position,
            int i,
            Activations keys,
            Activations values,
            int row,
            int column) {
        MemorySegment page = page(position);
        byte[] quants = new byte[type().blockSize()];
        long scale = block.scale(position, i);
        page.set(
                ValueLayout.JAVA_SHORT,
                keyScales(slot, head, position) + scale,
                quantise(keys, row, column, quants));
        long key = keyBlock(slot, head, position);
        for (int k = 0; k < quants.length; k++) {
            byte biased = (byte) (quants[k] + KeyValueBlock.KEY_BIAS);
            page.set(ValueLayout.JAVA_BYTE, key + block.key(position, i + k), biased);
        }
        page.set(
                ValueLayout.JAVA_SHORT,
                valueScales(slot, head, position) + scale,
                quantise(values, row, column, quants));
        long value = valueBlock(slot, head, position);
        for (int k = 0; k < quants.length; k++) {
            page.set(ValueLayout.JAVA_BYTE, value + block.value(position, i + k), quants[k]);
        }
    }

    /// Rounds numbers of a row to multiples of their scale, the f16 that is returned. They are whole multiples of a 127th of the largest, ties to even.
    private static short quantise(Activations x, int row, int column, byte[] quants) {
        float largest = 0;
        for (int i = 0; i < quants.length; i++) {
            largest = Math.max(largest, Math.abs(bounded(x.get(row, column + i), MAXIMUM_Q8_0)));
        }
        float inverse = largest < TINY ? 0 : 127 / largest;
        for (int i = 0; i < quants.length; i++) {
            quants[i] = (byte) Math.rint(bounded(x.get(row, column + i), MAXIMUM_Q8_0) * inverse);
        }
        return Float.floatToFloat16(largest / 127);
    }

    private void set(MemorySegment page, long offset, float value) {
        if (type() == DType.F32) {
            page.set(ValueLayout.JAVA_FLOAT, offset, value);
        } else {
            short half = Float.floatToFloat16(bounded(value, MAXIMUM_F16));
            page.set(ValueLayout.JAVA_SHORT, offset, half);
        }
    }

    /// Saturating keeps a later position's overflow from reaching an earlier one as 0 * infinity.
    private static float bounded(float value, float magnitude) {
        return Math.max(-magnitude, Math.min(magnitude, value));
    }

    /// Element `i` of the key of a position.
    public float key(int slot, int head, int position, int i) {
        MemorySegment page = page(position);
        long key = keyBlock(slot, head, position) + block.key(position, i);
        if (type() != DType.Q8_0) {
            return get(page, key);
        }
        int quant = Byte.toUnsignedInt(page.get(ValueLayout.JAVA_BYTE, key));
        return (quant - KeyValueBlock.KEY_BIAS)
                * half(page, keyScales(slot, head, position) + block.scale(position, i));
    }

    /// Element `i` of the value of a position.
    public float value(int slot, int head, int position, int i) {
        MemorySegment page = page(position);
        long value = valueBlock(slot, head, position) + block.value(position, i);
        if (type() != DType.Q8_0) {
            return get(page, value);
        }
        return page.get(ValueLayout.JAVA_BYTE, value)
                * half(page, valueScales(slot, head, position) + block.scale(position, i));
    }

    private float get(MemorySegment page, long offset) {
        return type() == DType.F32 ? page.get(ValueLayout.JAVA_FLOAT, offset) : half(page, offset);
    }

    private static float half(MemorySegment page, long offset) {
        return Float.float16ToFloat(page.get(ValueLayout.JAVA_SHORT, offset));
    }

    /// A store of the same shape and type that holds the first `positions` positions too.
    public KeyValueStore copy(int positions) {
        var copy = new KeyValueStore(slots, heads, headDim(), pages.length * PAGE, type());
        copy.reserve(positions);
        for (int i = 0; i < copy.allocated; i++) {
            copy.pages[i].copyFrom(pages[i]);
        }
        return copy;
    }

    /// The memory of the first `positions` positions, piece by piece, always in the same order: what a store of the same
    /// shape and type must be given to hold them. Room for them has been reserved. Begun blocks are handed over whole.
    public void forEachPiece(int positions, Consumer<MemorySegment> action) {
        for (int first = 0; first < positions; first += PAGE) {
            int blocks = Math.ceilDiv(Math.min(PAGE, positions - first), BLOCK);
            for (int slot = 0; slot < slots; slot++) {
                for (int head = 0; head < heads; head++) {
                    MemorySegment page = page(first);
                    long keys = keyBlock(slot, head, first);
                    long keyScales = keyScales(slot, head, first);
                    long values = valueBlock(slot, head, first);
                    long valueScales = valueScales(slot, head, first);
                    action.accept(page.asSlice(keys, blocks * block.keyBytes()));
                    action.accept(page.asSlice(keyScales, blocks * block.scaleBytes()));
                    action.accept(page.asSlice(values, blocks * block.valueBytes()));
                    action.accept(page.asSlice(valueScales, blocks * block.scaleBytes()));
                }
            }
        }
    }

    /// Bytes of all pieces of so many positions.
    public long pieceBytes(int positions) {
        return (long) slots * heads * Math.ceilDiv(positions, BLOCK) * block.bytes();
    }

    @Override
    public void close() {
        arena.close();
    }
}
