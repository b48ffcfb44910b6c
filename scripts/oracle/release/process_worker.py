"""One of two processes that save a checkpoint together: process_worker.py PATH PORT PROCESS OPTIONS."""

from __future__ import annotations

import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent)]


def main() -> None:
    """Saves the tree of fixtures_processes.py, the arrays cut over the devices of both processes."""
    path, port, process, options = sys.argv[1], sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4])
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    import jax

    jax.config.update("jax_enable_x64", True)
    try:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
    except AttributeError:
        pass
    jax.distributed.initialize(f"127.0.0.1:{port}", num_processes=2, process_id=process)
    import orbax.checkpoint as ocp

    tree = _tree()
    handler = ocp.PyTreeCheckpointHandler(**options)
    ocp.Checkpointer(handler).save(path, args=ocp.args.PyTreeSave(tree))
    jax.distributed.shutdown()


def _tree() -> dict[str, Any]:
    import jax
    import numpy as np

    from fixtures_processes import two_process_tree

    mesh = jax.sharding.Mesh(np.array(jax.devices()), ("d",))
    values = two_process_tree()

    def cut(name: str, *spec: str | None) -> Any:
        sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*spec))
        value = values[name]
        return jax.make_array_from_callback(value.shape, sharding, lambda index: value[index])

    return {
        **values,
        "rows": cut("rows", "d", None),
        "columns": cut("columns", None, "d"),
        "replicated": cut("replicated"),
    }


if __name__ == "__main__":
    main()
