import { loadZstd } from "../bytes/zstd.js";
import { dataLoss, inFile, limitExceeded } from "../errors.js";
import type { Limits } from "../limits.js";
import type { ReadableStorage, StorageOptions } from "../storage/storage.js";
import { type ResolvedDataFile, resolveDataFile } from "./data-file-key.js";
import { DataFileReader } from "./data-file-reader.js";
import { type BtreeNode, decodeBtreeNode } from "./format/btree.js";
import type { DataFiles } from "./format/data-files.js";
import { BTREE_NODE, decodeEnvelope, type EnvelopeKind, VERSION_NODE } from "./format/envelope.js";
import type { Location } from "./format/location.js";
import { decodeVersionNode, type VersionNode } from "./format/versions.js";
import { NodeCache } from "./node-cache.js";

/** Where a node lies, resolved, and what it hands down to its children. */
export type NodeAddress = ResolvedDataFile & { readonly offset: number; readonly length: number };

/** The address of a location that stands in a body with the table `files`. */
export function addressOf(transitiveBase: Uint8Array, files: DataFiles, location: Location): NodeAddress {
  const { offset, length } = location;
  return { ...resolveDataFile(transitiveBase, files, location.fileId), offset, length };
}

/** How errors call a node: `d/0a1b[64:144]`. */
export function placeName({ key, offset, length }: NodeAddress): string {
  return `${key.slice(1)}[${offset}:${offset + length}]`;
}

/** Reads the nodes of one database. Node bytes never change, so what was read once is kept while there is room. */
export class NodeSource {
  readonly storage: ReadableStorage;
  readonly limits: Limits;
  readonly #files: DataFileReader;
  readonly #nodes = new NodeCache();

  constructor(storage: ReadableStorage, limits: Limits) {
    this.storage = storage;
    this.limits = limits;
    this.#files = new DataFileReader(storage);
  }

  /**
   * Reads and decodes a B+tree node.
   *
   * @throws {OrbaxError} `DATA_LOSS` with the node's place if it is missing or damaged, or if its height differs
   * from `height`; `LIMIT_EXCEEDED` for a node over the limits.
   */
  async readBtreeNode(address: NodeAddress, height: number, options?: StorageOptions): Promise<BtreeNode> {
    const place = placeName(address);
    const cached = this.#nodes.get(place);
    if (cached?.height === height) return cached;
    return this.#read(
      address,
      BTREE_NODE,
      (body) => {
        this.#nodes.makeRoom(2 * body.length);
        const node = decodeBtreeNode(body, this.#contextOf(address, body));
        requireHeight(node.height, height, BTREE_NODE);
        this.#nodes.add(place, node);
        return node;
      },
      options,
    );
  }

  /** Reads and decodes a node of the version tree, with errors as {@link readBtreeNode}. */
  async readVersionNode(
    address: NodeAddress,
    height: number,
    arityLog2: number,
    options?: StorageOptions,
  ): Promise<VersionNode> {
    return this.#read(
      address,
      VERSION_NODE,
      (body) => {
        const node = decodeVersionNode(body, arityLog2, this.#contextOf(address, body));
        requireHeight(node.height, height, VERSION_NODE);
        return node;
      },
      options,
    );
  }

  /** What bounds the decoding of a body, which is in memory beside what it expands to. */
  #contextOf({ transitiveBase }: NodeAddress, body: Uint8Array) {
    const expandedNodeBytes = Math.max(0, this.limits.expandedNodeBytes - body.length);
    return { expandedNodeBytes, transitiveBaseLength: transitiveBase.length };
  }

  async #read<T>(
    address: NodeAddress,
    kind: EnvelopeKind,
    decode: (body: Uint8Array) => T,
    options?: StorageOptions,
  ): Promise<T> {
    const { key, offset, length } = address;
    const place = placeName(address);
    checkEncodedSize(kind.what, length, this.limits, place);
    const encoded = await this.#files.read(key, offset, length, options);
    try {
      return decode(await openBody(encoded, kind, this.limits));
    } catch (error) {
      throw inFile(error, place);
    }
  }
}

/** @throws {OrbaxError} `LIMIT_EXCEEDED` if a node is larger than the caller allows. */
function checkEncodedSize(what: string, length: number, { encodedNodeBytes }: Limits, file: string): void {
  if (length <= encodedNodeBytes) return;
  throw limitExceeded(`${file}: ${what}`, {
    file,
    field: "length",
    found: length,
    expected: `at most ${encodedNodeBytes}`,
    limit: "encodedNodeBytes",
  });
}

function requireHeight(found: number, expected: number, { what }: EnvelopeKind): void {
  if (found === expected) return;
  throw dataLoss(what, { field: "height", found, expected: `${expected}, as its parent says` });
}

/**
 * Opens an envelope and undoes its compression.
 *
 * @throws {OrbaxError} `DATA_LOSS` if it is damaged, `LIMIT_EXCEEDED` beyond `limits.decodedNodeBytes`.
 */
export async function openBody(encoded: Uint8Array, kind: EnvelopeKind, limits: Limits): Promise<Uint8Array> {
  const { compression, storedBody } = decodeEnvelope(encoded, kind);
  if (compression === "none") return storedBody;
  const decompress = await loadZstd();
  const { decodedNodeBytes: limit } = limits;
  return decompress(storedBody, { what: kind.what, limit, limitName: "decodedNodeBytes" });
}
