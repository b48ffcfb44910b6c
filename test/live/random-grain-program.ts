import { type Draw, drawFrom } from "./draw.js";
import type { Program, Step } from "./grain-program.js";

/** A pipeline in the making, with what decides whether a step may follow. */
type Draft = {
  steps: Step[];
  kind: "map" | "iter";
  /** Whether there is a `seed` before. */
  seeded: boolean;
  endless: boolean;
  /** Whether elements may be absent: then endless repetition could seek for ever. */
  sparse: boolean;
  /** Whether there may be `None` in or among the elements, of which NumPy makes arrays of objects. */
  nones: boolean;
  /** Elements alike in structure have the same text here. */
  structure: string;
};

/** A random program; most can be built and have elements, a few are errors on purpose. */
export function randomProgram(seed: number): Program {
  const draw = drawFrom(seed);
  const draft = randomMapDraft(draw, 2, true);
  if (draw.chance(0.7)) toIter(draw, draft);
  if (draft.kind === "iter") {
    if (draw.chance(0.3)) mixIters(draw, draft);
    for (let count = draw.integer(0, 4); count > 0; count--) iterStep(draw, draft);
  }
  return draft.steps;
}

function randomMapDraft(draw: Draw, depth: number, mayBeEndless: boolean): Draft {
  const draft = depth > 0 && draw.chance(0.35) ? combined(draw, depth) : leaf(draw);
  for (let count = draw.integer(0, 5); count > 0; count--) mapStep(draw, draft, mayBeEndless);
  return draft;
}

function newDraft(step: Step, structure: string): Draft {
  return {
    steps: [step],
    kind: "map",
    seeded: false,
    endless: false,
    sparse: false,
    nones: false,
    structure,
  };
}

function leaf(draw: Draw): Draft {
  const stop = draw.integer(0, 9) === 0 ? draw.integer(-3, 1) : draw.integer(2, 40);
  if (draw.chance(0.5)) return newDraft(["range", { bounds: [stop] }], "x");
  if (draw.chance(0.5)) {
    const start = draw.integer(-10, 10);
    const step = draw.pick([1, 2, 3, -1, -2]);
    return newDraft(["range", { bounds: [start, start + step * stop, step] }], "x");
  }
  const count = draw.integer(1, 12);
  const [make, structure] = draw.pick<[(i: number) => unknown, string]>([
    [(i) => i * i, "x"],
    [(i) => ({ a: i, b: [i, -i] }), "{a:x,b:[x,x]}"],
    [(i) => [i, { c: i }], "[x,{c:x}]"],
  ]);
  const elements = Array.from({ length: count }, (_, i) => make(i));
  if (!draw.chance(0.2)) return newDraft(["source", { elements }], structure);
  elements[draw.integer(0, count - 1)] = null;
  return { ...newDraft(["source", { elements }], structure), sparse: true };
}

function combined(draw: Draw, depth: number): Draft {
  const parents = Array.from({ length: draw.integer(1, 3) }, () => randomMapDraft(draw, depth - 1, false));
  const datasets = parents.map(({ steps }) => steps);
  const structures = new Set(parents.map(({ structure }) => structure));
  const draft = newDraft(["range", {}], structures.size === 1 ? [...structures].join("") : "various");
  draft.seeded = parents.some(({ seeded }) => seeded);
  draft.sparse = parents.some(({ sparse }) => sparse);
  draft.nones = parents.some(({ nones }) => nones);
  switch (draw.pick(["mix", "mix", "concatenate", "select", "zip"])) {
    case "mix":
      draft.steps = [["mix", { datasets, weights: weightsFor(draw, parents.length) }]];
      break;
    case "concatenate":
      draft.steps = [["concatenate", { datasets }]];
      break;
    case "select": {
      const selection = Array.from({ length: draw.integer(1, 10) }, () => {
        return [draw.integer(0, parents.length - 1), draw.integer(0, 30)] as const;
      });
      draft.steps = [["select", { datasets, selection }]];
      break;
    }
    case "zip": {
      // One dataset several times over: others would rarely have its length.
      const [first] = parents;
      if (first === undefined) break;
      const shuffled: Program = [...first.steps, ["shuffle", { seed: draw.integer(0, 99) }]];
      draft.steps = [["zip", { datasets: [first.steps, shuffled] }]];
      draft.seeded = first.seeded;
      draft.nones = first.nones || first.sparse;
      draft.sparse = false;
      draft.structure = `(${first.structure},${first.structure})`;
    }
  }
  return draft;
}

function weightsFor(draw: Draw, count: number): number[] | null {
  if (draw.chance(0.3)) return null;
  return Array.from({ length: count }, () => draw.integer(1, 2000) / 1000);
}

/** A seed, or none where the dataset has one to draw from; rarely none at all. */
function seedFor(draw: Draw, draft: Draft): number | null {
  if (draft.seeded ? draw.chance(0.7) : draw.chance(0.03)) return null;
  return draw.chance(0.2) ? draw.integer(2 ** 32 - 4, 2 ** 32 - 1) : draw.integer(0, 1000);
}

function mapStep(draw: Draw, draft: Draft, mayBeEndless: boolean): void {
  const kind = draw.pick([
    "seed",
    "shuffle",
    "shuffle",
    "repeat",
    "slice",
    "batch",
    "filter",
    "window_shuffle_map",
    "flat_map_map",
    "any",
    "any",
  ]);
  switch (kind) {
    case "shuffle":
      if (!draft.endless) draft.steps.push(["shuffle", { seed: seedFor(draw, draft) }]);
      return;
    case "repeat":
      repeat(draw, draft, mayBeEndless);
      return;
    case "slice":
      draft.steps.push(["slice", { bounds: sliceBounds(draw, draft) }]);
      return;
    case "window_shuffle_map":
      draft.steps.push([
        "window_shuffle_map",
        { window_size: draw.integer(1, 8), seed: draw.integer(0, 99) },
      ]);
      return;
    case "flat_map_map":
      if (draft.endless) return;
      draft.steps.push(["flat_map_map", { max_fan_out: draw.integer(1, 4) }]);
      draft.sparse = true;
      draft.structure = `{of:${draft.structure},split:x}`;
      return;
    default:
      commonStep(draw, draft, kind);
  }
}

