import { existsSync } from "node:fs";
import { join } from "node:path";
import * as zarr from "zarrita";
import { openCheckpoint } from "../../src/checkpoint/open-checkpoint.js";
import { leafJson } from "../../src/cli/leaf-json.js";
import { loadSha256 } from "../../src/cli/sha256.js";
import type { Checkpoint } from "../../src/index.js";
import { CheckpointManager } from "../../src/index.js";
import { flattenTree, type PathAndLeaf } from "../../src/pytree/flatten.js";
import { compileSelector, type KeyPath, type KeyPathSelector } from "../../src/pytree/key-path.js";
import { dtypeRow, elementCount } from "../../src/zarr/dtype.js";
import { elementAt } from "../../src/zarr/element.js";
import type { NdArray } from "../../src/zarr/nd-array.js";
import { smallFloatOf } from "../../src/zarr/small-float.js";
import { runCli } from "../cli/run-cli.js";
import { comparableDump } from "../releases/comparable-dump.js";
import {
  choosingBadly,
  type Listing,
  loadedUnlisted,
  restoredByManager,
  salvagedBadly,
  savedAgain,
} from "./checkpoint-uses.js";
import { sameJson } from "./json-text.js";

/** What `ops_random.py` tells about one thing in a checkpoint that can be dumped. */
export type Expectation = {
  readonly path: string;
  readonly step?: number;
  readonly item?: string;
  readonly dump?: unknown;
  /** Why Orbax itself does not read it. */
  readonly unread?: string;
  readonly saved?: unknown;
  /** Whether this package must refuse it, too. */
  readonly refused?: boolean;
};

/** A checkpoint that `ops_random.py` made. */
export type RandomCheckpoint = {
  readonly saver: string;
  readonly options: unknown;
  /** Why Orbax did not take trees that were drawn before; nothing is expected if it took none. */
  readonly refusals: readonly string[];
  /** The folder that holds the paths. */
  readonly root: string;
  readonly expected: readonly Expectation[];
  readonly listings: readonly { readonly path: string; readonly ls: Listing }[];
  readonly manager: ManagerFacts | null;
};

/** Whether an operation answered with a checkpoint. */
export function isRandomCheckpoint(value: unknown): value is RandomCheckpoint {
  return isRecord(value) && Array.isArray(value["expected"]) && Array.isArray(value["listings"]);
}

type ManagerFacts = {
  readonly path: string;
  readonly options: {
    readonly stepPrefix: string | null;
    readonly stepFormatFixedLength: number | null;
    readonly bestFn: string | null;
    readonly bestMode: "min" | "max" | null;
  };
  readonly all_steps: readonly number[];
  readonly latest_step: number | null;
  readonly best_step: number | null;
};

/** A source of numbers of [0, 1), the same for the same seed. */
export type Random = () => number;

/** What else is asked about a checkpoint. */
export type Comparing = {
  /** Decides what is looked at more closely. */
  readonly random: Random;
  /**
   * Told where Orbax does not read its own checkpoint and this package reads something else than was saved: of some
   * trees, such as dicts with keys of several types, old releases mix up the values when they save.
   */
  readonly note?: (line: string) => void;
  /** What Orbax reads from a tree that this package saved, as a dump. */
  readonly restore?: (path: string) => Promise<unknown>;
};

/** Every way in which this package says something else than Orbax about a checkpoint; a line each. */
export async function disagreements(
  { root, expected, listings, manager }: RandomCheckpoint,
  comparing: Comparing,
): Promise<string[]> {
  const found: string[] = [];
  for (const { path, ls } of listings) {
    found.push(...(await ofListing(join(root, path), ls)), ...(await choosingBadly(join(root, path), ls)));
  }
  if (manager !== null) found.push(...(await ofManager(join(root, manager.path), manager)));
  for (const expectation of expected) {
    const place = `${expectation.path} ${expectation.step ?? ""} ${expectation.item ?? ""}`;
    const lines = await ofItem(root, expectation, comparing).catch((error: unknown) => [
      `threw ${error instanceof Error ? error.stack : String(error)}`,
    ]);
    found.push(...lines.map((line) => `${place}: ${line}`));
  }
  return found;
}

/** Lines for two values that should be one in JSON; of objects, one for each member that differs. */
function differing(what: string, ours: unknown, theirs: unknown): string[] {
  if (stable(ours) === stable(theirs)) return [];
  if (!isRecord(ours) || !isRecord(theirs))
    return [`${what}: ${stable(ours)} is not ${stable(theirs)}`.slice(0, 1000)];
  return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].flatMap((key) =>
    differing(`${what} ${key}`, ours[key], theirs[key]),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON with sorted keys; what is undefined is left out. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === "bigint") return `${member}n`;
    if (member instanceof Map) return Object.fromEntries(member);
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

