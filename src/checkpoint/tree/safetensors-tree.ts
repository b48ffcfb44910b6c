import type { JsonObject } from "../../bytes/json.js";
import { inFile, limitExceeded, notFound, OrbaxError } from "../../errors.js";
import {
  decodeSafetensorsHeader,
  decodeSafetensorsLength,
  SAFETENSORS_LENGTH_BYTES,
} from "../../formats/safetensors.js";
import type { Limits } from "../../limits.js";
import { fileSize, readExact } from "../../storage/read.js";
import type { ReadableStorage, StorageOptions } from "../../storage/storage.js";
import { SafetensorsArrays, type Tensor } from "../arrays/safetensors-arrays.js";
import { PytreeItem } from "./pytree-item.js";
import { arrayLeaf, type StoredLeaf } from "./stored-leaf.js";

/** What a byte of a header takes in memory, and a tensor with its leaf beside that. */
const HEADER_COST = 4;
const TENSOR_BYTES = 512;

/**
 * Opens safetensors files as one flat dict (docs/spec/orbax-layout-extra.md section 3), reading their headers.
 *
 * @param files Names in `storage`.
 * @throws {OrbaxError} `DATA_LOSS` for a damaged file, or a name that two files have · `LIMIT_EXCEEDED` for headers
 * that take more than `limits.treeBytes` together.
 */
export async function openSafetensorsTree(
  storage: ReadableStorage,
  files: readonly string[],
  limits: Limits,
  options: StorageOptions,
): Promise<PytreeItem> {
  const tensors = new Map<string, Tensor>();
  const customMetadata: { [name: string]: string } = Object.create(null);
  let treeBytes = 0;
  for (const file of [...files].sort()) {
    const header = await readHeader(storage, file, limits, options);
    treeBytes += header.dataOffset * HEADER_COST + header.tensors.size * TENSOR_BYTES;
    if (treeBytes > limits.treeBytes) throw tooLarge(file, limits);
    for (const [name, text] of header.metadata) customMetadata[name] = text;
    for (const [name, { dtype, shape, begin }] of header.tensors) {
      const other = tensors.get(name);
      if (other !== undefined) throw foundTwice(name, [other.file.slice(1), file]);
      tensors.set(name, { file: `/${file}`, dtype, shape, offset: header.dataOffset + begin });
    }
  }
  const leaves = Array.from(tensors.keys(), (name) => arrayLeaf([name], name));
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
    const size = await fileSize(storage, `/${file}`, options);
    if (size === undefined) throw notFound(`${file}: no such file`, { file });
    const first = await readExact(storage, `/${file}`, 0, Math.min(SAFETENSORS_LENGTH_BYTES, size), options);
    const length = decodeSafetensorsLength(first, size, what);
    const dataOffset = SAFETENSORS_LENGTH_BYTES + length;
    const header = await readExact(storage, `/${file}`, SAFETENSORS_LENGTH_BYTES, length, options);
    return { dataOffset, ...decodeSafetensorsHeader(header, { dataBytes: size - dataOffset, what, limits }) };
  } catch (error) {
    throw inFile(error, file);
  }
}

function tooLarge(file: string, { treeBytes }: Limits): OrbaxError {
  const expected = `at most ${treeBytes} bytes of headers and tensors`;
  return limitExceeded(file, { file, expected, limit: "treeBytes" });
}

/** In Python's words. */
function foundTwice(name: string, files: readonly string[]): OrbaxError {
  const message = `Duplicate tensor ${name} found in multiple files: ${files.join(", ")}`;
  return new OrbaxError("DATA_LOSS", message, { key: name, found: files.join(", ") });
}
