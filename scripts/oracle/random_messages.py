"""Random protobuf messages: all wire types, nested messages and groups, small and large numbers and fields."""

from __future__ import annotations

import random

FIELDS = (1, 2, 3, 15, 16, 2047, 2048, 300_000)
NUMBERS = (0, 1, 127, 128, 300, 2**20, 2**31, 2**63, 2**64 - 1)
LENGTHS = (0, 1, 5, 200)
MOST_FIELDS = 5
DEEPEST = 5


def random_message(seed: int) -> bytes:
    """The bytes of a message, the same ones for the same seed."""
    return _message(random.Random(seed), 0)


def varint(value: int) -> bytes:
    """A protobuf varint."""
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes([*encoded, value])


def _message(draw: random.Random, depth: int) -> bytes:
    return b"".join(_field(draw, depth) for _ in range(draw.randint(0, MOST_FIELDS)))


def _field(draw: random.Random, depth: int) -> bytes:
    field = draw.choice(FIELDS) << 3
    kinds = ["varint", "fixed64", "fixed32", "string"] + (["message", "group"] if depth < DEEPEST else [])
    match draw.choice(kinds):
        case "varint":
            return varint(field) + varint(draw.choice(NUMBERS))
        case "fixed64":
            return varint(field | 1) + draw.randbytes(8)
        case "fixed32":
            return varint(field | 5) + draw.randbytes(4)
        case "string":
            return _delimited(field, draw.randbytes(draw.choice(LENGTHS)))
        case "message":
            return _delimited(field, _message(draw, depth + 1))
        case _:
            return varint(field | 3) + _message(draw, depth + 1) + varint(field | 4)


def _delimited(field: int, content: bytes) -> bytes:
    return varint(field | 2) + varint(len(content)) + content
