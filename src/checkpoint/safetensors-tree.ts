import type { JsonObject } from "../bytes/json.js";
import { inFile, OrbaxError } from "../errors.js";
import { decodeSafetensorsHeader, decodeSafetensorsLength } from "../formats/safetensors.js";
import type { Limits } from "../limits.js";
import { readExact } from "../storage/read.js";
import type { ReadableStorage, StorageOptions } from "../storage/storage.js";
import { PytreeItem } from "./pytree-item.js";
import { SafetensorsArrays, type Tensor } from "./safetensors-arrays.js";
import type { StoredLeaf } from "./stored-leaf.js";

const SUFFIX = ".safetensors";
/** Bytes before the header, which tell its length. */
const LENGTH_BYTES = 8;

/** Whether a file is one of tensors, by its name. */
export function isSafetensorsName(name: string): boolean {
  return name.endsWith(SUFFIX);
}

/**
 * Opens safetensors files as one flat dict (docs/spec/orbax-layout-extra.md section 3), reading their headers.
 *
 * @param files Names in `storage`.
 * @throws {OrbaxError} `DATA_LOSS` for a damaged file, or a name that two files have.
 */
export async function openSafetensorsTree(
  storage: ReadableStorage,
  files: readonly string[],
  limits: Limits,
  options: StorageOptions,
): Promise<PytreeItem> {
  const tensors = new Map<string, Tensor>();
  const customMetadata: { [name: string]: string } = Object.create(null);
  for (const file of [...files].sort()) {
    const header = await readHeader(storage, file, limits, options);
    for (const [name, text] of header.metadata) customMetadata[name] = text;
    for (const [name, { dtype, shape, begin }] of header.tensors) {
      const other = tensors.get(name);
      if (other !== undefined) throw foundTwice(name, [other.file.slice(1), file]);
      tensors.set(name, { file: `/${file}`, dtype, shape, offset: header.dataOffset + begin });
    }
  }
  const leaves = Array.from(tensors.keys(), (name): StoredLeaf => {
    return { path: [name], name, valueType: "np.ndarray", storage: { kind: "array", holds: "array" } };
  });
  return new PytreeItem({
    storage,
    limits,
    leaves: leaves.length > 0 ? leaves : [EMPTY_DICT],
    missingChunks: () => "error",
    customMetadata: isEmpty(customMetadata) ? null : customMetadata,
    openArrays: async () => new SafetensorsArrays(storage, tensors, limits),
  });
}

const EMPTY_DICT: StoredLeaf = {
  path: [],
  name: "",
  valueType: "Dict",
  storage: { kind: "value", leaf: { kind: "empty-dict" } },
};

function isEmpty(object: JsonObject): boolean {
  return Object.keys(object).length === 0;
}

async function readHeader(storage: ReadableStorage, file: string, limits: Limits, options: StorageOptions) {
  const what = "safetensors";
  try {
    const size = await sizeOf(storage, file, options);
    const first = await readExact(storage, `/${file}`, 0, Math.min(LENGTH_BYTES, size), options);
    const length = decodeSafetensorsLength(first, size, what);
    const dataOffset = LENGTH_BYTES + length;
    const header = await readExact(storage, `/${file}`, LENGTH_BYTES, length, options);
    return { dataOffset, ...decodeSafetensorsHeader(header, { dataBytes: size - dataOffset, what, limits }) };
  } catch (error) {
    throw inFile(error, file);
  }
}

async function sizeOf(storage: ReadableStorage, file: string, options: StorageOptions): Promise<number> {
  const size = storage.size
    ? await storage.size(`/${file}`, options)
    : (await storage.get(`/${file}`, options))?.length;
  if (size !== undefined) return size;
  throw new OrbaxError("NOT_FOUND", `${file}: no such file`, { file });
}

/** In Python's words. */
function foundTwice(name: string, files: readonly string[]): OrbaxError {
  const message = `Duplicate tensor ${name} found in multiple files: ${files.join(", ")}`;
  return new OrbaxError("DATA_LOSS", message, { key: name, found: files.join(", ") });
}
