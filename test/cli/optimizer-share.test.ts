import { describe, expect, it } from "vitest";
import { optimizerBytes } from "../../src/cli/optimizer-share.js";
import { shownTree } from "../../src/cli/shown-tree.js";
import { treeOf } from "../../src/cli/tree-node.js";

function describeLeaf({ leaf }: { readonly leaf: { readonly name: string } }) {
  return {
    value: { type: "float32 [1]", value: "", sharding: "", isSized: true },
    weight: { parameters: 1, bytes: Number(leaf.name), leaves: 1 },
  };
}

/** Bytes that count as an optimizer's, where each leaf has as many as its number says. */
function bytesIn(leaves: Readonly<Record<string, number>>): number {
  const placed = Object.entries(leaves).map(([name, bytes]) => ({
    path: name.split("/"),
    shown: {
      leaf: {
        path: name.split("/"),
        name: String(bytes),
        valueType: "np.ndarray",
        storage: { kind: "array", holds: "array" } as const,
        array: undefined,
      },
      value: undefined,
    },
  }));
  return optimizerBytes(shownTree(treeOf(placed), describeLeaf));
}

describe("optimizerBytes", () => {
  it.each([
    ["Flax's TrainState", { "params/w": 1, "opt_state/0/mu/w": 2, step: 4 }, 2],
    ["a state inside of an item", { "train_state/params/w": 1, "train_state/opt_state/0/mu/w": 2 }, 2],
    ["NNX", { "model/w": 1, "optimizer/opt_state/0/mu/w": 2, "optimizer/step": 4 }, 6],
    ["NNX's optimizer that holds its model", { "optimizer/model/w": 1, "optimizer/opt_state/w": 2 }, 2],
    ["T5X", { "optimizer/target/w": 1, "optimizer/state/param_states/w": 2 }, 2],
    ["PAX", { "states/mdl_vars/w": 1, "states/opt_states_0/m/w": 2 }, 2],
    ["Keras", { "trainable_variables/0": 1, "optimizer_variables/0": 2 }, 2],
    ["bare moments of optax", { "0/count": 1, "0/mu/w": 2, "0/nu/w": 4 }, 6],
    ["a model with a layer mu", { "vae/mu/kernel": 1, "vae/logvar/kernel": 2 }, 0],
    ["a model with layers of such names", { "params/opt/w": 1, "params/mu/w": 2, "params/nu/w": 4 }, 0],
    ["other words", { "options/a": 1, optics: 2, opt: 4 }, 4],
  ])("knows the optimizer of %s", (_, leaves, bytes) => {
    expect(bytesIn(leaves)).toBe(bytes);
  });
});
