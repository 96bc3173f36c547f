package mobilellm.torch;

import mobilellm.tensor.DType;

import java.util.List;

/// A tensor as a pickle describes it: element `[i, j, ...]` is number `offset + i * strides[0] + j * strides[1] + ...`
/// of the storage.
///
/// @param strides in elements, at least 0
record View(Storage storage, DType type, long offset, List<Long> sizes, List<Long> strides) {}
