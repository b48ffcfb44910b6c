"""Trees as training programs save them: Flax, optax, Gemma's names, scanned layers, Keras' dicts."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

from fixture import Fixture
from registry import fixture
from saving import save_pytree, save_standard
from trees import seeded

PYTREE = {"layout": "ocdbt", "zarr": 2, "saver": "PyTreeCheckpointHandler"}
STANDARD = {"layout": "ocdbt", "zarr": 2, "saver": "StandardCheckpointer"}


def _params() -> dict[str, Any]:
    return {
        "Dense_0": {"kernel": jnp.asarray(seeded(1, "float32", 3, 4)), "bias": jnp.zeros(4)},
        "Dense_1": {"kernel": jnp.asarray(seeded(2, "float32", 4, 2)), "bias": jnp.ones(2)},
    }


def train_state() -> Any:
    """Flax's TrainState with two steps of AdamW behind a clip and a schedule."""
    import optax
    from flax.training import train_state as flax_train_state

    schedule = optax.warmup_cosine_decay_schedule(0.0, 1e-3, 10, 100)
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=0.1))
    with jax.enable_x64(False) if hasattr(jax, "enable_x64") else _narrow():
        state = flax_train_state.TrainState.create(apply_fn=lambda *_: None, params=_params(), tx=optimizer)
        for _ in range(2):
            state = state.apply_gradients(grads=jax.tree_util.tree_map(jnp.ones_like, state.params))
    return state


def _narrow() -> Any:
    from jax.experimental import disable_x64

    return disable_x64()


@fixture("train-state", since="0.4.4", shows="flax TrainState, optax.adamw", **STANDARD)
def _train_state(f: Fixture) -> None:
    state = train_state()
    save_standard(f.path(), state)
    f.tree(state)


@fixture("train-state-pytree", shows="flax TrainState, optax.adamw", **PYTREE)
def _train_state_pytree(f: Fixture) -> None:
    state = train_state()
    save_pytree(f.path(), state)
    f.tree(state)


@fixture(
    "train-state-manager", since="0.5.3", shows="flax TrainState", **{**PYTREE, "saver": "CheckpointManager"}
)
def _train_state_manager(f: Fixture) -> None:
    state = train_state()
    manager = ocp.CheckpointManager(
        f.path("run"), options=ocp.CheckpointManagerOptions(max_to_keep=3, create=True)
    )
    for step in (100, 200):
        manager.save(step, args=ocp.args.StandardSave(state.replace(step=step)))
        manager.wait_until_finished()
    manager.close()
    f.tree(state.replace(step=200), path="run", directory="run/200/default", step=200)
    f.tree(state.replace(step=100), path="run", directory="run/100/default", step=100)
    f.lists_steps([(step, str(step), {"default": "pytree"}) for step in (100, 200)], path="run")


@fixture("optax-states", shows="optax states", **PYTREE)
def _optax_states(f: Fixture) -> None:
    import optax

    params = {"w": jnp.asarray(seeded(1, "float32", 3, 4)), "b": jnp.zeros(3)}
    optimizers = {
        "sgd": optax.sgd(0.1),
        "momentum": optax.sgd(0.1, momentum=0.9),
        "adam": optax.adam(0.1),
        "adafactor": optax.adafactor(0.1, min_dim_size_to_factor=2),
        "masked": optax.masked(optax.adam(0.1), {"w": True, "b": False}),
        "multi_steps": optax.MultiSteps(optax.adam(0.1), 2).gradient_transformation(),
        "injected": optax.inject_hyperparams(optax.adam)(learning_rate=0.1),
        "apply_every": optax.apply_every(3),
        "lion": optax.lion(0.1),
    }
    states = {name: optimizer.init(params) for name, optimizer in optimizers.items()}
    save_pytree(f.path(), states)
    f.tree(states)


@fixture("flax-struct", shows="flax.struct, FrozenDict", **PYTREE)
def _flax_struct(f: Fixture) -> None:
    import flax
    from flax.core import freeze

    @flax.struct.dataclass
    class Ema:
        decay: Any
        params: Any
        name: str = flax.struct.field(pytree_node=False, default="ema")

    tree = {
        "ema": Ema(0.999, freeze(_params())),
        "list": [Ema(np.arange(2), None)],
        "frozen": freeze({"a": {"b": 1}}),
    }
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("nnx-state", since="0.11.20", shows="flax.nnx State", **STANDARD)
def _nnx_state(f: Fixture) -> None:
    from flax import nnx

    class Model(nnx.Module):
        def __init__(self, rngs: Any) -> None:
            self.linear = nnx.Linear(3, 4, rngs=rngs)
            self.norm = nnx.BatchNorm(4, rngs=rngs)
            self.dropout = nnx.Dropout(0.5, rngs=rngs)
            blocks = [nnx.Linear(4, 4, rngs=rngs) for _ in range(2)]
            self.blocks = nnx.List(blocks) if hasattr(nnx, "List") else blocks

    state = nnx.state(Model(nnx.Rngs(0)))
    save_standard(f.path(), state)
    f.tree(state)
    pure = nnx.to_pure_dict(state)
    save_standard(f.path("pure"), pure)
    f.tree(pure, path="pure")


