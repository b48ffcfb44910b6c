"""Operations on single zarr arrays, with real TensorStore: read what others wrote, write for others to read."""

from __future__ import annotations

from typing import Any

import ml_dtypes  # noqa: F401  (names its types to NumPy)
import numpy as np
import tensorstore as ts


def zarr_read(driver: str, files: dict[str, str]) -> dict[str, Any]:
    """Reads an array from its files, {name: hex}. A missing chunk is an error, as Orbax asks for it.

    Returns {"dtype": NumPy's name, "shape", "data": hex of the elements, little-endian in C order}; int4 and int2
    as bytes with their sign.
    """
    context = ts.Context()
    store = ts.KvStore.open("memory://", context=context).result()
    for name, stored in files.items():
        store[name] = bytes.fromhex(stored)
    spec = {"driver": driver, "kvstore": "memory://", "fill_missing_data_reads": False}
    array = ts.open(spec, context=context).result().read().result()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": _hex(array)}


def zarr_write(driver: str, metadata: dict[str, Any], dtype: str, data: str) -> dict[str, str]:
    """Creates an array with TensorStore's `metadata` and writes `data` (as zarr_read returns it), every chunk of it.

    Returns its files, {name: hex}.
    """
    context = ts.Context()
    store = ts.KvStore.open("memory://", context=context).result()
    spec = {"driver": driver, "kvstore": "memory://", "metadata": metadata, "store_data_equal_to_fill_value": True}
    array = ts.open(spec, create=True, context=context).result()
    elements = np.frombuffer(bytes.fromhex(data), np.dtype(dtype)).reshape(array.shape)
    array.write(elements).result()
    return {key.decode(): store[key].hex() for key in store.list().result()}


def _hex(array: np.ndarray) -> str:
    array = np.ascontiguousarray(array)
    if array.dtype.name in ("int4", "int2"):
        array = array.astype(np.int8)
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
    return array.tobytes().hex()
