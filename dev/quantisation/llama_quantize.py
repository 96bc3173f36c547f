"""The matrices of a file, rounded by llama.cpp with an importance matrix.

    python3 llama_quantize.py LIBGGML_BASE F32.gguf IMATRIX.gguf QUANTISED.gguf OUT.gguf

OUT is QUANTISED (types, metadata) with the weights of F32 as ggml's quantisers round them; LIBGGML_BASE is llama.cpp's
libggml-base, which the npm package @node-llama-cpp/linux-x64 has, for one.
"""

import ctypes
import shutil
import sys

import numpy

from gguf import tensors

SIZES = {2: 18, 3: 20, 6: 22, 7: 24, 8: 34, 20: 18}  # bytes of a block of 32
POINTER = ctypes.c_void_p

library, plain, importance, model, out = sys.argv[1:6]
ggml = ctypes.CDLL(library)
ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
weights, places = tensors(plain)
matrix, columns = tensors(importance)
_, described = tensors(model)
shutil.copyfile(model, out)
target = numpy.memmap(out, numpy.uint8, "r+")
for name, (shape, kind, at) in described.items():
    if kind not in SIZES:
        continue
    width, rows = shape
    place = places[name][2]
    source = weights[place:place + 4 * width * rows].view(numpy.float32).copy()
    sums, counts = columns[name + ".in_sum2"][2], columns[name + ".counts"][2]
    means = matrix[sums:sums + 4 * width].view(numpy.float32) / matrix[counts:counts + 4].view(numpy.float32)
    rounded = numpy.zeros(width * rows // 32 * SIZES[kind], numpy.uint8)
    size = ggml.ggml_quantize_chunk(
        kind, source.ctypes.data_as(POINTER), rounded.ctypes.data_as(POINTER), ctypes.c_int64(0), ctypes.c_int64(rows),
        ctypes.c_int64(width), numpy.ascontiguousarray(means, numpy.float32).ctypes.data_as(POINTER))
    assert size == rounded.size, name
    target[at:at + size] = rounded
target.flush()
