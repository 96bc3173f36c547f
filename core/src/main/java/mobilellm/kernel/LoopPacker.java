package mobilellm.kernel;

import mobilellm.quant.NonFinite;
import mobilellm.tensor.DType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Plain loops for every type; other packers write the same bytes.
public final class LoopPacker implements GroupPacker {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    /// Bytes of a slice: 4 of each row of a group.
    private static final int SLICE = 4 * PackedMatrix.GROUP;

    @Override
    public boolean pack(
            DType type, MemorySegment rows, PackedMatrix target, int first, int groups) {
        if (NonFinite.firstBlock(type, rows).isPresent()) {
            return false;
        }
        RowConverter converter = new RowConverter(type, target.form(), target.columns());
        byte[] stored = new byte[Math.toIntExact(type.bytes(target.columns()))];
        for (int i = 0; i < groups * PackedMatrix.GROUP; i++) {
            long at = i * (long) stored.length;
            MemorySegment.copy(rows, ValueLayout.JAVA_BYTE, at, stored, 0, stored.length);
            MemorySegment row = converter.convert(stored);
            int group = first + i / PackedMatrix.GROUP;
            int lane = i % PackedMatrix.GROUP;
            if (target.form().isQuantised()) {
                packBlocks(row, target, group, lane);
            } else {
                packPlain(row, target, group, lane);
            }
        }
        return true;
    }

    /// The dwords of a block become the lane's dwords of its slices: bytes as columns follow each other; the 16 bytes of a nibble block
    /// are in the order of the slices already, byte `i` holds columns `i` (low) and `16 + i` (high).
    private static void packBlocks(MemorySegment row, PackedMatrix target, int group, int lane) {
        PackedForm form = target.form();
        MemorySegment quants = target.quants();
        int slices = form.weightBytes() / SLICE;
        int sign = form.type() == DType.Q8_0 ? 0x80808080 : 0;
        int factor = form.factors().blockBytes();
        long from = 0;
        long quant = group * target.groupBytes() + 4L * lane;
        long scale = (long) group * target.groupFactorBytes() + (long) factor * lane;
        for (int block = 0; block < target.blocks(); block++) {
            from = packFactors(row, from, form, target.scales(), scale);
            if (form.hasMinimums()) {
                from = packFactors(row, from, form, target.minimums(), scale);
            }
            for (int slice = 0; slice < slices; slice++) {
                quants.set(INT, quant, row.get(INT, from) ^ sign);
                from += Integer.BYTES;
                quant += SLICE;
            }
            scale += form.factorBytes();
        }
    }

    /// Those of each run of a block, 16 rows apart; returns where the row goes on.
    private static long packFactors(
            MemorySegment row, long from, PackedForm form, MemorySegment target, long to) {
        int factor = form.factors().blockBytes();
        for (int run = 0; run < form.runs(); run++) {
            long at = to + (long) run * PackedMatrix.GROUP * factor;
            MemorySegment.copy(row, from + (long) run * factor, target, at, factor);
        }
        return from + (long) form.runs() * factor;
    }

    private static void packPlain(MemorySegment row, PackedMatrix target, int group, int lane) {
        int size = target.form().type().blockBytes();
        MemorySegment quants = target.quants();
        long at = group * target.groupBytes() + (long) lane * size;
        for (int column = 0; column < target.columns(); column++) {
            if (size == 4) {
                quants.set(INT, at, row.get(INT, 4L * column));
            } else {
                quants.set(SHORT, at, row.get(SHORT, 2L * column));
            }
            at += (long) PackedMatrix.GROUP * size;
        }
    }
}