@fixture("gemma-names", shows="slash keys", **PYTREE)
def _gemma_names(f: Fixture) -> None:
    tree: dict[str, Any] = {"transformer/embedder": {"input_embedding": seeded(0, "float32", 8, 4)}}
    for layer in range(2):
        name = f"transformer/layer_{layer}"
        tree |= {
            f"{name}/attn/q_einsum": {"w": jnp.asarray(seeded(layer + 1, "bfloat16", 2, 4, 3))},
            f"{name}/attn/kv_einsum": {"w": jnp.asarray(seeded(layer + 3, "bfloat16", 2, 1, 4, 3))},
            f"{name}/mlp/linear": {"w": seeded(layer + 5, "float32", 6, 4)},
            f"{name}/pre_attention_norm": {"scale": np.ones(4, np.float32)},
        }
    tree["transformer/final_norm"] = {"scale": np.zeros(4, np.float32)}
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("gemma-names-files", shows="slash keys", **{**PYTREE, "layout": "files"})
def _gemma_names_files(f: Fixture) -> None:
    from saving import restore_files, save_files

    tree = {
        "transformer/layer_0/attn/q_einsum": {"w": seeded(1, "float32", 2, 3)},
        "transformer/layer_0/mlp/linear": {"w": seeded(2, "float32", 3, 2)},
        "transformer/final_norm": {"scale": np.ones(3, np.float32)},
    }
    save_files(f.path(), tree)
    f.tree(tree, restore=restore_files)


@fixture("scanned-layers", shows="leading layer axis", **PYTREE)
def _scanned_layers(f: Fixture) -> None:
    from trees import placed

    tree = {
        "params": {
            "decoder": {
                "layers": {
                    "self_attention": {"query": {"kernel": placed(seeded(1, "float32", 4, 6, 2), "x")}},
                    "mlp": {"wi": {"kernel": placed(seeded(2, "bfloat16", 4, 6, 4), "x", None, "y")}},
                    "pre_norm": {"scale": placed(np.ones((4, 6), np.float32), "x", None)},
                },
                "decoder_norm": {"scale": placed(np.ones(6, np.float32))},
            },
            "token_embedder": {"embedding": placed(seeded(3, "float32", 8, 6), ("x", "y"), None)},
        },
        "step": jnp.int32(30),
    }  # fmt: skip
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("keras-style", shows="nested dicts of a Keras callback", **PYTREE)
def _keras_style(f: Fixture) -> None:
    kernel, bias = seeded(1, "float32", 3, 4), np.zeros(4, np.float32)
    tree = {
        "trainable_variables": {
            "dense": {"kernel": kernel, "bias": bias}, "dense_1": {"kernel": kernel.T, "bias": bias[:3]},
        },
        "non_trainable_variables": {"seed_generator": {"state": np.array([0, 1337], np.uint32)}},
        "optimizer_variables": {
            "adam": {
                "iteration": np.array(40, np.int64), "learning_rate": np.array(0.001, np.float32),
                "dense_kernel_momentum": kernel * 0.5, "dense_kernel_velocity": kernel * 0.25,
            }
        },
        "metrics_variables": {"loss": {"total": np.float32([1.5]), "count": np.array(8.0, np.float32)}},
        "epoch": 3,
        "counters": {"batches": 120, "best": 0.25, "improved": True},
    }  # fmt: skip
    save_pytree(f.path(), tree)
    f.tree(tree)


@fixture("many-leaves", since="0.12.0", shows="2,000 leaves", **STANDARD)
def _many_leaves(f: Fixture) -> None:
    tree = many_leaves()
    save_standard(f.path(), tree)
    f.tree(tree)


def many_leaves() -> dict[str, Any]:
    """A model of 12 layers, each of 166 tiny parameters and their counters: 2,000 leaves with the rest."""
    layers = {
        f"layer_{layer}": {
            f"block_{block}": {
                f"w{n}": np.float32([layer, n]) if n % 8 == 0 else layer * n for n in range(83)
            }
            for block in range(2)
        }
        for layer in range(12)
    }
    return {"model": layers, "extra": list(range(8))}
