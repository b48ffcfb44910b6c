import { nodeName } from "./node-name.js";
import { formatNumberSet, isRun } from "./number-set.js";
import type { ShownNode, ShownValue } from "./shown-tree.js";
import { nameKey, type Structures } from "./structure.js";
import { addWeights } from "./weight.js";

/** Two containers that are alike save a line already; single values have to be more. */
const LEAST_CONTAINERS = 2;
const LEAST_LEAVES = 3;
/** Small arrays that differ, and what stands at the top are worth a line each as long as they are few. */
const LEAST_DISTINCT = 9;
/** Numbers and texts are all that there is to say about them. */
const LEAST_SCALARS = 40;

/** Longer names are no numbered layers, and are searched for none. */
const MOST_NAME = 200;
const MOST_NUMBERS = 4;
/** Siblings of which only the last number is looked at. */
const MANY_CHILDREN = 20_000;

/** A tree in which siblings that differ only in a number of their names, and in values, are one. */
export function foldSimilar(root: ShownNode, structures: Structures): ShownNode {
  return fold(root, structures, true);
}

function fold(node: ShownNode, structures: Structures, isRoot: boolean): ShownNode {
  if (node.children.length === 0) return node;
  const children = node.children.map((child) => fold(child, structures, false));
  return { ...node, children: foldChildren(children, structures, isRoot) };
}

/** A child with one of the numbers in its name taken out. */
type Numbered = { readonly index: number; readonly text: string };
type Candidate = { readonly before: string; readonly after: string; readonly members: Numbered[] };

function foldChildren(
  children: readonly ShownNode[],
  structures: Structures,
  isRoot: boolean,
): readonly ShownNode[] {
  const candidates = candidatesOf(children, structures).sort((a, b) => b.members.length - a.members.length);
  const merged = new Map<number, ShownNode | undefined>();
  for (const { before, after, members } of candidates) {
    const free = distinctNumbers(members.filter(({ index }) => !merged.has(index)));
    const nodes = free.flatMap(({ index }) => children[index] ?? []);
    if (nodes.length < leastMembers(nodes, isRoot)) continue;
    const name = groupName(
      before,
      free.map(({ text }) => text),
      after,
    );
    // It stands where the first of them stood.
    const first = free.reduce((least, { index }) => Math.min(least, index), children.length);
    for (const { index } of free) merged.set(index, undefined);
    merged.set(first, mergeAll(nodes, name));
  }
  if (merged.size === 0) return children;
  return children.flatMap((child, index) => (merged.has(index) ? (merged.get(index) ?? []) : [child]));
}

function candidatesOf(children: readonly ShownNode[], structures: Structures): Candidate[] {
  const candidates = new Map<string, Candidate>();
  const most = children.length <= MANY_CHILDREN ? MOST_NUMBERS : 1;
  for (const [index, child] of children.entries()) {
    const patterns = numbersIn(child, most);
    if (patterns.length === 0) continue;
    const { exact } = structures.of(child);
    for (const { before, text, after } of patterns) {
      const key = JSON.stringify([typeof child.part, before, after, exact]);
      const candidate = candidates.get(key) ?? { before, after, members: [] };
      candidate.members.push({ index, text });
      candidates.set(key, candidate);
    }
  }
  return Array.from(candidates.values()).filter(({ members }) => members.length >= LEAST_CONTAINERS);
}

/** The last numbers in a name: `layer_0` of `model_v2_layer_0`. */
function numbersIn({ part, group }: ShownNode, most: number) {
  if (group !== undefined) return [];
  if (typeof part === "number") return [{ before: "[", text: String(part), after: "]" }];
  if (part.length > MOST_NAME) return [];
  return Array.from(part.matchAll(/\d+/g), ({ 0: text, index }) => ({
    before: part.slice(0, index),
    text,
    after: part.slice(index + text.length),
  }))
    .filter(({ text }) => Number.isSafeInteger(Number(text)))
    .slice(-most);
}

/** Ascending; of `7` and `07` one. */
function distinctNumbers(members: readonly Numbered[]): Numbered[] {
  const byNumber = new Map(members.map((member) => [Number(member.text), member]));
  return Array.from(byNumber.values()).sort((a, b) => Number(a.text) - Number(b.text));
}

function leastMembers(nodes: readonly ShownNode[], isRoot: boolean): number {
  const [first] = nodes;
  if (first === undefined) return LEAST_LEAVES;
  const isContainer = first.children.length > 0;
  if (first.weight.parameters === 0) return isContainer ? LEAST_DISTINCT : LEAST_SCALARS;
  if (isContainer) return LEAST_CONTAINERS;
  const isDistinct = nodes.some(({ value }) => value?.value !== first.value?.value);
  return isRoot || isDistinct ? LEAST_DISTINCT : LEAST_LEAVES;
}

/** `layer_0 … layer_11` of a run, `layer_{0…3,7}` of others. */
function groupName(before: string, numbers: readonly string[], after: string): string {
  const nameOf = (number: string) =>
    before === "[" && after === "]" ? `[${number}]` : nodeName(before, number, after);
  if (isRun(numbers)) return `${nameOf(numbers[0] ?? "")} … ${nameOf(numbers.at(-1) ?? "")}`;
  const set = formatNumberSet(numbers);
  return nameOf(before === "[" && after === "]" ? set : `{${set}}`);
}

/** One node for several of equal structure: with their weight together, and the values that they share. */
function mergeAll(nodes: readonly ShownNode[], name: string): ShownNode {
  const weight = nodes.map((node) => node.weight).reduce(addWeights);
  return { ...merge(nodes), group: { name, times: nodes.length }, weight };
}

function merge(nodes: readonly ShownNode[]): ShownNode {
  const [first] = nodes;
  if (first === undefined) throw new Error("nothing to merge");
  const names = first.children.map(nameKey);
  const columns = nodes.map((node) => childrenInOrder(node, names));
  const children = names.map((_, index) => merge(columns.flatMap((column) => column[index] ?? [])));
  return { ...first, value: first.value && commonValue(first.value, nodes), children };
}

/** The children by these names. They have that order already, unless the file lists its leaves strangely. */
function childrenInOrder({ children }: ShownNode, names: readonly string[]): readonly ShownNode[] {
  if (children.every((child, index) => nameKey(child) === names[index])) return children;
  const byName = new Map(children.map((child) => [nameKey(child), child]));
  return names.flatMap((name) => byName.get(name) ?? []);
}

function commonValue(first: ShownValue, nodes: readonly ShownNode[]): ShownValue {
  const isShared = (field: "value" | "sharding") =>
    nodes.every(({ value }) => value?.[field] === first[field]);
  return {
    ...first,
    value: isShared("value") ? first.value : "",
    sharding: isShared("sharding") ? first.sharding : "",
  };
}
