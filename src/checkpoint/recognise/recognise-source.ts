import { invalidArgument, isOrbaxError, notFound } from "../../errors.js";
import { openFileParent, openStorage, type StorageSource } from "../../storage/open.js";
import type { ReadableStorage } from "../../storage/storage.js";
import { pathOf } from "../commit/committed.js";
import { standInFor } from "../commit/stand-in.js";
import { isSafetensorsName, SAFETENSORS_SUFFIX } from "../metadata/item-files.js";
import type { ReadOptions } from "../metadata/metadata-file.js";
import { startsMsgpackMap } from "./folder.js";
import { keepMetadata } from "./keep-metadata.js";
import type { Layout } from "./layout.js";
import { recognise } from "./recognise.js";

/** What a source holds, and the storage that the layout's names are names in. */
export type RecognisedSource = { readonly storage: ReadableStorage; readonly layout: Layout };

const FIRST_BYTE = { offset: 0, length: 1 } as const;

/** What Flax calls a file while it writes it, whatever the prefix (docs/spec/orbax-layout.md section 20). */
const UNFINISHED_FILE = /(?:^|_)tmp$/;

/**
 * Recognises what a path, URL or storage holds. A path may also be a file of Flax or of tensors, which is opened
 * through the directory that holds it; or one whose overwrite was interrupted, which is the old version that stands
 * for it.
 *
 * @throws {OrbaxError} as `openStorage` and {@link recognise}; `NOT_FOUND` for a file that is neither.
 */
export async function recogniseSource(
  source: StorageSource,
  options: ReadOptions = {},
): Promise<RecognisedSource> {
  const storage = keepMetadata(await openStorage(source));
  try {
    return { storage, layout: await recognise(storage, options) };
  } catch (error) {
    if (!isPath(source)) throw error;
    if (isOrbaxError(error, "UNSUPPORTED")) return recogniseFile(source, options);
    const standIn = isOrbaxError(error, "NOT_FOUND") ? await standInFor(source) : undefined;
    if (standIn === undefined) throw error;
    return { storage: standIn, layout: await recognise(standIn, options) };
  }
}

function isPath(source: StorageSource): source is string | URL {
  return typeof source === "string" || source instanceof URL;
}

async function recogniseFile(source: string | URL, options: ReadOptions): Promise<RecognisedSource> {
  const { storage, name } = await openFileParent(source);
  const place = pathOf(storage, name);
  if (UNFINISHED_FILE.test(name)) {
    throw invalidArgument(
      `${place}: an unfinished save of Flax; only what has its final name can be opened`,
      {
        file: place,
      },
    );
  }
  const layout = { kind: "item", item: "pytree", file: name } as const;
  if (isSafetensorsName(name)) return { storage, layout };
  const [first] = (await storage.getRange(`/${name}`, FIRST_BYTE, options)) ?? [];
  if (startsMsgpackMap(first)) return { storage, layout };
  throw notFound(
    `${place}: no checkpoint: a file that is neither Flax's msgpack nor *${SAFETENSORS_SUFFIX}`,
    {
      file: place,
    },
  );
}
