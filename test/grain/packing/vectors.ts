import { readFileSync } from "node:fs";
import type { PackingCase } from "./packing-case.js";

/** What iterating gave in Python: elements, and the state before each and at the end, in tagged JSON. */
export type Trace = {
  readonly elements: readonly unknown[];
  readonly states: readonly unknown[];
  readonly error: { readonly type: string; readonly message: string } | null;
};

/** fixtures/grain/packing.json, which scripts/make-packing-vectors.py makes with Grain and NumPy. */
export type Vectors = {
  readonly cases: readonly { readonly name: string; readonly dataset: PackingCase; readonly trace: Trace }[];
  readonly averages: readonly { readonly row: unknown; readonly average: number }[];
  readonly shuffles: readonly {
    readonly seed: string;
    readonly count: number;
    readonly order: readonly number[];
  }[];
  /** Words of PCG64(42). */
  readonly raw: readonly string[];
};

/** The vectors. */
export function readVectors(): Vectors {
  const vectors: Vectors = JSON.parse(
    readFileSync(new URL("../../../fixtures/grain/packing.json", import.meta.url), "utf8"),
  );
  return vectors;
}
