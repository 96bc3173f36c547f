package mobilellm.kernel;

import mobilellm.quant.NonFinite;
import mobilellm.tensor.DType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Plain loops for every type; other packers write the same bytes.
public final class LoopPacker implements GroupPacker {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    @Override
    public boolean pack(
            DType type, MemorySegment rows, PackedMatrix target, int first, int groups) {
        if (NonFinite.firstBlock(type, rows).isPresent()) {
            return false;
        }
        PackedForm form = target.form();
        byte[] stored = new byte[Math.toIntExact(type.bytes(target.columns()))];
        boolean asStored = form.type() == type;
        MemorySegment row =
                MemorySegment.ofArray(
                        asStored ? stored : new byte[form.rowBytes(target.columns())]);
        for (int i = 0; i < groups * PackedMatrix.GROUP; i++) {
            long at = i * (long) stored.length;
            MemorySegment.copy(rows, ValueLayout.JAVA_BYTE, at, stored, 0, stored.length);
            if (!asStored) {
                form.convert(type, stored, target.columns(), row);
            }
            int group = first + i / PackedMatrix.GROUP;
            int lane = i % PackedMatrix.GROUP;
            switch (form.type()) {
                case Q8_0 -> packBytes(row, target, group, lane);
                case Q4_0, Q4_1 -> packNibbles(row, target, group, lane);
                default -> packPlain(row, target, group, lane);
            }
        }
        return true;
    }

    private static void packBytes(MemorySegment row, PackedMatrix target, int group, int lane) {
        int header = target.form().header();
        MemorySegment quants = target.quants();
        long offset = 0;
        long quant = group * target.groupBytes() + 4L * lane;
        long scale = (long) group * target.blocks() * 32 + 2L * lane;
        for (int block = 0; block < target.blocks(); block++) {
            packHeader(row, offset, target, scale);
            offset += header;
            for (int slice = 0; slice < 8; slice++) {
                quants.set(
                        INT, quant + 64L * slice, row.get(INT, offset + 4L * slice) ^ 0x80808080);
            }
            offset += 32;
            quant += 512;
            scale += 32;
        }
    }

    /// The 16 bytes of a ggml nibble block are already in the order of the slices: byte `i` holds columns `i` (low) and
    /// `16 + i` (high).
    private static void packNibbles(MemorySegment row, PackedMatrix target, int group, int lane) {
        int header = target.form().header();
        MemorySegment quants = target.quants();
        long offset = 0;
        long quant = group * target.groupBytes() + 4L * lane;
        long scale = (long) group * target.blocks() * 32 + 2L * lane;
        for (int block = 0; block < target.blocks(); block++) {
            packHeader(row, offset, target, scale);
            offset += header;
            for (int slice = 0; slice < 4; slice++) {
                quants.set(INT, quant + 64L * slice, row.get(INT, offset + 4L * slice));
            }
            offset += 16;
            quant += 256;
            scale += 32;
        }
    }

    private static void packHeader(
            MemorySegment row, long offset, PackedMatrix target, long scale) {
        target.scales().set(SHORT, scale, row.get(SHORT, offset));
        if (target.hasMinimums()) {
            target.minimums().set(SHORT, scale, row.get(SHORT, offset + 2));
        }
    }

    private static void packPlain(MemorySegment row, PackedMatrix target, int group, int lane) {
        int size = target.type().blockBytes();
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
