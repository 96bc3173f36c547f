"""Weights as they may have been before they were quantised.

    python3 dither.py QUANTISED.gguf F32.gguf OUT.gguf

F32 is QUANTISED in F32 ('mobilellm quantize QUANTISED F32 --type f32'). To each of its weights that came from a Q4_1 or
Q8_0 block OUT adds noise, even over one step of the block (seed 1): such weights lie on the grid of no type, so that none is
flattered, neither the one that the file had.
"""

import shutil
import sys

import numpy

from gguf import tensors

SIZES = {3: 20, 8: 34}  # bytes of a block of 32; its scale stands first

quantised, plain, out = sys.argv[1:4]
shutil.copyfile(plain, out)
weights = numpy.memmap(out, numpy.uint8, "r+")
_, places = tensors(plain)
blocks, described = tensors(quantised)
random = numpy.random.default_rng(1)
for name, (shape, kind, at) in described.items():
    if len(shape) == 2:
        count = shape[0] * shape[1] // 32
        raw = blocks[at:at + count * SIZES[kind]].reshape(count, SIZES[kind])
        step = raw[:, :2].copy().view(numpy.float16).astype(numpy.float32)
        place = places[name][2]
        values = weights[place:place + 128 * count].view(numpy.float32).reshape(count, 32)
        values += step * (random.random((count, 32), numpy.float32) - numpy.float32(0.5))
weights.flush()
