package mobilellm.kernel;

import mobilellm.quant.NonFinite;
import mobilellm.tensor.DType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Plain loops for every type; other packers write the same bytes.
///
/// They run over arrays of 16-bit units, of which every stored and every packed form consists: before C2 has compiled it, a
/// single access to a segment takes longer than all else that is done for four bytes.
public final class LoopPacker implements GroupPacker {
    private static final ValueLayout.OfShort UNIT = ValueLayout.JAVA_SHORT_UNALIGNED;

    /// Units of a slice's dword of a row.
    private static final int DWORD = Integer.BYTES / Short.BYTES;

    @Override
    public boolean pack(
            DType type, MemorySegment rows, PackedMatrix target, int first, int groups) {
        if (NonFinite.firstBlock(type, rows).isPresent()) {
            return false;
        }
        new Groups(type, target).pack(rows, first, groups);
        return true;
    }

    /// Room for a row and for what a group of them becomes.
    private static final class Groups {
        private final PackedMatrix target;
        private final PackedForm form;
        private final RowConverter converter;
        private final byte[] stored;
        private final short[] row;
        private final short[] quants;
        private final short[] scales;
        private final short[] minimums;

        Groups(DType type, PackedMatrix target) {
            this.target = target;
            form = target.form();
            converter = new RowConverter(type, form, target.columns());
            stored = new byte[Math.toIntExact(type.bytes(target.columns()))];
            int factors = units(target.groupFactorBytes());
            quants = new short[units(target.groupBytes())];
            scales = new short[factors];
            minimums = new short[form.hasMinimums() ? factors : 0];
            row = new short[(quants.length + scales.length + minimums.length) / PackedMatrix.GROUP];
        }

        private static int units(long bytes) {
            return Math.toIntExact(bytes / Short.BYTES);
        }

        void pack(MemorySegment rows, int first, int groups) {
            for (int i = 0; i < groups; i++) {
                for (int lane = 0; lane < PackedMatrix.GROUP; lane++) {
                    read(rows, i * PackedMatrix.GROUP + lane);
                    if (form.isQuantised()) {
                        packBlocks(lane);
                    } else {
                        int size = form.type().blockBytes() / Short.BYTES;
                        spread(0, quants, 0, lane, target.columns(), size, 0);
                    }
                }
                long group = (long) first + i;
                write(quants, target.quants(), group * target.groupBytes());
                write(scales, target.scales(), group * target.groupFactorBytes());
                if (form.hasMinimums()) {
                    write(minimums, target.minimums(), group * target.groupFactorBytes());
                }
            }
        }

        private void read(MemorySegment rows, int index) {
            long at = index * (long) stored.length;
            MemorySegment.copy(rows, ValueLayout.JAVA_BYTE, at, stored, 0, stored.length);
            MemorySegment.copy(converter.convert(stored), UNIT, 0, row, 0, row.length);
        }

        private static void write(short[] units, MemorySegment target, long at) {
            MemorySegment.copy(units, 0, target, UNIT, at, units.length);
        }

        /// The dwords of a block become the lane's dwords of its slices: bytes as columns follow each other; the 16 bytes of a nibble block
        /// are in the order of the slices already, byte `i` holds columns `i` (low) and `16 + i` (high).
        private void packBlocks(int lane) {
            int slices = form.weightBytes() / (Integer.BYTES * PackedMatrix.GROUP);
            int sign = form.type() == DType.Q8_0 ? 0x8080 : 0;
            int factor = form.factors().blockBytes() / Short.BYTES;
            int runs = form.runs();
            int from = 0;
            for (int block = 0; block < target.blocks(); block++) {
                from = spread(from, scales, block * runs, lane, runs, factor, 0);
                if (form.hasMinimums()) {
                    from = spread(from, minimums, block * runs, lane, runs, factor, 0);
                }
                from = spread(from, quants, block * slices, lane, slices, DWORD, sign);
            }
        }

        /// Numbers of `size` units that follow each other in the row become the lane's in rows of 16.
        ///
        /// @param sign bits that are inverted
        /// @return where the row goes on
        private int spread(
                int from, short[] to, int step, int lane, int count, int size, int sign) {
            int source = from;
            int at = (step * PackedMatrix.GROUP + lane) * size;
            for (int i = 0; i < count; i++) {
                for (int unit = 0; unit < size; unit++) {
                    to[at + unit] = (short) (row[source++] ^ sign);
                }
                at += PackedMatrix.GROUP * size;
            }
            return source;
        }
    }
}
