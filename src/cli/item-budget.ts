import type { ArrayStore } from "../checkpoint/array-store.js";
import type { PytreeItem } from "../checkpoint/pytree-item.js";
import type { DescribedLeaf } from "../checkpoint/stored-leaf.js";
import { isOrbaxError } from "../errors.js";
import { formatKeyPath } from "../pytree/key-path.js";
import { isDenseC } from "../zarr/block.js";
import { ChunkGrid } from "../zarr/chunk-grid.js";
import type { ChunkCodec } from "../zarr/codecs.js";
import { elementCount } from "../zarr/dtype.js";
import { type ArrayMetadata, chunkBytes, chunkKey } from "../zarr/metadata.js";
import { innerCounts } from "../zarr/shard-index.js";
import type { CliLimits } from "./limits.js";
import { Tally } from "./tally.js";

/** What an item's metadata is held against before anything is read because of it. */
export type ItemBudget = {
  readonly store: ArrayStore | undefined;
  readonly limits: CliLimits;
};

/** What parsing a byte of JSON costs, in bytes of a value that is read. */
const PARSING = 8;
/** What putting a byte of an array in order costs, in bytes that are decoded. */
const TRANSPOSING = 4;

/** Documents that describe an array, in zarr v2 and v3. */
const DOCUMENTS = [".zarray", "zarr.json"];

/**
 * Holds the metadata documents of all leaves to `readBytes`: leaves can share one, and would each parse it.
 *
 * @throws {OrbaxError} `LIMIT_EXCEEDED`.
 */
export async function checkDocuments(item: PytreeItem, { store, limits }: ItemBudget) {
  if (store === undefined) return;
  const names = item.leaves.flatMap(({ name, storage }) => (storage.kind === "array" ? [name] : []));
  const uses = new Map<string, number>();
  for (const name of names) uses.set(name, (uses.get(name) ?? 0) + 1);
  const tally = new Tally("metadata of arrays, each as often as it is used", "readBytes", limits);
  for (const [name, count] of uses) {
    for (const document of DOCUMENTS) {
      const known = store.storedBytes(name, document);
      // A file is read once at least; asking for its size costs as much as that.
      const bytes = store.layout === "files" && count > 1 ? await fileBytes(item, name, document) : known;
      tally.add((bytes ?? 0) * count * PARSING, name);
    }
  }
}

/** `undefined` for a name that no file can have, which reading will refuse. */
async function fileBytes(item: PytreeItem, name: string, document: string): Promise<number | undefined> {
  try {
    return await item.storage.size?.(`/${name.replace(/\/+$/, "")}/${document}`);
  } catch (error) {
    if (isOrbaxError(error, "INVALID_ARGUMENT")) return undefined;
    throw error;
  }
}

/**
 * Holds what all arrays ask for to `decodedBytes`, `decodedChunks` and `readBytes`.
 *
 * @throws {OrbaxError} `LIMIT_EXCEEDED`.
 */
export function checkArrays(leaves: readonly DescribedLeaf[], { store, limits }: ItemBudget) {
  const chunks = new Tally("chunks of all arrays", "decodedChunks", limits);
  const decoded = new Tally("decoded bytes of all arrays", "decodedBytes", limits);
  const read = new Tally("bytes to read for all arrays", "readBytes", limits);
  for (const { name, path, array } of leaves) {
    if (array === undefined) continue;
    const key = formatKeyPath(path);
    const grid = new ChunkGrid(array);
    chunks.add(grid.size * innerChunks(array.chunkShape, array.codec), key);
    decoded.add(
      grid.size * chunkBytes(array) * (isTransposed(array.chunkShape, array.codec) ? TRANSPOSING : 1),
      key,
    );
    // An uncompressed chunk has as many bytes stored as decoded.
    if (!isPlain(array.codec)) read.add(storedBytesOf(store, name, array, grid), key);
  }
}

/** Chunks in a chunk, on the innermost level of shards: each is decoded by itself. */
function innerChunks(shape: readonly number[], { axisOrder, serializer }: ChunkCodec): number {
  if (serializer.kind === "bytes") return 1;
  const shardShape = axisOrder.map((axis) => shape[axis] ?? 1);
  const inner = innerChunks(serializer.chunkShape, serializer.inner);
  return elementCount(innerCounts(shardShape, serializer)) * inner;
}

/** Whether the elements of a chunk have to be put into another order, on any level of shards. */
function isTransposed(shape: readonly number[], { axisOrder, serializer }: ChunkCodec): boolean {
  if (!isDenseC(shape, axisOrder)) return true;
  return serializer.kind === "sharding" && isTransposed(serializer.chunkShape, serializer.inner);
}

function isPlain({ serializer, compressors }: ChunkCodec): boolean {
  return serializer.kind === "bytes" && compressors.length === 0;
}

function storedBytesOf(
  store: ArrayStore | undefined,
  name: string,
  array: ArrayMetadata,
  grid: ChunkGrid,
): number {
  if (store === undefined || store.layout === "files") return 0;
  let bytes = 0;
  for (let number = 0; number < grid.size; number++) {
    bytes += store.storedBytes(name, chunkKey(array, grid.indices(number))) ?? 0;
  }
  return bytes;
}
