import { describe, expect, it } from "vitest";
import { shownPaths } from "../../src/cli/shown-path.js";
import type { KeyPath } from "../../src/pytree/key-path.js";

const shown = (paths: readonly KeyPath[], isData = () => true) =>
  shownPaths(paths, isData).map(({ path }) => path);

describe("shownPaths", () => {
  it("splits keys at slashes, as Gemma's are", () => {
    expect(shown([["transformer/layer_0/attn", "w"]])).toEqual([["transformer", "layer_0", "attn", "w"]]);
  });

  it.each(["/a", "a/", "a//b", "/", "a/".repeat(100)])("leaves %j whole, which is no path", (key) => {
    expect(shown([[key, 0]])).toEqual([[key, 0]]);
  });

  it("leaves out a last key value where all of a top-level subtree has it, as in states of NNX", () => {
    const paths = [
      ["model", "a", "value"],
      ["model", "b", "value"],
      ["step", "value"],
      ["other", "a", "value"],
      ["other", "b"],
    ];
    expect(shown(paths)).toEqual([
      ["model", "a"],
      ["model", "b"],
      ["step"],
      ["other", "a", "value"],
      ["other", "b"],
    ]);
  });

  it("says which paths it shortened", () => {
    const paths = [
      ["a", "value"],
      ["b", "value"],
      ["c", "x"],
    ];
    expect(shownPaths(paths, () => true).map(({ isShortened }) => isShortened)).toEqual([true, true, false]);
  });

  it("does not mind that empties lack the key", () => {
    const paths = [
      ["opt", 0, "value"],
      ["opt", 1, "value"],
      ["opt", 2],
    ];
    expect(shown(paths, () => true)).toEqual(paths);
    expect(shownPaths(paths, (index) => index < 2).map(({ path }) => path)).toEqual([
      ["opt", 0],
      ["opt", 1],
      ["opt", 2],
    ]);
  });

  it("leaves a single key value alone, and a top-level one", () => {
    expect(shown([["a", "value"]])).toEqual([["a", "value"]]);
    expect(shown([["value"], ["b", "value"], ["c", "value"]])).toEqual([["value"], ["b"], ["c"]]);
  });
});
