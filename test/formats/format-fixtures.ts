import { readdirSync, readFileSync } from "node:fs";
import { type LeafJson, leafJson } from "../../src/cli/leaf-json.js";
import type { Sha256 } from "../../src/cli/sha256.js";
import type { PathAndLeaf } from "../../src/pytree/flatten.js";

/** What Python restores from a fixture (scripts/make-format-fixtures.py). */
export type ExpectedTree = {
  readonly kind: string;
  readonly leaves: readonly LeafJson[];
  /** Of a safetensors file. */
  readonly metadata?: { readonly [name: string]: string };
};

type Folder = "flax" | "safetensors";

const place = (folder: Folder, name: string) => new URL(`../../fixtures/${folder}/${name}`, import.meta.url);

/** Names of a folder's fixtures. */
export function fixtureNames(folder: Folder): string[] {
  const end = ".expected.json";
  const files = readdirSync(place(folder, "")).filter((file) => file.endsWith(end));
  if (files.length === 0) throw new Error(`no fixtures in ${folder}`);
  return files.map((file) => file.slice(0, -end.length));
}

export function fixtureBytes(folder: Folder, name: string): Uint8Array {
  return new Uint8Array(readFileSync(place(folder, `${name}.${folder === "flax" ? "msgpack" : folder}`)));
}

export function expectedTree(folder: Folder, name: string): ExpectedTree {
  return JSON.parse(readFileSync(place(folder, `${name}.expected.json`), "utf8"));
}

/** Leaves as `dump --json` prints them, by their path, as their order means nothing to Python. */
export function describeLeaves(leaves: readonly PathAndLeaf[], sha256: Sha256) {
  return byPath(leaves.map(({ path, leaf }) => leafJson(path, leaf, sha256)));
}

export function byPath(leaves: readonly LeafJson[]) {
  return new Map(leaves.map((leaf) => [JSON.stringify(leaf.path), leaf]));
}
