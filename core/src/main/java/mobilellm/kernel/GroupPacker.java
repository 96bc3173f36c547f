package mobilellm.kernel;

import mobilellm.tensor.DType;

import java.lang.foreign.MemorySegment;

/// Brings stored rows into the layout of a [PackedMatrix]. One thread uses it.
public interface GroupPacker {
    /// Packs whole groups of 16 rows.
    ///
    /// @param type as which the rows are stored
    /// @param rows off-heap; `16 * groups` rows one after the other
    /// @param target its [group][PackedMatrix#GROUP] `first` and those behind it are written
    /// @return whether all numbers and scales of plain types and those that kernels run are finite
    boolean pack(DType type, MemorySegment rows, PackedMatrix target, int first, int groups);
}