async function ofListing(path: string, listing: Listing): Promise<string[]> {
  const { code, out, err } = await runCli(["ls", path, "--json"]);
  if (code !== 0 || err !== "") return [`ls: exit ${code}, ${err}`];
  return differing("ls", JSON.parse(out), listing);
}

async function ofManager(path: string, facts: ManagerFacts): Promise<string[]> {
  const given = Object.entries(facts.options).filter(([, value]) => value !== null);
  const manager = new CheckpointManager(path, Object.fromEntries(given));
  const ours = {
    all_steps: await manager.allSteps(),
    latest_step: await manager.latestStep(),
    best_step: await manager.bestStep(),
  };
  const { all_steps, latest_step, best_step } = facts;
  return differing("manager", ours, { all_steps, latest_step, best_step });
}

async function ofItem(
  root: string,
  { path, step, item, dump, unread, saved, refused }: Expectation,
  { random, note, restore }: Comparing,
): Promise<string[]> {
  const place = join(root, path);
  const options = [
    ...(step === undefined ? [] : [`--step=${step}`]),
    ...(item === undefined ? [] : ["--item", item]),
  ];
  const { code, out, err } = await runCli(["dump", place, "--json", ...options]);
  if (refused === true) return code === 2 ? [] : [`dump: read, though Orbax says ${unread ?? ""}`];
  if (unread !== undefined) {
    if (code === 0)
      for (const line of sameLeaves("dump", JSON.parse(out), saved)) note?.(`${unread}: ${line}`);
    return [];
  }
  if (code !== 0 || err !== "") return [`dump: exit ${code}, ${err}`];
  if (isJsonItem(dump))
    return sameJson(memberText(out), dump.text) ? [] : [`dump: ${out} is not ${dump.text}`];
  const found = sameLeaves("dump", JSON.parse(out), dump);
  const leaves = leavesOf(dump);
  found.push(...(await ofShow(place, options, leaves)));
  const checkpoint = await openCheckpoint(place, {
    ...(step === undefined ? {} : { step }),
    ...(item === undefined ? {} : { item }),
  });
  found.push(...(await ofLibrary(checkpoint, leaves, random)));
  if (step !== undefined && item !== undefined) {
    found.push(...(await ofLoaded("manager.restore", await restoredByManager(place, step, item), leaves)));
  }
  if (step === undefined && !path.includes("/")) {
    const loaded = await loadedUnlisted(place, item);
    if (loaded !== undefined) found.push(...(await ofLoaded("unlisted", loaded, leaves)));
  }
  const again = join(root, "saved-again");
  const loaded = await savedAgain(again, await checkpoint.load({ exact: true }));
  if (loaded !== undefined) {
    const words = leaves.map((leaf) => (leaf.kind === "prng-key" ? withoutImpl(leaf) : leaf));
    found.push(...(await ofLoaded("save", loaded, words)));
    if (restore !== undefined)
      found.push(...sameLeaves("saved, by Orbax", await restore(again), { leaves: words }));
  }
  const { storage } = checkpoint;
  const hasArrays = leaves.some(({ dtype }) => dtype !== undefined);
  if (step === undefined && hasArrays && existsSync(join(storage.name ?? "", "manifest.ocdbt"))) {
    found.push(...(await salvagedBadly(storage.name ?? "", out, random() < 0.5 ? "d" : "manifest.ocdbt")));
  }
  return found;
}

/** A typed key as the words that it is saved as. */
function withoutImpl(leaf: DumpLeaf): DumpLeaf {
  const { impl: _, ...words } = leaf;
  return { ...words, kind: "array" };
}

function isJsonItem(dump: unknown): dump is { readonly text: string } {
  return (
    typeof dump === "object" && dump !== null && "text" in dump && "kind" in dump && dump.kind === "json"
  );
}

