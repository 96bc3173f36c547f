"""Where the tensors of a GGUF file are."""

import struct

import numpy

SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
STRING, ARRAY = 8, 9


def tensors(path):
    """The file's bytes, and by name (shape, number of the type, place of the first byte)."""
    data = numpy.memmap(path, numpy.uint8, "r")
    view, at = memoryview(data), 4

    def number(form):
        nonlocal at
        (value,) = struct.unpack_from("<" + form, view, at)
        at += struct.calcsize(form)
        return value

    def string():
        nonlocal at
        length = number("Q")
        at += length
        return bytes(view[at - length:at]).decode()

    def skip(kind):
        nonlocal at
        if kind == STRING:
            string()
        elif kind == ARRAY:
            element, count = number("I"), number("Q")
            if element == STRING:
                for _ in range(count):
                    string()
            else:
                at += count * SIZES[element]
        else:
            at += SIZES[kind]

    number("I")
    count, keys = number("Q"), number("Q")
    for _ in range(keys):
        string()
        skip(number("I"))
    found = {}
    for _ in range(count):
        name = string()
        shape = [number("Q") for _ in range(number("I"))]
        found[name] = shape, number("I"), number("Q")
    start = (at + 31) // 32 * 32
    return data, {name: (shape, kind, start + place) for name, (shape, kind, place) in found.items()}
