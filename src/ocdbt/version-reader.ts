import { dataLoss, inFile, notFound } from "../errors.js";
import type { StorageOptions } from "../storage/storage.js";
import type { DataFiles } from "./format/data-files.js";
import { VERSION_NODE } from "./format/envelope.js";
import type { Location } from "./format/location.js";
import type { VersionTree } from "./format/manifest.js";
import { generationBlockStart } from "./format/version-arithmetic.js";
import type { Version, VersionNode, VersionNodeReference } from "./format/versions.js";
import type { ManifestFiles } from "./manifest-file.js";
import { addressOf, type NodeAddress, type NodeSource, placeName } from "./node-source.js";

/** A version and the address of its root; without an address its tree is empty. */
export type VersionRoot = { readonly version: Version; readonly address: NodeAddress | undefined };

/** What holds versions or references to them: the manifest, or a node of the version tree. */
type Holder = {
  /** How errors call it. */
  readonly name: string;
  readonly transitiveBase: Uint8Array;
  readonly files: DataFiles;
};

/** Finds the versions of a database: in the manifest, or in its version tree (docs/spec/ocdbt.md section 6). */
export class VersionReader {
  readonly #tree: VersionTree;
  readonly #manifest: Holder;
  readonly #arityLog2: number;
  readonly #source: NodeSource;

  /** @param files A database's manifests, which have a version tree. */
  constructor(tree: VersionTree, { file, config }: ManifestFiles, source: NodeSource) {
    this.#tree = tree;
    this.#manifest = { name: file, transitiveBase: new Uint8Array(0), files: tree.files };
    this.#arityLog2 = config.versionTreeArityLog2;
    this.#source = source;
  }

  /** The newest version: the last in the manifest. No read. */
  current(): VersionRoot {
    const version = this.#tree.versions.at(-1);
    if (version === undefined) throw new Error("a version tree holds at least one version");
    return rootOf(this.#manifest, version);
  }

  /**
   * The version of a generation.
   *
   * @throws {OrbaxError} `NOT_FOUND` if there is none or it was dropped; `DATA_LOSS` for a damaged node.
   */
  async find(generation: bigint, options?: StorageOptions): Promise<VersionRoot> {
    let holder = this.#manifest;
    let { versions }: { versions: readonly Version[] } = this.#tree;
    let references: readonly VersionNodeReference[] = this.#tree.nodes;
    while (generation < (versions[0]?.generation ?? Number.POSITIVE_INFINITY)) {
      const reference = references.find((candidate) => candidate.generation >= generation);
      if (reference === undefined || generation < this.#firstGeneration(reference)) throw missing(generation);
      const below = await this.#readNode(holder, reference, options);
      ({ holder } = below);
      versions = "versions" in below.node ? below.node.versions : [];
      references = "children" in below.node ? below.node.children : [];
    }
    const version = versions.find((candidate) => candidate.generation === generation);
    if (version === undefined) throw missing(generation);
    return rootOf(holder, version);
  }

  /** First generation that can lie below a reference. */
  #firstGeneration({ generation, height }: VersionNodeReference): bigint {
    return generationBlockStart(generation, this.#arityLog2 * (height + 1));
  }

  /** All versions that are still there, oldest first. */
  async *list(options?: StorageOptions): AsyncGenerator<Version> {
    for (const reference of this.#tree.nodes) yield* this.#listBelow(this.#manifest, reference, options);
    yield* this.#tree.versions;
  }

  async *#listBelow(
    holder: Holder,
    reference: VersionNodeReference,
    options?: StorageOptions,
  ): AsyncGenerator<Version> {
    const below = await this.#readNode(holder, reference, options);
    if ("versions" in below.node) {
      yield* below.node.versions;
    } else {
      for (const child of below.node.children) yield* this.#listBelow(below.holder, child, options);
    }
  }

  async #readNode(
    holder: Holder,
    { location, height, generation }: VersionNodeReference,
    options?: StorageOptions,
  ): Promise<{ readonly holder: Holder; readonly node: VersionNode }> {
    const address = addressIn(holder, location);
    const node = await this.#source.readVersionNode(address, height, this.#arityLog2, options);
    const name = placeName(address);
    const newest = ("versions" in node ? node.versions : node.children).at(-1)?.generation;
    if (newest !== generation) {
      const details = { field: "newest generation", found: newest, expected: `${generation}` };
      throw inFile(dataLoss(VERSION_NODE.what, details), name);
    }
    return { holder: { name, transitiveBase: address.transitiveBase, files: node.files }, node };
  }
}

function rootOf(holder: Holder, version: Version): VersionRoot {
  return { version, address: version.root && addressIn(holder, version.root) };
}

/** @throws {OrbaxError} `DATA_LOSS`, naming the holder, for a data file's path that must not be opened. */
function addressIn({ name, transitiveBase, files }: Holder, location: Location): NodeAddress {
  try {
    return addressOf(transitiveBase, files, location);
  } catch (error) {
    throw inFile(error, name);
  }
}

function missing(generation: bigint) {
  return notFound(`OCDBT generation ${generation} is not there`, { field: "generation", found: generation });
}
