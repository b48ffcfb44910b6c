import { ByteReader, ByteWriter } from "../../bytes/cursor.js";
import { dataLoss } from "../../errors.js";
import { type Config, decodeConfig, encodeConfig } from "./config.js";
import { type DataFiles, dataFileCount, decodeDataFiles, encodeDataFiles } from "./data-files.js";
import { MANIFEST } from "./envelope.js";
import type { ExpansionLimit } from "./strings.js";
import { referenceSlots } from "./version-arithmetic.js";
import {
  decodeVersionNodeReferences,
  decodeVersions,
  encodeVersionNodeReferences,
  encodeVersions,
  type Version,
  type VersionNodeReference,
} from "./versions.js";

/** The list of versions: the newest block of them, and references to nodes with older ones. */
export type VersionTree = {
  readonly files: DataFiles;
  /** At least one, oldest first; the last is the current version. */
  readonly versions: readonly Version[];
  readonly nodes: readonly VersionNodeReference[];
};

/**
 * A manifest (docs/spec/ocdbt.md section 4). `versionTree` is `undefined` where the configuration says
 * "numbered": then the versions lie in files of their own (section 9).
 */
export type Manifest = { readonly config: Config; readonly versionTree: VersionTree | undefined };

/**
 * Decodes a manifest's body.
 *
 * @throws {OrbaxError} `DATA_LOSS` for anything against sections 4 to 6; `LIMIT_EXCEEDED` as `decodeStrings`.
 */
export function decodeManifest(body: Uint8Array, limits: ExpansionLimit): Manifest {
  const reader = new ByteReader(body, MANIFEST.what);
  const config = decodeConfig(reader);
  const versionTree =
    config.manifestKind === "single" ? decodeVersionTree(reader, config, limits) : undefined;
  reader.end();
  return { config, versionTree };
}

function decodeVersionTree(
  reader: ByteReader,
  { versionTreeArityLog2: arityLog2 }: Config,
  limits: ExpansionLimit,
): VersionTree {
  const files = decodeDataFiles(reader, limits);
  const versions = decodeVersions(reader, arityLog2, dataFileCount(files));
  const nodes = decodeVersionNodeReferences(reader, arityLog2, dataFileCount(files), undefined);
  checkReferences(reader, versions, nodes, arityLog2);
  return { files, versions, nodes };
}

/** Rules of section 6.2 that concern the references together, and beside the inline versions. */
function checkReferences(
  reader: ByteReader,
  versions: readonly Version[],
  nodes: readonly VersionNodeReference[],
  arityLog2: number,
): void {
  if (nodes.length === 0) return;
  const last = versions.at(-1)?.generation ?? 0n;
  const slots = new Map(Array.from(referenceSlots(last, arityLog2), (slot) => [slot.height, slot] as const));
  let heightAbove = Number.POSITIVE_INFINITY;
  for (const { height, generation } of nodes) {
    const slot = slots.get(height);
    if (slot === undefined || height >= heightAbove) {
      throw dataLoss(reader.what, {
        field: "version node height",
        found: height,
        expected: "falling heights of the blocks before the newest generation",
      });
    }
    if (generation < slot.least || generation > slot.most) {
      throw dataLoss(reader.what, {
        field: `generation of the version node of height ${height}`,
        found: generation,
        expected: `${slot.least} to ${slot.most}`,
      });
    }
    heightAbove = height;
  }
  const newestNodeTime = nodes.at(-1)?.commitTime;
  const oldestVersionTime = versions[0]?.commitTime ?? 0n;
  if (newestNodeTime !== undefined && newestNodeTime >= oldestVersionTime) {
    throw dataLoss(reader.what, {
      field: "commit_time of the last version node",
      found: newestNodeTime,
      expected: `less than ${oldestVersionTime}`,
    });
  }
}

/** Encodes the body that {@link decodeManifest} reads. */
export function encodeManifest({ config, versionTree }: Manifest): Uint8Array {
  const writer = new ByteWriter();
  encodeConfig(writer, config);
  if (versionTree !== undefined) {
    encodeDataFiles(writer, versionTree.files);
    encodeVersions(writer, versionTree.versions);
    encodeVersionNodeReferences(writer, versionTree.nodes, true);
  }
  return writer.finish();
}
