package mobilellm.kernel.machine;

import mobilellm.kernel.GroupPacker;
import mobilellm.kernel.LoopPacker;
import mobilellm.kernel.PackedMatrix;
import mobilellm.tensor.DType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Packs in machine code what is packed as it is stored, the rest in loops.
final class MachinePacker implements GroupPacker {
    private final Routines routines;
    private final MemorySegment arguments;
    private final GroupPacker loops = new LoopPacker();

    MachinePacker(Routines routines, Arena arena) {
        this.routines = routines;
        arguments = arena.allocate(PackKernel.ARGUMENT_BYTES, Long.BYTES);
    }

    @Override
    public boolean pack(
            DType type, MemorySegment rows, PackedMatrix target, int first, int groups) {
        int columns = target.columns();
        if (!target.form().isStored(type) || !PackKernel.packs(type, columns)) {
            return loops.pack(type, rows, target, first, groups);
        }
        long factors = target.groupFactorBytes();
        set(PackKernel.SOURCE, rows.address());
        set(PackKernel.ROW_BYTES, type.bytes(columns));
        set(PackKernel.GROUPS, groups);
        set(PackKernel.UNITS, PackKernel.units(type, columns));
        set(PackKernel.QUANTS, target.quants().address() + first * target.groupBytes());
        set(PackKernel.SCALES, target.scales().address() + first * factors);
        set(PackKernel.MINIMUMS, target.minimums().address() + first * factors);
        set(
                PackKernel.CHECKED_BYTES,
                groups * (type.isQuantised() ? factors : target.groupBytes()));
        routines.packer(type).call(arguments);
        return arguments.get(ValueLayout.JAVA_LONG, PackKernel.BROKEN) == 0;
    }

    private void set(int offset, long value) {
        arguments.set(ValueLayout.JAVA_LONG, offset, value);
    }
}
