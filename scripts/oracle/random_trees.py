"""Random trees of everything that Orbax stores, the same for the same seed, in every release of Orbax.

What a release, a saver or a layout cannot store is left out: `storable` asks, by trying (random_savers.py).
"""

from __future__ import annotations

import collections
import enum
import importlib.metadata
import random
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64",
    "bfloat16", "complex64", "complex128", "int4", "int2", "float8_e4m3fn", "float8_e5m2", "float8_e4m3b11fnuz",
    "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e3m4", "float8_e8m0fnu", "float4_e2m1fn",
)  # fmt: skip

JAX_DTYPES = DTYPES if jax.__version_info__ >= (0, 4, 33) else DTYPES[:15]
"""What JAX compiles: for smaller types, earlier ones end the process."""

IS_OLD = tuple(int(part) for part in importlib.metadata.version("orbax-checkpoint").split(".")[:3]) < (0, 6)
"""Before 0.6, trees with keys that are no strings, and meshes of some devices, are saved but not restored."""

PLAIN_NAMES = ("params", "w", "b", "kernel", "bias", "opt_state", "mu", "nu", "count", "layer_0", "layer_10", "x", "y")

ODD_NAMES = (
    "a.b", "a/b", "a/b/c", "/lead", "trail/", "a//b", "a/./b", "x//", "./a", " lead", "trail ", " ", "", ".", "..", "...", ".hidden", "a..b",
    "\u00e9", "e\u0301", "\U0001f600", "\ufffd", "\uffff", "\u2028", "__proto__", "constructor", "toString", "length", "0", "01",
    "-1", "1e3", "50%41", "%2e%2e", "a?b#c", "quote'\"", "new\nline", "tab\t", "~", "~1", "~0", "back\\slash",
    "nul\0", "x" * 120, "zarr.json", ".zarray", "c", "d", "_METADATA", "_sharding", "_strings.json", "checkpoint",
    "manifest.ocdbt", "array_metadatas", "params.w", "*", "**", "[0]", "{a}", "commit_success.txt", "default", "state",
)  # fmt: skip

Point = collections.namedtuple("Point", ["x", "y"])
Reversed = collections.namedtuple("Reversed", ["z", "a"])
Nothing = collections.namedtuple("Nothing", [])


class Level(enum.IntEnum):
    """An enumeration whose members are ints."""

    LOW = 3


class Positional:
    """A node whose children have no names."""

    def __init__(self, *children: Any) -> None:
        self.children = children


jax.tree_util.register_pytree_node(
    Positional, lambda node: (node.children, None), lambda _, children: Positional(*children)
)

Storable = Callable[[str, Callable[[], Any]], bool]
"""Whether what a function makes can be stored; asked once for each label."""


