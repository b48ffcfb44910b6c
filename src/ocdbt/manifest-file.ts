import { dataLoss, inFile, notFound, unsupported } from "../errors.js";
import type { Limits } from "../limits.js";
import { readFile } from "../storage/read.js";
import type { ReadableStorage, StorageKey, StorageOptions } from "../storage/storage.js";
import { type Config, differingField } from "./format/config.js";
import { MANIFEST } from "./format/envelope.js";
import { decodeManifest, type Manifest, type VersionTree } from "./format/manifest.js";
import { openBody } from "./node-source.js";

/** Name of the file whose replacement commits a version (docs/spec/ocdbt.md section 1). */
export const MANIFEST_FILE = "manifest.ocdbt";

/** What a database's manifest files say. A numbered database without a commit has no version tree. */
export type ManifestFiles = {
  readonly config: Config;
  readonly versionTree: VersionTree | undefined;
  /** Name of the file that holds the version tree. */
  readonly file: string;
};

/**
 * Reads `manifest.ocdbt` and, where it asks for that, the newest numbered manifest (section 9).
 *
 * @throws {OrbaxError} `NOT_FOUND` without a `manifest.ocdbt` (TensorStore takes that for an empty database, a
 * checkpoint without one is damaged); `DATA_LOSS` if one is damaged; `UNSUPPORTED` if numbered manifests would
 * have to be found in a storage that cannot list.
 */
export async function readManifestFiles(
  storage: ReadableStorage,
  limits: Limits,
  options?: StorageOptions,
): Promise<ManifestFiles> {
  const manifest = await readManifest(storage, `/${MANIFEST_FILE}`, limits, options);
  if (manifest === undefined) {
    throw notFound(`${MANIFEST_FILE}: not found, expected the manifest of an OCDBT database`, {
      file: MANIFEST_FILE,
    });
  }
  const { config } = manifest;
  if (config.manifestKind === "single") return { ...manifest, file: MANIFEST_FILE };
  const newest = await findNewestNumbered(storage, options);
  if (newest === undefined) return { config, versionTree: undefined, file: MANIFEST_FILE };
  const numbered = await readManifest(storage, `/${newest.name}`, limits, options);
  try {
    return { config, versionTree: checkNumbered(numbered, newest.generation, config), file: newest.name };
  } catch (error) {
    throw inFile(error, newest.name);
  }
}

function checkNumbered(manifest: Manifest | undefined, generation: bigint, config: Config): VersionTree {
  const what = "numbered manifest";
  const tree = manifest?.versionTree;
  const last = tree?.versions.at(-1)?.generation;
  if (manifest === undefined || tree === undefined || last !== generation) {
    const expected = `${generation}, as the file's name says`;
    throw dataLoss(what, { field: "newest generation", found: last ?? "missing", expected });
  }
  const field = differingField(manifest.config, config);
  if (field === undefined) return tree;
  throw dataLoss(what, { field, found: "different", expected: `the same as in ${MANIFEST_FILE}` });
}

async function readManifest(
  storage: ReadableStorage,
  key: StorageKey,
  limits: Limits,
  options?: StorageOptions,
): Promise<Manifest | undefined> {
  const encoded = await readFile(storage, key, {
    limit: limits.encodedNodeBytes,
    limitName: "encodedNodeBytes",
    ...options,
  });
  if (encoded === undefined) return undefined;
  try {
    return decodeManifest(await openBody(encoded, MANIFEST, limits), limits);
  } catch (error) {
    throw inFile(error, key.slice(1));
  }
}

const NUMBERED_NAME = /^manifest\.([0-9a-f]{16})$/;

async function findNewestNumbered(storage: ReadableStorage, options?: StorageOptions) {
  if (storage.list === undefined) {
    throw unsupported(`${MANIFEST_FILE}: numbered manifests in a storage that cannot list its files`, {
      file: MANIFEST_FILE,
    });
  }
  let newest: { readonly name: string; readonly generation: bigint } | undefined;
  for (const { name, kind } of (await storage.list("/", options)) ?? []) {
    const digits = NUMBERED_NAME.exec(name)?.[1];
    const generation = digits === undefined || kind !== "file" ? 0n : BigInt(`0x${digits}`);
    if (generation > (newest?.generation ?? 0n)) newest = { name, generation };
  }
  return newest;
}
