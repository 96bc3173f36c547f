package mobilellm.torch;

import java.lang.foreign.MemorySegment;
import java.util.function.Function;

/// What a file holds.
///
/// @param object that was saved; see [Unpickler] for the types
/// @param storages the bytes of each storage, exactly as many as it has
record SavedObject(Object object, Function<Storage, MemorySegment> storages) {}
