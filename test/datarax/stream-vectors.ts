import { readFileSync } from "node:fs";
import type { State } from "../../src/datarax/checkpointable-iterator.js";
import { parseTaggedJson } from "../../src/datarax/tagged-json.js";
import { dictOf, isDict, isList, isMap } from "../../src/pytree/container.js";
import { toPlain } from "../../src/pytree/plain.js";
import type { Tree } from "../../src/pytree/value.js";
import { takeToEnd } from "../elements.js";
import { neutralJson, neutralState } from "../live/neutral-json.js";

/** A case of `docs/spec/vectors/sources.json` or `pipelines.json`, made by Datarax 0.1.4 (docs/spec/datarax.md section 9). */
export type StreamVector<Config, Element> = {
  readonly class: string;
  readonly config: Config;
  readonly consumed: number;
  readonly first: readonly Element[];
  readonly state: unknown;
  readonly restored: unknown;
  readonly next: readonly Element[];
  readonly ends: boolean;
};

/** The cases of one class in a vector file whose configuration has `api`, if that is given. */
export function casesOf<Case>(file: string, name: string, api?: string): Case[] {
  const url = new URL(`../../docs/spec/vectors/${file}.json`, import.meta.url);
  const { cases }: { cases: (Case & { class: string; config: { api?: string } })[] } = JSON.parse(
    readFileSync(url, "utf8"),
  );
  const found = cases.filter(
    (vector) => vector.class === name && (api === undefined || vector.config.api === api),
  );
  if (found.length === 0) throw new Error(`no case of ${name} in ${file}.json`);
  return found;
}

/** A state of tagged JSON, every value with its type; dicts with int keys have decimal ones. */
export function stateOf(json: unknown): State {
  return requireState(withTextKeys(parseTaggedJson(json)));
}

/** The same as a restore gives it to an iterator. */
export function plainStateOf(json: unknown): State {
  return requireState(toPlain(stateOf(json)));
}

/** A tagged state without what JavaScript does not carry: which library an array came from. */
export function withoutArrayKinds(json: unknown): State {
  return stateOf(JSON.parse(JSON.stringify(json).replaceAll('"kind":"jax"', '"kind":"numpy"')));
}

/** Tagged JSON of a state, and of one that Python gave, without which library an array came from: comparable. */
export function comparable(state: State): unknown {
  return neutralState(state, { kinds: false });
}

/** {@link comparable} of a vector's state. */
export function comparableJson(json: unknown): unknown {
  return neutralJson(json, { kinds: false });
}

function requireState(state: Tree): State {
  if (!isDict(state)) throw new Error("a state is a dict");
  return state;
}

function withTextKeys(tree: Tree): Tree {
  if (isList(tree)) return tree.map(withTextKeys);
  if (!isMap(tree) && !isDict(tree)) return tree;
  const entries = isMap(tree) ? Array.from(tree) : Object.entries(tree);
  return dictOf(entries.map(([key, value]) => [String(key), withTextKeys(value)]));
}

/** {@link takeToEnd} of the values of a column `x`. */
export function takeValues(stream: Iterator<{ readonly x: number | bigint }, undefined>, count: number) {
  const { next, ends } = takeToEnd(stream, count);
  return { next: next.map(({ x }) => Number(x)), ends };
}

/** 0, 10, 20, …: the column `x` of the data sets of the vectors. */
export function tens(n: number): BigInt64Array {
  return BigInt64Array.from({ length: n }, (_, index) => BigInt(10 * index));
}
