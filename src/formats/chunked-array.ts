import { dataLoss } from "../errors.js";
import { isPacked, joinChunks, type PackedArray, type RawLeaf } from "./packed-array.js";

/** Key that tells such a map from others; its value means nothing. */
const MARK = "__msgpack_chunked_array__";

/**
 * Whether a dict with these keys stands for an array that Flax cut, as it does with more than 2^30 bytes:
 * `{MARK: true, "shape": {"0": n0, …}, "chunks": {"0": array, …}}` (docs/spec/orbax-layout.md section 20).
 */
export function isChunkedArray(names: ReadonlySet<string>): boolean {
  return names.has(MARK);
}

/**
 * The array that such a dict stands for. Other keys of it mean nothing.
 *
 * @param leaves All leaves of the dict.
 * @param depth How many parts the dict's own key path has.
 * @throws {OrbaxError} `DATA_LOSS` if shape or chunks are missing or do not fit together.
 */
export function joinChunkedArray(leaves: readonly RawLeaf[], depth: number): PackedArray {
  const shape = membersOf(leaves, depth, "shape").map((member) => {
    const leaf = member === undefined || isPacked(member) ? undefined : member.leaf;
    const size = leaf?.kind === "scalar" ? leaf.scalar.value : undefined;
    if (typeof size === "number" && Number.isSafeInteger(size) && size >= 0) return size;
    throw refusal("shape", member, "sizes");
  });
  const chunks = membersOf(leaves, depth, "chunks").map((member) => {
    if (member !== undefined && isPacked(member)) return member.packed;
    throw refusal("chunks", member, "arrays");
  });
  return joinChunks(shape, chunks);
}

function refusal(field: string, member: RawLeaf | undefined, things: string) {
  const kind = member === undefined || isPacked(member) ? "array" : member.leaf.kind;
  const found = member === undefined ? "not numbered from 0 on" : `holding a leaf of kind ${kind}`;
  return dataLoss("chunked array", { field, found, expected: `${things} by decimal keys` });
}

/** What the map `name` holds under "0", "1", …: as many as it has leaves, `undefined` where there is none. */
function membersOf(leaves: readonly RawLeaf[], depth: number, name: string): (RawLeaf | undefined)[] {
  const found = leaves.filter(({ path }) => path[depth] === name);
  const [first] = found;
  if (first === undefined) throw dataLoss("chunked array", { field: name, found: "missing" });
  // A map without keys is a leaf of its own.
  if (first.path.length === depth + 1 && !isPacked(first) && first.leaf.kind === "empty-dict") return [];
  const direct = found.filter(({ path }) => path.length === depth + 2);
  const members = new Map(direct.map((leaf) => [leaf.path[depth + 1], leaf]));
  return found.map((_, index) => members.get(String(index)));
}
