"""Checkpoints of trees as real programs save them: models of Flax, states of optax, names of Gemma, thousands of leaves."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

from dump import dump_checkpoint
from seeded_bytes import seeded_bytes


def project_names() -> list[str]:
    """Names of the trees that `project_checkpoint` makes."""
    return list(_TREES)


def project_checkpoint(folder: str, name: str, saver: str = "pytree") -> dict[str, Any]:
    """Saves the tree of this name. saver: `pytree`, `standard`, `v1`, `files` or `zarr3`.

    Returns {"root", "options", "expected", ...}, as `random_checkpoint` of ops_random.py.
    """
    shutil.rmtree(folder, ignore_errors=True)
    path = os.path.join(os.path.abspath(folder), "ckpt")
    tree = _TREES[name]()
    directory = _save(path, tree, saver)
    return {
        "saver": saver, "refusals": [], "root": os.path.abspath(folder), "options": {"name": name},
        "expected": [{"path": "ckpt", "dump": dump_checkpoint(directory)}], "listings": [], "manager": None,
    }  # fmt: skip


def _save(path: str, tree: Any, saver: str) -> str:
    if saver == "v1":
        import orbax.checkpoint.experimental.v1 as v1

        (getattr(v1, "save", None) or v1.save_pytree)(path, tree)
        return os.path.join(path, "state" if hasattr(v1, "save") else "pytree")
    if saver == "standard":
        with ocp.Checkpointer(ocp.StandardCheckpointHandler()) as checkpointer:
            checkpointer.save(path, args=ocp.args.StandardSave(tree))
        return path
    handler = ocp.PyTreeCheckpointHandler(use_ocdbt=saver != "files", use_zarr3=saver == "zarr3")
    with ocp.Checkpointer(handler) as checkpointer:
        checkpointer.save(path, args=ocp.args.PyTreeSave(tree))
    return path


def _seeded(seed: int, dtype: str, *shape: int) -> jax.Array:
    count = int(np.prod(shape))
    integers = np.frombuffer(seeded_bytes(seed, 4 * count), "<u4") >> np.uint32(8)
    return jnp.asarray((integers / np.float64(2**24)).astype(np.float32).reshape(shape)).astype(dtype)


def _params() -> dict[str, Any]:
    return {
        "Dense_0": {"kernel": _seeded(1, "float32", 3, 4), "bias": jnp.zeros(4)},
        "Dense_1": {"kernel": _seeded(2, "float32", 4, 2), "bias": jnp.ones(2)},
    }


def _optax_states() -> dict[str, Any]:
    import optax

    params = _params()
    labels = {"Dense_0": "adam", "Dense_1": {"kernel": "sgd", "bias": "frozen"}}
    chain = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adamw(optax.warmup_cosine_decay_schedule(0.0, 1e-3, 10, 100), weight_decay=0.1),
    )
    optimizers = {
        "chain": chain,
        "multi_transform": optax.multi_transform(
            {"adam": optax.adam(0.1), "sgd": optax.sgd(0.1, momentum=0.9), "frozen": optax.set_to_zero()}, labels
        ),
        "masked": optax.masked(optax.adamw(0.1), {"Dense_0": True, "Dense_1": False}),
        "masked_leaves": optax.masked(optax.adam(0.1), jax.tree.map(lambda x: x.ndim > 1, params)),
        "injected": optax.inject_hyperparams(optax.adamw)(learning_rate=optax.linear_schedule(1.0, 0.1, 10)),
        "injected_number": optax.inject_hyperparams(optax.sgd)(learning_rate=0.1, momentum=0.9),
        "multi_steps": optax.MultiSteps(chain, 4).gradient_transformation(),
        "lookahead": optax.sgd(0.1),
        "adafactor": optax.adafactor(0.1, min_dim_size_to_factor=2),
        "lion": optax.lion(0.1),
        "lbfgs": optax.scale_by_lbfgs(3),
        "apply_if_finite": optax.apply_if_finite(optax.adam(0.1), 3),
        "named_chain": optax.named_chain(("clip", optax.clip(1.0)), ("adam", optax.adam(0.1))),
        "schedule_free": optax.contrib.schedule_free_adamw(0.1),
        "noise": optax.add_noise(0.1, 0.5, 3),
        "empty": optax.identity(),
    }
    return {name: optimizer.init(params) for name, optimizer in optimizers.items()}


def _train_state() -> Any:
    import optax
    from flax.training import train_state

    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(optax.constant_schedule(1e-3)))
    state = train_state.TrainState.create(apply_fn=lambda *_: None, params=_params(), tx=optimizer)
    return state.apply_gradients(grads=jax.tree.map(jnp.ones_like, state.params))


def _nnx_model() -> Any:
    from flax import nnx

    class Block(nnx.Module):
        def __init__(self, rngs: Any) -> None:
            self.attention = nnx.MultiHeadAttention(2, 8, decode=False, rngs=rngs)
            self.norm = nnx.LayerNorm(8, rngs=rngs)
            self.dropout = nnx.Dropout(0.5, rngs=rngs)

    class Model(nnx.Module):
        def __init__(self, rngs: Any) -> None:
            self.embed = nnx.Embed(10, 8, rngs=rngs)
            self.batch_norm = nnx.BatchNorm(8, rngs=rngs)
            blocks = [Block(rngs) for _ in range(3)]
            self.blocks = nnx.List(blocks) if hasattr(nnx, "List") else blocks
            self.lora = nnx.LoRA(8, 2, 4, rngs=rngs)
            self.count = nnx.Variable(jnp.int32(3))

    return Model(nnx.Rngs(0, dropout=1))


def _nnx_state() -> Any:
    from flax import nnx

    return nnx.state(_nnx_model())


def _nnx_split() -> Any:
    from flax import nnx

    _, params, batch_stats, rest = nnx.split(_nnx_model(), nnx.Param, nnx.BatchStat, ...)
    return {"params": params, "batch_stats": batch_stats, "rest": rest}


def _nnx_pure() -> Any:
    from flax import nnx

    return nnx.to_pure_dict(nnx.state(_nnx_model())) if hasattr(nnx, "to_pure_dict") else _nnx_state().to_pure_dict()


def _nnx_optimizer() -> Any:
    import optax
    from flax import nnx

    model = _nnx_model()
    return nnx.state(nnx.Optimizer(model, optax.adamw(1e-3), wrt=nnx.Param))


def _linen() -> Any:
    from flax import linen as nn

    class Net(nn.Module):
        @nn.compact
        def __call__(self, x: Any) -> Any:
            for features in (8, 8):
                x = nn.relu(nn.BatchNorm(use_running_average=True)(nn.Dense(features)(x)))
            kernel = nn.with_partitioning(nn.initializers.lecun_normal(), ("in", "out"))
            return nn.Dense(3, kernel_init=kernel)(x)

    return Net().init(jax.random.key(0), jnp.ones((2, 4)))


def _linen_scanned() -> Any:
    from flax import linen as nn

    class Layer(nn.Module):
        @nn.compact
        def __call__(self, x: Any, _: Any) -> Any:
            return nn.Dense(6)(x), None

    scanned = nn.scan(Layer, variable_axes={"params": 0}, split_rngs={"params": True}, length=5)
    return scanned().init(jax.random.key(0), jnp.ones((2, 6)), None)


def _gemma(slashes: bool) -> dict[str, Any]:
    tree: dict[str, Any] = {"transformer/embedder": {"input_embedding": _seeded(0, "bfloat16", 32, 8)}}
    for layer in range(18):
        name = f"transformer/layer_{layer}"
        tree |= {
            f"{name}/attn/q_einsum": {"w": _seeded(layer, "bfloat16", 2, 8, 4)},
            f"{name}/attn/kv_einsum": {"w": _seeded(layer + 50, "bfloat16", 2, 1, 8, 4)},
            f"{name}/attn/attn_vec_einsum": {"w": _seeded(layer + 99, "bfloat16", 2, 4, 8)},
            f"{name}/mlp/linear": {"w": _seeded(layer + 150, "float32", 16, 8)},
            f"{name}/mlp": {"gating_einsum": _seeded(layer + 200, "float32", 2, 8, 16)},
            f"{name}/pre_attention_norm": {"scale": jnp.ones(8)},
        }
    if slashes:
        return tree
    nested: dict[str, Any] = {}
    for path, leaves in tree.items():
        node = nested
        for part in path.split("/"):
            node = node.setdefault(part, {})
        node.update(leaves)
    return nested


def _sharded_model() -> dict[str, Any]:
    """A model over all devices: layers scanned, cut along two axes, replicated where they are small."""
    devices = np.array(jax.devices())
    mesh = jax.sharding.Mesh(devices.reshape(-1, 2) if devices.size > 1 else devices.reshape(1, 1), ("data", "model"))

    def placed(array: Any, *spec: Any) -> Any:
        sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*spec))
        return jax.device_put(array, sharding)

    layers = {
        "attention": {name: {"kernel": placed(_seeded(n, "bfloat16", 6, 16, 8), None, "data", "model")}
                      for n, name in enumerate(("query", "key", "value", "out"))},
        "mlp": {"wi": {"kernel": placed(_seeded(7, "float32", 6, 16, 32), None, None, ("data", "model"))}},
        "norm": {"scale": placed(jnp.ones((6, 16)))},
    }  # fmt: skip
    params = {"decoder": {"layers": layers}, "embed": placed(_seeded(9, "float32", 64, 16), ("data", "model"), None)}
    return {
        "params": params,
        "opt_state": (None, {"count": jnp.int32(7), "mu": jax.tree.map(jnp.zeros_like, params)}, ()),
        "step": 7,
        "rng": jax.random.key(3),
        "rngs": {"dropout": placed(jax.random.split(jax.random.key(1), 16), "data")},
    }


def _keras() -> dict[str, Any]:
    kernel, bias = np.asarray(_seeded(1, "float32", 3, 4)), np.zeros(4, np.float32)
    names = [f"dense{'' if n == 0 else f'_{n}'}" for n in range(12)]
    return {
        "trainable_variables": {name: {"kernel": kernel, "bias": bias} for name in names},
        "non_trainable_variables": {"seed_generator": {"seed_generator_state": np.array([0, 1337], np.uint32)}},
        "optimizer_variables": {
            "adam": {"iteration": np.array(40, np.int64), "learning_rate": np.array(0.001, np.float32)}
            | {f"{name}_kernel_momentum": kernel for name in names}
        },
        "metrics_variables": {"loss": {"total": np.array(1.5, np.float32), "count": np.array(8.0, np.float32)}},
    }


def _many(leaves: int, kind: str) -> dict[str, Any]:
    """A model of so many tiny leaves: NumPy's arrays, JAX's, or numbers."""
    make: dict[str, Callable[[int], Any]] = {
        "numpy": lambda n: np.full((4, 3), n, np.float32),
        "jax": lambda n: jnp.full((4, 3), n, jnp.float32),
        "numbers": lambda n: n * 0.5 if n % 2 else n,
    }
    per_layer = leaves // 20
    layers = {
        f"layer_{layer}": {f"block_{n // 10}": {} for n in range(per_layer)} for layer in range(20)
    }
    for layer in range(20):
        for n in range(per_layer):
            layers[f"layer_{layer}"][f"block_{n // 10}"][f"w{n % 10}"] = make[kind](layer * per_layer + n)
    return {"params": layers, "step": 3}


_TREES: dict[str, Callable[[], Any]] = {
    "optax states": _optax_states,
    "train state": _train_state,
    "nnx state": _nnx_state,
    "nnx split": _nnx_split,
    "nnx pure": _nnx_pure,
    "nnx optimizer": _nnx_optimizer,
    "linen": _linen,
    "linen scanned": _linen_scanned,
    "gemma": lambda: _gemma(True),
    "gemma nested": lambda: _gemma(False),
    "sharded model": _sharded_model,
    "keras": _keras,
    "2000 numpy": lambda: _many(2000, "numpy"),
    "2000 jax": lambda: _many(2000, "jax"),
    "2000 numbers": lambda: _many(2000, "numbers"),
}
