"""Inputs made from a seed, in the element type of the shape, and written for our own process."""

import json
import struct

import numpy as np


class Inputs:
    """q, k and v: as the bits of the element type, and widened to float32 (the same numbers)."""

    def __init__(self, shape, seed):
        self.shape = shape
        random = np.random.default_rng(seed)
        extents = {
            "q": (1, shape.heads, shape.rows, shape.dim),
            "k": (1, shape.kv, shape.keys, shape.dim),
            "v": (1, shape.kv, shape.keys, shape.value),
        }
        self.bits = {
            name: _narrow(random.standard_normal(extent, dtype=np.float32), shape.dtype)
            for name, extent in extents.items()
        }

    def float32(self, name):
        """The numbers of one tensor, widened."""
        bits = self.bits[name]
        if self.shape.dtype == "bf16":
            return (bits.astype(np.uint32) << 16).view(np.float32)
        return bits.astype(np.float32, copy=False)

    def save(self, path):
        """Writes the three as safetensors."""
        header, at = {}, 0
        for name, bits in self.bits.items():
            header[name] = {
                "dtype": self.shape.dtype.upper(), "shape": list(bits.shape), "data_offsets": [at, at + bits.nbytes]}
            at += bits.nbytes
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 64)
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for bits in self.bits.values():
                file.write(bits.tobytes())


def _narrow(numbers, dtype):
    if dtype == "f16":
        return numbers.astype(np.float16)
    if dtype == "bf16":
        raw = numbers.view(np.uint32)
        return ((raw + 0x7FFF + ((raw >> 16) & 1)) >> 16).astype(np.uint16)
    return numbers