function repeat(draw: Draw, draft: Draft, mayBeEndless: boolean): void {
  const endless = mayBeEndless && !draft.sparse && draw.chance(0.3);
  if (draft.endless && !draw.chance(0.1)) return;
  const args = {
    num_epochs: endless ? null : draw.integer(1, 3),
    reseed_each_epoch: draw.chance(0.7),
  };
  draft.steps.push(["repeat", args]);
  draft.endless ||= endless;
}

function sliceBounds(draw: Draw, draft: Draft): (number | null)[] {
  const bound = () => (draw.chance(0.4) ? null : draw.integer(draft.endless ? 0 : -12, 20));
  const step = draw.chance(0.5) ? null : draw.pick(draft.endless ? [1, 2, 3] : [1, 2, 3, -1, -2]);
  return [bound(), bound(), step];
}

/** A step that both kinds of datasets have. */
function commonStep(draw: Draw, draft: Draft, kind: string): void {
  if (kind === "seed") {
    const seed = draw.chance(0.2)
      ? String(2n ** 70n + BigInt(draw.integer(0, 99)))
      : draw.integer(0, 2 ** 33);
    draft.steps.push(["seed", { seed }]);
    draft.seeded = true;
    return;
  }
  if (kind === "batch") {
    batch(draw, draft);
    return;
  }
  if (kind === "filter") {
    if (draft.endless) return;
    const modulus = draw.integer(2, 4);
    draft.steps.push(["filter", { function: "modulo", modulus, rest: draw.integer(0, modulus - 1) }]);
    if (draft.kind === "map") draft.sparse = true;
    return;
  }
  change(draw, draft);
}

/** Batches of 1 of an endless dataset have a length beyond `sys.maxsize`, on which Python's `len` fails. */
function batch(draw: Draw, draft: Draft): void {
  const isSparse = draft.sparse && draft.kind === "map";
  if (isSparse || draft.nones || draft.structure.includes("various")) return;
  draft.steps.push([
    "batch",
    { batch_size: draw.integer(draft.endless ? 2 : 1, 5), drop_remainder: draw.chance(0.4) },
  ]);
  draft.structure = `batch(${draft.structure})`;
}

function change(draw: Draw, draft: Draft): void {
  const { structure } = draft;
  switch (draw.pick(["add", "add", "wrap", "pair", "without", "number", "integers", "uniform"])) {
    case "add":
      draft.steps.push(["map", { function: "add", value: draw.integer(-5, 100) }]);
      return;
    case "wrap":
      draft.steps.push(["map", { function: "wrap", key: "k" }]);
      draft.structure = `{k:${structure}}`;
      return;
    case "pair":
      draft.steps.push(["map", { function: "pair" }]);
      draft.structure = `[${structure},${structure}]`;
      return;
    case "without":
      if (draft.endless) return;
      draft.steps.push(["map", { function: "without", modulus: draw.integer(2, 5) }]);
      draft.sparse = true;
      if (draft.kind === "iter") draft.nones = true;
      return;
    case "number":
      draft.steps.push(["map_with_index", { function: "number" }]);
      draft.structure = `{index:x,x:${structure}}`;
      return;
    case "integers":
      draft.steps.push([
        "random_map",
        { function: "integers", high: draw.integer(1, 1000), seed: seedFor(draw, draft) },
      ]);
      draft.structure = `{r:x,x:${structure}}`;
      return;
    default:
      draft.steps.push(["random_map", { function: "uniform", seed: seedFor(draw, draft) }]);
      draft.structure = `{u:[x,x],x:${structure}}`;
  }
}

function toIter(draw: Draw, draft: Draft): void {
  const allowNones = draw.chance(0.15);
  draft.steps.push(["to_iter", { allow_nones: allowNones }]);
  draft.kind = "iter";
  if (allowNones && draft.sparse) draft.nones = true;
}

function mixIters(draw: Draw, draft: Draft): void {
  const others = Array.from({ length: draw.integer(0, 2) }, () => {
    const other = randomMapDraft(draw, 1, false);
    toIter(draw, other);
    for (let count = draw.integer(0, 2); count > 0; count--) iterStep(draw, other);
    return other;
  });
  const parents = [{ ...draft }, ...others];
  const programs = parents.map(({ steps }) => steps);
  const weights = weightsFor(draw, parents.length);
  if (draw.chance(0.4)) {
    draft.steps = [["iter_mix", { datasets: named(programs), weights: weights && named(weights) }]];
  } else {
    draft.steps = [["iter_mix", { datasets: programs, weights }]];
  }
  draft.seeded = parents.some(({ seeded }) => seeded);
  draft.sparse = parents.some(({ sparse }) => sparse);
  draft.nones = parents.some(({ nones }) => nones);
  draft.endless = parents.some(({ endless }) => endless);
  if (new Set(parents.map(({ structure }) => structure)).size > 1) draft.structure = "various";
}

/** Values under names that are not in their order. */
function named<V>(values: readonly V[]): { [name: string]: V } {
  return Object.fromEntries(values.map((value, index) => [["m", "B", "a"][index] ?? "", value]));
}

function iterStep(draw: Draw, draft: Draft): void {
  commonStep(draw, draft, draw.pick(["seed", "batch", "filter", "any", "any", "any"]));
}
