import { invalidArgument } from "../../errors.js";
import { compareCodePoints } from "../../pytree/key-path.js";
import { canonicalDtype } from "../samplers/element-spec.js";
import type { RecordSpec } from "./records.js";

// What Datarax asks of the parts of a mixture, in its words.

/**
 * Weights scaled to a sum of 1.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for none, another number than there are sources, negative ones or only zeros.
 */
export function normalizedWeights(weights: readonly number[], sources: number): number[] {
  if (!Array.isArray(weights)) throw invalidArgument("weights must be a list", { pythonType: "TypeError" });
  if (weights.length < 1) throw invalid("num_sources must be >= 1");
  if (weights.length !== sources) {
    throw invalid(`len(sources) (${sources}) must match config.num_sources (${weights.length})`);
  }
  const strange = weights.find((weight) => !Number.isFinite(weight));
  if (strange !== undefined) throw invalid(`weights must be finite numbers, got ${strange}`);
  if (weights.some((weight) => weight < 0)) throw invalid("All weights must be positive (>= 0)");
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total <= 0) throw invalid("Sum of weights must be > 0");
  return weights.map((weight) => weight / total);
}

const REQUIREMENT =
  "MixDataSourcesNode requires every source to produce records with the same element_spec; ";

/**
 * Refuses sources whose records differ from those of the first one. Sources of which it is not known what their records
 * are pass, as in Python.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Datarax's text; also for dtypes that JAX would make the same.
 */
export function requireSameSpecs(specs: readonly (RecordSpec | undefined)[]): void {
  const [first, ...others] = specs;
  if (first === undefined) return;
  for (const [number, other] of others.entries()) {
    if (other !== undefined) requireSameSpec(first, other, number + 1);
  }
}

function requireSameSpec(first: RecordSpec, other: RecordSpec, number: number): void {
  const names = Object.keys(first).sort(compareCodePoints);
  if (names.join("\0") !== Object.keys(other).sort(compareCodePoints).join("\0")) {
    throw invalid(
      `${REQUIREMENT}source 0 and source ${number} have different structure. ` +
        "Mixing under lax.switch needs matching output shapes across all branches.",
    );
  }
  for (const name of names) {
    const one = first[name];
    const another = other[name];
    if (one === undefined || another === undefined) continue;
    if (one.dtype === another.dtype && one.shape.join() === another.shape.join()) continue;
    const isNarrow = canonicalDtype(one.dtype) !== canonicalDtype(another.dtype); // else JAX sees no difference
    const texts = [one, another].map((leaf) => leafText(leaf, isNarrow));
    throw invalid(`${REQUIREMENT}source 0 leaf has ${texts[0]} but source ${number} leaf has ${texts[1]}.`);
  }
}

function leafText({ dtype, shape }: RecordSpec[string], isNarrow: boolean): string {
  const sizes = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  return `shape=${sizes} dtype=${isNarrow ? canonicalDtype(dtype) : dtype}`;
}

function invalid(message: string) {
  return invalidArgument(message, { pythonType: "ValueError" });
}
