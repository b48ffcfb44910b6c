import { decodeUtf8 } from "../../bytes/utf8.js";
import { dataLoss, invalidArgument } from "../../errors.js";
import type { ReadableStorage, StorageOptions } from "../../storage/storage.js";
import { contentFiles, PROTO_FILE, PROTO_SUFFIX } from "../metadata/item-files.js";
import { type ReadOptions, readMetadataFile } from "../metadata/metadata-file.js";
import { listFolder } from "../recognise/folder.js";

/**
 * The text of a protobuf item: of `proto.pbtxt`, else of the only `*.pbtxt`, else of the only file there is
 * (docs/spec/orbax-layout.md section 18).
 *
 * @throws {OrbaxError} `DATA_LOSS` if it is no UTF-8, or there is no such file · `INVALID_ARGUMENT` if several files
 * could be meant · `LIMIT_EXCEEDED` beyond `limits.metadataBytes`.
 */
export async function readProtoItem(storage: ReadableStorage, options: ReadOptions = {}): Promise<string> {
  const file = await findFile(storage, { signal: options.signal });
  const text = await readMetadataFile(storage, file, decodeProtoText, options);
  if (text !== undefined) return text;
  const { name = "the item" } = storage;
  throw dataLoss(name, { file: name, found: "no file with text", expected: file });
}

function decodeProtoText(bytes: Uint8Array): string {
  return decodeUtf8(bytes, "protobuf text");
}

async function findFile(storage: ReadableStorage, options: StorageOptions): Promise<string> {
  const folder = await listFolder(storage, options);
  if (folder === undefined || folder.files.has(PROTO_FILE)) return PROTO_FILE;
  const all = contentFiles(folder);
  const texts = all.filter((name) => name.endsWith(PROTO_SUFFIX));
  const [only = PROTO_FILE, ...others] = texts.length === 0 ? all : texts;
  if (others.length === 0) return only;
  const { name = "the item" } = storage;
  throw invalidArgument(`${name}: choose a file; there are ${[only, ...others].join(", ")}`, { file: name });
}