class RandomTrees:
    """Draws trees. The parameter names of all trees of one instance differ."""

    def __init__(self, seed: int, storable: Storable) -> None:
        self.rng = random.Random(seed)
        self.bits = np.random.default_rng(seed)
        self._asks = storable
        self._names: set[str] = set()
        self._odd = self.rng.random() < 0.5
        self._rest = 0

    def _storable(self, label: str, make: Callable[[], Any]) -> bool:
        """As `storable`. Nothing that is drawn for the question is missed afterwards: it may have been asked before."""
        state, bits = self.rng.getstate(), self.bits.bit_generator.state
        answer = self._asks(label, make)
        self.rng.setstate(state)
        self.bits.bit_generator.state = bits
        return answer

    def tree(self, most_leaves: int | None = None) -> Any:
        """A tree with at least one leaf that has an array."""
        self._rest = most_leaves if most_leaves is not None else self.rng.choice((1, 4, 12, 12, 30, 60))
        root = self.rng.random()
        if root < 0.03 and self._storable("root leaf", lambda: np.arange(3)):
            return self._array()
        if root < 0.08 and self._storable("root list", lambda: [np.arange(3)]):
            return [self._array_at(("0",)), *(self._node((str(index),), 1) for index in range(1, self.rng.randint(1, 5)))]
        first = self._free_key((), ["first", "a0", "zz"])
        tree = {first: self._array_at((first,))}
        while self._rest > 0:
            key = self._key((), tree)
            if key is not None:
                tree[key] = self._node((key,), 1)
        return tree

    def _free_key(self, path: tuple[str, ...], keys: list[str]) -> str:
        return next(key for key in keys if self._is_free((*path, key)))

    def _is_free(self, path: tuple[str, ...]) -> bool:
        """Whether no leaf is stored under the name of this one, nor below it."""
        name = ".".join(path).rstrip("/")
        return name not in self._names

    def _take(self, path: tuple[str, ...]) -> None:
        self._names.add(".".join(path).rstrip("/"))

    def _key(self, path: tuple[str, ...], siblings: dict[Any, Any]) -> str | None:
        """A new key of a dict; None where the one that was drawn cannot be taken."""
        self._rest -= 1  # so that a drawing of nothing but bad keys ends
        if self._odd and self.rng.random() < 0.4:
            key = self.rng.choice(ODD_NAMES)
            if not self._storable(f"name {key!r}", lambda: {key: np.arange(2)}):
                return None
        else:
            key = self.rng.choice(PLAIN_NAMES) + self.rng.choice(("", "", "_1", str(self.rng.randint(0, 99))))
        self._rest += 1
        if key in siblings or not self._is_free((*path, key)):
            self._rest -= 1
            return None
        return key

    def _node(self, path: tuple[str, ...], depth: int) -> Any:
        """A leaf or a container with children."""
        if self._rest <= 0 or depth > 6 or self.rng.random() < 0.45:
            return self._leaf(path)
        return self._container(path, depth)

    def _container(self, path: tuple[str, ...], depth: int) -> Any:
        kind = self.rng.choice(
            ("dict", "dict", "dict", "list", "tuple", "named", "reversed", "struct", "ordered", "frozen", "ints", "odd keys",
             "positional", "adam", "default", "scanned")
        )  # fmt: skip
        count = self.rng.randint(1, 5) if self.rng.random() < 0.93 else 12
        if kind in ("list", "tuple", "positional"):
            items = [self._node((*path, str(index)), depth + 1) for index in range(count)]
            return items if kind == "list" else tuple(items) if kind == "tuple" else self._positional(items)
        if kind in ("named", "reversed"):
            make = Point if kind == "named" else Reversed
            return make(*(self._node((*path, name), depth + 1) for name in make._fields))
        if kind in ("struct", "adam"):
            return self._struct(kind, path, depth)
        if IS_OLD and kind in ("ints", "odd keys"):
            kind = "dict"
        if kind == "ints":
            keys = self.rng.sample((0, 1, 2, 10, 100, -1, 7, 2**40), min(count, 4))
            return {key: self._node((*path, str(key)), depth + 1) for key in keys}
        if kind == "odd keys":
            keys = self.rng.choice(([1.5, 2.0], [True, False], [None], [(1, "a"), (2, "b")]))
            return {key: self._node((*path, str(key)), depth + 1) for key in keys}
        children: dict[str, Any] = {}
        for _ in range(count):
            key = self._key(path, children)
            if key is not None:
                children[key] = self._node((*path, key), depth + 1)
        if not children:
            return self._leaf(path)
        if kind == "ordered" and self._storable("ordered", lambda: {"x": collections.OrderedDict(a=np.arange(2))}):
            return collections.OrderedDict(reversed(children.items()))
        if kind == "default" and self._storable("default", lambda: {"x": collections.defaultdict(dict, a=np.arange(2))}):
            return collections.defaultdict(dict, children)
        if kind == "frozen" and self._storable("frozen", lambda: {"x": _frozen({"a": np.arange(2)})}):
            return _frozen(children)
        return children

    def _positional(self, items: list[Any]) -> Any:
        make = lambda: {"x": Positional(np.arange(2), 1)}
        return Positional(*items) if self._storable("positional", make) else items

    def _struct(self, kind: str, path: tuple[str, ...], depth: int) -> Any:
        fields = {"struct": ("decay", "params"), "adam": ("count", "mu", "nu")}[kind]
        children = [self._node((*path, name), depth + 1) for name in fields]
        if kind == "struct":
            make_struct = _ema()
            return make_struct(*children) if make_struct else dict(zip(fields, children))
        import optax

        return optax.ScaleByAdamState(*children)

    def _leaf(self, path: tuple[str, ...]) -> Any:
        self._rest -= 1
        if not self._is_free(path):
            return None
        self._take(path)
        draw = self.rng.random()
        if draw < 0.1:
            empty = self.rng.choice((None, {}, [], (), Nothing(), collections.OrderedDict()))
            return empty if self._storable(f"empty {empty!r}", lambda: {"x": empty, "a": np.arange(2)}) else None
        if draw < 0.3:
            return self._number()
        if draw < 0.37:
            return self._text(path)
        if draw < 0.4 and self._storable("placeholder", lambda: {"x": ..., "a": np.arange(2)}):
            return ...
        if draw < 0.47:
            return self._random_key()
        return self._array()

    def _array_at(self, path: tuple[str, ...]) -> Any:
        self._rest -= 1
        self._take(path)
        return self._array()

    def _number(self) -> Any:
        choices: list[Any] = [
            0, 1, -1, 7, 2**31, 2**53 + 1, -(2**63), 2**63 - 1, 2**63, 2**64 - 1, True, False, 0.0, -0.0, 0.1, 2.0, 1e300,
            5e-324, float("nan"), float("inf"), float("-inf"), 1.7976931348623157e308, Level.LOW, 1.5 - 2j,
            self.rng.randint(-(2**40), 2**40), self.rng.random(), self.rng.gauss(0, 1e9),
        ]  # fmt: skip
        if self.rng.random() < 0.4:
            dtype = _dtype(self.rng.choice(DTYPES))
            if dtype is not None:
                number = self._bits(dtype, (1,))[0]
                if self._storable(f"np scalar {dtype.name}", lambda: {"x": number}):
                    return number
        number = self.rng.choice(choices)
        label = f"{type(number).__name__} {'large' if isinstance(number, int) and number >= 2**63 else ''}"
        return number if self._storable(label, lambda: {"x": number, "a": np.arange(2)}) else 5

    def _text(self, path: tuple[str, ...]) -> Any:
        text: Any = self.rng.choice(
            ("", "hi", "caf\u00e9 \U0001f600", "\0", "a\nb", "12", "\u2028", '"', "x" * 3000, "PLACEHOLDER://a", np.str_("np"))
        )
        if not self._storable(f"str {type(text).__name__}", lambda: {"x": text, "a": np.arange(2)}):
            return len(text)
        odd = [part for part in path if "/" in part or "~" in part]
        label = f"str below {odd!r}"
        if odd and not self._storable(label, lambda: {".".join(path): text, "a": np.arange(2)}):
            return 6
        return text

    def _random_key(self) -> Any:
        impl = self.rng.choice(("threefry2x32", "rbg", "unsafe_rbg"))
        if not self._storable(f"key {impl}", lambda: {"x": jax.random.key(7, impl=impl)}):
            return jax.random.PRNGKey(self.rng.randint(0, 1000))
        key = jax.random.key(self.rng.randint(0, 1000), impl=impl)
        shape = self.rng.choice(((), (), (3,), (2, 2), (1,)))
        return key if shape == () else jax.random.split(key, shape)

    def _array(self) -> Any:
        for _ in range(8):
            dtype = _dtype(self.rng.choice(DTYPES))
            if dtype is None:
                continue
            if self.rng.random() < 0.5:
                if self._storable(f"np {dtype.name}", lambda: {"x": self._bits(dtype, (3,))}):
                    return self._numpy(dtype)
            elif dtype.name in JAX_DTYPES and self._storable(f"jax {dtype.name}", lambda: {"x": _on_device(self._bits(dtype, (3,)), 0)}):
                return self._jax(dtype)
        return np.arange(3, dtype=np.float32)

    def _numpy(self, dtype: np.dtype) -> Any:
        shape = self._shape()
        if self.rng.random() < 0.04 and self._storable(f"np empty {dtype.name}", lambda: {"x": np.zeros((0, 2), dtype)}):
            return np.zeros(self.rng.choice(((0,), (2, 0, 3), (0, 0))), dtype)
        array = self._bits(dtype, shape)
        order = self.rng.choice(("c", "c", "c", "f", "big", "transposed", "reversed", "strided", "broadcast", "matrix", "masked"))
        if order == "f":
            array = np.asfortranarray(array)
        elif order == "big" and dtype.name in DTYPES[2:12]:
            array = array.astype(dtype.newbyteorder(">"))
        elif order == "transposed":
            array = array.T
        elif order == "reversed" and array.ndim:
            array = array[::-1]
        elif order == "strided" and array.ndim:
            array = array[..., ::2]
        elif order == "broadcast":
            array = np.broadcast_to(array, (2, *array.shape))
        elif order == "matrix" and array.ndim == 2 and self._storable("matrix", lambda: {"x": np.arange(4).view(np.matrix)}):
            array = array.view(np.matrix)
        elif order == "masked" and array.ndim and self._storable("masked", lambda: {"x": np.ma.array([1, 2], mask=[0, 1])}):
            array = np.ma.array(array, mask=self.bits.integers(0, 2, array.shape).astype(bool))
        return array

    def _jax(self, dtype: np.dtype) -> Any:
        if self.rng.random() < 0.04:
            empty = lambda: {"x": _on_device(np.zeros((0, 2), dtype), 0)}
            if self._storable(f"jax empty {dtype.name}", empty):
                return empty()["x"]
        devices = len(jax.devices())
        if devices < 8 or self.rng.random() < 0.35:
            return _on_device(self._bits(dtype, self._shape()), self.rng.randrange(devices))
        return self._sharded(dtype)

    def _sharded(self, dtype: np.dtype) -> Any:
        """An array over a mesh of some devices: cut along some of its axes, replicated along the others."""
        sizes = self.rng.choice(((8,), (4, 2), (2, 4), (2, 2, 2), (1, 8), (8, 1), (4,), (2, 2), (2,), (1,))[: 6 if IS_OLD else 10])
        count = int(np.prod(sizes))
        devices = list(jax.devices())
        if self.rng.random() < 0.3:
            self.rng.shuffle(devices)
        names = ("data", "model", "z")[: len(sizes)]
        mesh = jax.sharding.Mesh(np.array(devices[:count]).reshape(sizes), names)
        rank = self.rng.choice((0, 1, 1, 2, 2, 2, 3, 4))
        spec: list[Any] = [None] * rank
        shape = [self.rng.choice((1, 1, 2, 3, 5)) for _ in range(rank)]
        for name, size in zip(names, sizes):
            axis = self.rng.randrange(rank + 1)
            if axis == rank or self.rng.random() < 0.2:
                continue
            spec[axis] = name if spec[axis] is None else (*np.atleast_1d(spec[axis]), name)
            shape[axis] *= size
        if rank and self.rng.random() < 0.3:
            while spec and spec[-1] is None:
                spec.pop()
        sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*_tuples(spec)))
        return jax.device_put(_on_device(self._bits(dtype, tuple(shape)), 0), sharding)

    def _shape(self) -> tuple[int, ...]:
        rank = self.rng.choice((0, 1, 1, 2, 2, 2, 3, 4, 5))
        if self.rng.random() < 0.06:
            return {0: (), 1: (20_000,), 2: (97, 130), 3: (8, 24, 30)}.get(rank, (3, 1, 8, 5, 7))
        return tuple(self.rng.choice((1, 2, 3, 3, 4, 7)) for _ in range(rank))

    def _bits(self, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
        """Elements of any bits that the type can have, or all alike, or ascending."""
        count = int(np.prod(shape))
        if self.rng.random() < 0.1:
            return np.zeros(shape, dtype)
        bounds = {"bool": (0, 2), "int4": (-8, 8), "int2": (-2, 2), "float4_e2m1fn": (0, 16)}.get(dtype.name)
        if bounds is None:
            data = self.bits.integers(0, 256, count * dtype.itemsize, np.uint8)
            return np.frombuffer(data.tobytes(), dtype).reshape(shape).copy()
        data = self.bits.integers(*bounds, count).astype(np.int8)
        if dtype.name == "float4_e2m1fn":
            return data.view(dtype).reshape(shape)
        return data.astype(dtype).reshape(shape)

    def json(self, depth: int = 0) -> Any:
        """A value that a JSON item holds; an object at the top."""
        draw = self.rng.random()
        if depth == 0 or (draw < 0.2 and depth < 5):
            names = (*PLAIN_NAMES, *ODD_NAMES)
            return {self.rng.choice(names): self.json(depth + 1) for _ in range(self.rng.randint(0, 6))}
        if draw < 0.35 and depth < 5:
            return [self.json(depth + 1) for _ in range(self.rng.randint(0, 4))]
        return self.rng.choice(
            (None, True, False, 0, -1, 2**53 + 1, 2**70, -(2**64), 0.1, -0.0, 1e22, 5e-324, 2.0, float("nan"), float("inf"),
             float("-inf"), "", "caf\u00e9 \U0001f600", "\0\u2028", 1e-7, 123456789.123)
        )  # fmt: skip


def _dtype(name: str) -> np.dtype | None:
    """NumPy's dtype of this name; None where the ml_dtypes of this release lack it."""
    if hasattr(ml_dtypes, name):
        return np.dtype(getattr(ml_dtypes, name))
    try:
        return np.dtype(name)
    except TypeError:
        return None


def _on_device(array: np.ndarray, number: int) -> jax.Array:
    placed = jax.device_put(jnp.asarray(array), jax.devices()[number])
    if placed.dtype != array.dtype:
        raise TypeError(f"JAX makes {placed.dtype} of {array.dtype}")
    return placed


def _tuples(spec: list[Any]) -> list[Any]:
    """Names along one axis as a tuple of strings, as PartitionSpec wants them."""
    return [tuple(str(name) for name in part) if isinstance(part, tuple) else part for part in spec]


def _frozen(children: dict[str, Any]) -> Any:
    from flax.core import freeze

    return freeze(children)


def _ema() -> Any:
    """A dataclass of Flax's, one class for all trees; None without Flax."""
    global _EMA
    if _EMA is None:
        try:
            import flax
        except ImportError:
            return None

        @flax.struct.dataclass
        class Ema:
            decay: Any
            params: Any

        _EMA = Ema
    return _EMA


_EMA: Any = None