/** The text of the member `json` of what `dump --json` prints of a JSON item. */
function memberText(out: string): string {
  return out
    .trim()
    .replace(/^\{"kind":"json","json":/, "")
    .slice(0, -1);
}

function sameLeaves(what: string, ours: unknown, theirs: unknown): string[] {
  return differing(what, sortedDump(ours), sortedDump(theirs));
}

function sortedDump(dump: unknown): unknown {
  const comparable = comparableDump(dump);
  if (typeof comparable !== "object" || comparable === null || !("leaves" in comparable)) return comparable;
  const { leaves } = comparable;
  return leaves instanceof Map
    ? Object.fromEntries([...leaves].sort(([a], [b]) => (a < b ? -1 : 1)))
    : leaves;
}

/** A leaf of a dump. */
type DumpLeaf = {
  readonly path: KeyPath;
  readonly kind: string;
  readonly dtype?: string;
  readonly shape?: readonly number[];
  readonly impl?: string;
  readonly values?: unknown;
  readonly sha256?: string;
};

function leavesOf(dump: unknown): readonly DumpLeaf[] {
  if (typeof dump !== "object" || dump === null || !("leaves" in dump) || !Array.isArray(dump.leaves)) {
    throw new Error("a dump has leaves");
  }
  return dump.leaves.filter(isDumpLeaf);
}

function isDumpLeaf(leaf: unknown): leaf is DumpLeaf {
  return typeof leaf === "object" && leaf !== null && "path" in leaf && "kind" in leaf;
}

const SCALAR_BYTES = { bool: 1, int64: 8, uint64: 8, float64: 8, complex128: 16 };

async function ofShow(place: string, options: string[], leaves: readonly DumpLeaf[]): Promise<string[]> {
  const { code, out, err } = await runCli(["show", place, "--json", ...options]);
  if (code !== 0 || err !== "") return [`show: exit ${code}, ${err}`];
  const shown: unknown = JSON.parse(out);
  const expected = leaves.map((leaf) => {
    const { sha256: _, values, ...rest } = leaf;
    return ["scalar", "string"].includes(leaf.kind) ? { ...rest, values } : rest;
  });
  const found = sameLeaves("show", { leaves: leavesOf(shown) }, { leaves: expected });
  const totals = isRecord(shown) && isRecord(shown["totals"]) ? shown["totals"] : {};
  let parameters = 0;
  let bytes = 0;
  for (const { kind, dtype, shape } of leaves) {
    if (kind === "array") parameters += elementCount(shape ?? []);
    if (dtype === undefined || kind === "string") continue;
    bytes += kind === "scalar" ? bytesOfScalar(dtype) : elementCount(shape ?? []) * itemBytesOf(dtype);
  }
  const { stored: _, ...counted } = totals;
  found.push(...differing("totals", counted, { parameters, bytes }));
  const text = await runCli(["show", place, ...options]);
  if (text.code !== 0 || text.err !== "") found.push(`show as text: exit ${text.code}, ${text.err}`);
  return found;
}

function bytesOfScalar(dtype: string): number {
  return new Map(Object.entries(SCALAR_BYTES)).get(dtype) ?? Number.NaN;
}

function itemBytesOf(dtype: string): number {
  const bits = /(\d+)(?:_|$)/.exec(dtype)?.[1];
  return dtype === "bool" ? 1 : Math.max(1, Number(bits) / 8);
}

async function ofLibrary(
  checkpoint: Checkpoint,
  leaves: readonly DumpLeaf[],
  random: Random,
): Promise<string[]> {
  const described = await checkpoint.leaves();
  const found = differing(
    "leaves()",
    byPath(described, ({ path, kind, dtype, shape, impl }) => ({
      path,
      kind,
      ...(kind === "scalar" ? {} : { dtype, shape }),
      impl,
    })),
    byPath(leaves, ({ path, kind, dtype, shape, impl }) => ({
      path,
      kind,
      ...(kind === "scalar" || kind === "string" ? {} : { dtype, shape }),
      impl,
    })),
  );
  const whole = flattenTree(await checkpoint.load({ exact: true }));
  found.push(...(await ofLoaded("load", whole, leaves)));
  found.push(...ofPlain(await checkpoint.load(), leaves));
  found.push(...(await ofSelections(checkpoint, leaves, random)));
  for (const { path, leaf } of whole) {
    if (leaf.kind === "array" && elementCount(leaf.array.shape) > 0) {
      found.push(...(await ofSlices(checkpoint, path, leaf.array, random)));
    }
  }
  return found;
}

function byPath<T extends { readonly path: KeyPath }>(
  items: readonly T[],
  show: (item: T) => unknown,
): unknown {
  return Object.fromEntries(
    items
      .map((item) => [JSON.stringify(item.path), show(item)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

async function ofLoaded(
  what: string,
  loaded: readonly PathAndLeaf[],
  leaves: readonly DumpLeaf[],
): Promise<string[]> {
  const sha256 = await loadSha256();
  const nones = new Set(leaves.flatMap(({ path, kind }) => (kind === "none" ? [JSON.stringify(path)] : [])));
  const ours = loaded.map(({ path, leaf }) => {
    // Named tuples without fields, which only an exact load tells from None.
    const isNone = leaf.kind === "empty-tuple" && nones.has(JSON.stringify(path));
    return leafJson(path, isNone ? { kind: "none" } : leaf, sha256);
  });
  return sameLeaves(what, { leaves: ours }, { leaves });
}

/** Numbers, strings and None as values of JavaScript. */
function ofPlain(tree: unknown, leaves: readonly DumpLeaf[]): string[] {
  return leaves.flatMap((leaf) => {
    const expected = plainValue(leaf);
    if (expected === undefined) return [];
    let found = tree;
    for (const part of leaf.path) {
      found = typeof found === "object" && found !== null ? Reflect.get(found, part) : undefined;
    }
    return Object.is(found, expected)
      ? []
      : [`plain ${JSON.stringify(leaf.path)}: ${typeof found} ${String(found)}`];
  });
}

/** `undefined` for leaves that are no single value. */
function plainValue({ kind, dtype = "", shape = [], values }: DumpLeaf): unknown {
  if (kind === "none") return null;
  if (kind === "string") return values;
  if ((kind !== "scalar" && kind !== "array") || shape.length > 0 || !Array.isArray(values)) return undefined;
  const text = String(values[0]);
  if (dtype === "bool") return text === "true";
  if (dtype.includes("float")) return Number(text);
  if (!dtype.includes("int")) return undefined;
  return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
}

/** Loads of parts of a tree: below a key path, of a glob, of several paths. */
async function ofSelections(
  checkpoint: Checkpoint,
  leaves: readonly DumpLeaf[],
  random: Random,
): Promise<string[]> {
  const found: string[] = [];
  const pick = () => leaves[Math.floor(random() * leaves.length)]?.path ?? [];
  const start = (path: KeyPath) => path.slice(0, 1 + Math.floor(random() * path.length));
  const selections: (readonly KeyPathSelector[])[] = [[start(pick())], [start(pick()), start(pick())]];
  const path = pick();
  const isPlain = path.length > 0 && path.every((part) => /^[^/?*]+$/u.test(String(part)));
  if (isPlain) selections.push([path.map((part) => (random() < 0.3 ? "*" : String(part))).join("/")]);
  for (const selection of selections) {
    const [first = [], ...others] = selection;
    const only = others.length === 0 ? first : selection.filter((part) => typeof part !== "string");
    const selects = selection.map(compileSelector);
    const wanted = leaves.filter(({ path }) => selects.some((isIn) => isIn(path)));
    const loaded = flattenTree(await checkpoint.load({ exact: true, only }));
    found.push(
      ...(await ofLoaded(`only ${JSON.stringify(only)}`, loaded.map(withTexts), wanted.map(withTexts))),
    );
  }
  return found;
}

/** With indices as texts: a list of which elements are left out is a dict by index. */
function withTexts<T extends { readonly path: KeyPath }>(leaf: T): T {
  return { ...leaf, path: leaf.path.map(String) };
}

/** A random slice of an array, and one element, through zarrita. */
async function ofSlices(
  checkpoint: Checkpoint,
  path: KeyPath,
  array: NdArray,
  random: Random,
): Promise<string[]> {
  const raw = random() < 0.5;
  const lazy = await checkpoint.array(path, { raw });
  const ranges = array.shape.map((size) => {
    const start = Math.floor(random() * size);
    const stop = start + 1 + Math.floor(random() * (size - start));
    return { start, stop, step: 1 + Math.floor(random() * 3) };
  });
  const isComplex = dtypeRow(array.dtype).kind === "complex";
  const slices = ranges.map(({ start, stop, step }) => zarr.slice(start, stop, step));
  const got: unknown = await zarr.get(lazy, isComplex ? [...slices, null] : slices);
  const theirs = [...sliced(array, ranges, raw)];
  const ours = [...elementsOf(got)];
  const isSame =
    ours.length === theirs.length && ours.every((element, index) => Object.is(element, theirs[index]));
  if (isSame) return [];
  const what = `array ${JSON.stringify(path)} ${array.dtype} [${array.shape.join()}] ${JSON.stringify(ranges)}`;
  return [
    `${what} raw ${raw}: ${ours.map(String).join()} is not ${theirs.map(String).join()}`.slice(0, 1000),
  ];
}

/** Elements of zarrita's answer: an array with its data in C order, or one element. */
function* elementsOf(got: unknown): Generator {
  if (typeof got !== "object" || got === null || !("data" in got)) yield got;
  else if (isIterable(got.data)) yield* got.data;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

type Range = { readonly start: number; readonly stop: number; readonly step: number };

function* sliced(array: NdArray, ranges: readonly Range[], raw: boolean): Generator {
  for (const index of indicesOf(array.shape, ranges, 0)) {
    if (raw && smallFloatOf(array.dtype) !== undefined) {
      yield array.data[index];
      continue;
    }
    const element = elementAt(array, index);
    if (typeof element === "object") yield* element;
    else yield element;
  }
}

function* indicesOf(
  shape: readonly number[],
  ranges: readonly Range[],
  base: number,
  axis = 0,
): Generator<number> {
  const range = ranges[axis];
  if (range === undefined) {
    yield base;
    return;
  }
  for (let at = range.start; at < range.stop; at += range.step) {
    yield* indicesOf(shape, ranges, base * (shape[axis] ?? 1) + at, axis + 1);
  }
}

/** Numbers of [0, 1) from a seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
