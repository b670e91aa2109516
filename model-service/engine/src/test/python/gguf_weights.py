"""Reads a GGUF v3 file and expands its tensors to float64.

Only what the accuracy yardstick needs: little-endian files, metadata values of every type, and the tensor types
F32, F16, BF16, Q8_0, Q4_0, Q4_1 and Q6_K. The layouts are those of the public GGUF specification and of ggml's block
types; each quantised block is described below by a numpy record, so that its fields are read by name.
"""

import math
import struct

import numpy as np

_NUMBERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9


class GgufError(Exception):
    """The file is not a GGUF file this reader understands."""


class _Cursor:
    """Walks forward through the header, refusing to step past the end of the file."""

    def __init__(self, buffer):
        self.buffer = buffer
        self.at = 0

    def number(self, layout):
        size = struct.calcsize(layout)
        if self.at + size > len(self.buffer):
            raise GgufError(f"header: ends at byte {len(self.buffer)} (expected: at least {self.at + size} bytes)")
        (value,) = struct.unpack_from(layout, self.buffer, self.at)
        self.at += size
        return value

    def text(self):
        length = self.number("<Q")
        if self.at + length > len(self.buffer):
            raise GgufError(f"string length: {length} (expected: at most {len(self.buffer) - self.at})")
        raw = bytes(self.buffer[self.at : self.at + length])
        self.at += length
        return raw.decode("utf-8", "replace")

    def value(self, kind):
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            element, count = self.number("<I"), self.number("<Q")
            return [self.value(element) for _ in range(count)]
        if kind not in _NUMBERS:
            raise GgufError(f"metadata type: {kind} (expected: 0 to 12)")
        return self.number(_NUMBERS[kind])


def _plain(dtype):
    return lambda raw: raw.view(dtype).astype(np.float64)


def _bf16(raw):
    # bfloat16 is the upper half of a float32
    return (raw.view("<u2").astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def _nibbles(packed):
    """16 bytes hold elements 0..15 in their low halves and 16..31 in their high halves."""
    return np.hstack([packed & 0x0F, packed >> 4]).astype(np.float64)


def _column(field):
    return field.astype(np.float64).reshape(-1, 1)


_Q8_0 = np.dtype([("scale", "<f2"), ("q", "i1", 32)])
_Q4_0 = np.dtype([("scale", "<f2"), ("q", "u1", 16)])
_Q4_1 = np.dtype([("scale", "<f2"), ("minimum", "<f2"), ("q", "u1", 16)])
_Q6_K = np.dtype([("low", "u1", (2, 2, 32)), ("high", "u1", (2, 32)), ("scales", "i1", 16), ("scale", "<f2")])


def _q8_0(raw):
    block = raw.view(_Q8_0)
    return _column(block["scale"]) * block["q"]


def _q4_0(raw):
    block = raw.view(_Q4_0)
    return _column(block["scale"]) * (_nibbles(block["q"]) - 8.0)


def _q4_1(raw):
    block = raw.view(_Q4_1)
    return _column(block["scale"]) * _nibbles(block["q"]) + _column(block["minimum"])


def _q6_k(raw):
    """256 elements in two halves of 128; a half is four runs of 32 whose upper two bits sit in the four bit pairs of `high`."""
    block = raw.view(_Q6_K)
    quants = np.empty((len(block), 2, 4, 32))
    for run in range(4):
        low = block["low"][:, :, run % 2, :] >> (4 * (run // 2)) & 0x0F
        high = block["high"] >> (2 * run) & 0x03
        quants[:, :, run, :] = (low | high << 4).astype(np.float64) - 32.0
    scales = _column(block["scale"]) * block["scales"]  # one for each 16 elements
    return quants.reshape(-1, 16, 16) * scales[:, :, np.newaxis]


# type id -> name, elements a block, bytes a block, expansion
_TYPES = {
    0: ("F32", 1, 4, _plain("<f4")),
    1: ("F16", 1, 2, _plain("<f2")),
    2: ("Q4_0", 32, _Q4_0.itemsize, _q4_0),
    3: ("Q4_1", 32, _Q4_1.itemsize, _q4_1),
    8: ("Q8_0", 32, _Q8_0.itemsize, _q8_0),
    14: ("Q6_K", 256, _Q6_K.itemsize, _q6_k),
    30: ("BF16", 1, 2, _bf16),
}


class GgufWeights:
    """The metadata of a GGUF file (`metadata`) and its tensors, expanded one at a time by `tensor`."""

    def __init__(self, path):
        self.path = path
        self._bytes = np.memmap(path, dtype=np.uint8, mode="r")
        cursor = _Cursor(self._bytes)
        if bytes(self._bytes[:4]) != b"GGUF":
            raise GgufError(f"{path}: not a GGUF file")
        cursor.at = 4
        version = cursor.number("<I")
        if version != 3:
            raise GgufError(f"{path}: version {version} (expected: 3)")
        tensors, pairs = cursor.number("<Q"), cursor.number("<Q")
        self.metadata = {}
        for _ in range(pairs):
            key = cursor.text()
            self.metadata[key] = cursor.value(cursor.number("<I"))
        self._tensors = {}
        for _ in range(tensors):
            name = cursor.text()
            shape = [cursor.number("<Q") for _ in range(cursor.number("<I"))]
            self._tensors[name] = (shape, cursor.number("<I"), cursor.number("<Q"))
        alignment = self.metadata.get("general.alignment", 32)
        self._data = -(-cursor.at // alignment) * alignment

    def names(self):
        return set(self._tensors)

    def tensor(self, name):
        """The tensor as float64 [rows, columns] (or [columns]): GGUF lists the contiguous dimension first, numpy last."""
        shape, kind, offset = self._tensors[name]
        if kind not in _TYPES:
            raise GgufError(f"{name}: tensor type {kind} (expected: one of {', '.join(t[0] for t in _TYPES.values())})")
        type_name, block_elements, block_bytes, expand = _TYPES[kind]
        elements = math.prod(shape)
        if shape[0] % block_elements:
            raise GgufError(f"{name}: {shape[0]} columns (expected: a multiple of {block_elements} for {type_name})")
        start, size = self._data + offset, elements // block_elements * block_bytes
        if start + size > len(self._bytes):
            raise GgufError(f"{name}: ends at byte {start + size} (expected: within the file's {len(self._bytes)})")
        return expand(np.array(self._bytes[start : start + size])).reshape(shape[::-1])
