/**
 * Place in `src/` → the places that it may import (ARCHITECTURE.md, "Layers"). It may also import whatever
 * those may import, and `errors` and `limits`. The place of a module is the longest name here that its path
 * starts with; modules directly in `src/` are entries.
 */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  limits: [],
  bytes: [],
  storage: ["bytes"],
  "ocdbt/format": ["bytes"],
  ocdbt: ["ocdbt/format", "storage"],
  zarr: ["storage"],
  pytree: ["zarr"],
  formats: ["pytree"],
  "checkpoint/metadata": ["pytree"],
  "checkpoint/commit": ["storage"],
  "checkpoint/arrays": ["ocdbt", "checkpoint/metadata"],
  "checkpoint/tree": ["formats", "checkpoint/arrays", "checkpoint/commit"],
  "checkpoint/recognise": ["checkpoint/arrays", "checkpoint/commit"],
  "checkpoint/items": ["checkpoint/recognise"],
  "checkpoint/save": ["checkpoint/arrays", "checkpoint/commit"],
  checkpoint: ["checkpoint/tree", "checkpoint/items", "checkpoint/save"],
  random: [],
  records: ["storage"],
  grain: ["random", "records", "pytree"],
  datarax: ["checkpoint", "random", "grain"],
  convert: ["checkpoint"],
  entries: ["datarax", "convert"],
  viewer: ["entries"],
  cli: ["entries", "viewer"],
};

const EVERYWHERE = ["errors", "limits"];

/** One import between two modules of `src/`, by their paths from the repository. */
export type Edge = { readonly from: string; readonly to: string };

/** The place of a module, `undefined` for a folder that the table lacks. */
export function layerOf(path: string): string | undefined {
  const inside = path.replace(/^src\//, "").replace(/\.ts$/, "");
  if (!inside.includes("/")) return EVERYWHERE.includes(inside) ? inside : "entries";
  return Object.keys(LAYERS)
    .filter((layer) => inside.startsWith(`${layer}/`))
    .toSorted((a, b) => b.length - a.length)[0];
}

/** All places whose modules a module of `layer` may import, its own among them. */
export function reachableLayers(layer: string): ReadonlySet<string> {
  const reachable = new Set([layer, ...(EVERYWHERE.includes(layer) ? [] : EVERYWHERE)]);
  for (const reached of reachable) for (const next of LAYERS[reached] ?? []) reachable.add(next);
  return reachable;
}

/** A line for each import that the table does not allow: both files and the rule. */
export function layerViolations(edges: Iterable<Edge>): string[] {
  const violations: string[] = [];
  for (const { from, to } of edges) {
    const layer = layerOf(from);
    const target = layerOf(to);
    if (layer === undefined) violations.push(`${from}: its folder is missing in the layer table`);
    else if (target === undefined) violations.push(`${from} imports ${to}, which no layer holds`);
    else if (!reachableLayers(layer).has(target)) {
      const allowed = [...reachableLayers(layer)].filter((name) => name !== layer);
      const rule = allowed.length === 0 ? "nothing" : `only ${allowed.join(", ")}`;
      violations.push(`${from} imports ${to}: ${layer} may import ${rule}`);
    }
  }
  return violations;
}

/** One cycle of imports as the list of its modules, first one again at the end; `undefined` if there is none. */
export function findCycle(edges: Iterable<Edge>): string[] | undefined {
  const imports = new Map<string, string[]>();
  for (const { from, to } of edges) imports.set(from, [...(imports.get(from) ?? []), to]);
  const finished = new Set<string>();
  const visit = (module: string, path: readonly string[]): string[] | undefined => {
    const seenAt = path.indexOf(module);
    if (seenAt >= 0) return [...path.slice(seenAt), module];
    if (finished.has(module)) return undefined;
    for (const next of imports.get(module) ?? []) {
      const cycle = visit(next, [...path, module]);
      if (cycle !== undefined) return cycle;
    }
    finished.add(module);
    return undefined;
  };
  for (const module of imports.keys()) {
    const cycle = visit(module, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
