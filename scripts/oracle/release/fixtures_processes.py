"""Checkpoints of several processes: two real ones, and the local copies that every host keeps for itself."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from fixture import Fixture
from fixtures_v1 import restore_as_numpy
from registry import fixture
from trees import seeded

WORKER = Path(__file__).with_name("process_worker.py")
TWO = {"zarr": 2, "saver": "two processes"}


def _save_by_two(f: Fixture, options: dict[str, Any]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
        "JAX_PLATFORMS": "cpu",
    }
    workers = [
        subprocess.Popen(
            [sys.executable, WORKER, f.path(), str(port), str(process), json.dumps(options)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip
        for process in range(2)
    ]
    try:
        outputs = [worker.communicate(timeout=120)[0] for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    for worker, output in zip(workers, outputs):
        if worker.returncode != 0:
            raise RuntimeError(output[-600:])


def two_process_tree() -> dict[str, np.ndarray | int]:
    """What the two processes save together."""
    return {
        "rows": seeded(1, "float32", 8, 6),
        "columns": seeded(2, "float32", 4, 8),
        "replicated": np.arange(12, dtype=np.int32).reshape(4, 3),
        "numpy": np.arange(5, dtype=np.int64),
        "step": 12,
    }


def _two(f: Fixture, options: dict[str, Any]) -> None:
    _save_by_two(f, options)
    f.tree(two_process_tree(), restore=restore_as_numpy, alone=True)
    f.lists_item("pytree")


@fixture("two-processes", since="0.6.4", layout="ocdbt", **TWO)
def _two_ocdbt(f: Fixture) -> None:
    _two(f, {})
    assert Path(f.path("ckpt/ocdbt.process_1")).is_dir()


@fixture("two-processes-zarr3", since="0.6.4", layout="ocdbt", **{**TWO, "zarr": 3})
def _two_zarr3(f: Fixture) -> None:
    _two(f, {"use_zarr3": True})


@fixture("two-processes-files", since="0.6.4", layout="files", **TWO)
def _two_files(f: Fixture) -> None:
    _two(f, {"use_ocdbt": False})


@fixture("two-processes-lost-manifest", since="0.12.0", layout="ocdbt", shows="manifest.ocdbt lost", **TWO)
def _two_lost_manifest(f: Fixture) -> None:
    _save_by_two(f, {})
    f.tree(two_process_tree(), restore=restore_as_numpy, salvage=True, alone=True)
    Path(f.path("ckpt/manifest.ocdbt")).unlink()
    shutil.rmtree(f.path("ckpt/d"))
    f.refused("--salvage")


@fixture("two-processes-one-lost", since="0.12.0", layout="ocdbt", shows="a process folder lost too", **TWO)
def _two_one_lost(f: Fixture) -> None:
    """Without the databases of one process nothing can be whole."""
    _save_by_two(f, {})
    Path(f.path("ckpt/manifest.ocdbt")).unlink()
    shutil.rmtree(f.path("ckpt/d"))
    shutil.rmtree(f.path("ckpt/ocdbt.process_1"))
    f.refused("--salvage")
    f.refused("missing", salvage=True)


@fixture(
    "host-local",
    since="0.12.0",
    layout="ocdbt",
    zarr=3,
    saver="emergency (built)",
    shows="chunks of other hosts missing",
)
def _host_local(f: Fixture) -> None:
    """Two hosts' local roots, made of one checkpoint: each database lacks the other host's chunks."""
    import tensorstore as ts

    from fixtures_v1 import ITEM, save_v1
    from trees import placed

    tree = {"w": placed(seeded(1, "float32", 8, 6), "x", None), "step": 7}
    save_v1(f.path("whole"), tree)
    whole = f.path(f"whole/{ITEM}")
    source = ts.KvStore.open({"driver": "ocdbt", "base": f"file://{whole}/"}).result()
    for host, chunks in enumerate((range(4), range(4, 8))):
        root = Path(f.path(f"host_{host}"))
        item = root / "7" / "state"
        item.mkdir(parents=True)
        for name in ("_METADATA", "_sharding"):
            shutil.copy(Path(whole) / name, item / name)
        shutil.copytree(Path(whole) / "array_metadatas", item / "array_metadatas")
        store = ts.KvStore.open({"driver": "ocdbt", "base": f"file://{item}/"}).result()
        with ts.Transaction() as transaction:
            for key in source.list().result():
                name = key.decode()
                if not name.startswith("w/c/") or int(name.split("/")[2]) in chunks:
                    store.with_transaction(transaction)[key] = source[key]
        process = root / "7" / "process_metadata"
        process.mkdir()
        (process / "global_process_metadata.json").write_text("[[0,1,2,3],[4,5,6,7]]")
        (process / "mesh_metadata.json").write_text("[0,1,2,3,4,5,6,7]")
        f.refused("missing", path=f"host_{host}", step=7, item="state")
    shutil.rmtree(f.path("whole"))
