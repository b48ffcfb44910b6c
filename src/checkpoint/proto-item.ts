import { decodeUtf8 } from "../bytes/utf8.js";
import { dataLoss, inFile, invalidArgument } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";
import { readFile } from "../storage/read.js";
import type { ReadableStorage, StorageOptions } from "../storage/storage.js";
import { listFolder } from "./folder.js";
import { contentFiles, PROTO_FILE, PROTO_SUFFIX } from "./item-kind.js";

/** How an item of text is read. */
export type ReadProtoItemOptions = StorageOptions & {
  readonly limits?: Partial<Limits> | undefined;
  /** Name of its file. Default: as {@link readProtoItem} finds it. */
  readonly file?: string | undefined;
};

/**
 * The text of a protobuf item: of `proto.pbtxt`, else of the only `*.pbtxt`, else of the only file there is
 * (docs/spec/orbax-layout.md section 18).
 *
 * @throws {OrbaxError} `DATA_LOSS` if it is no UTF-8, or there is no such file · `INVALID_ARGUMENT` if several files
 * could be meant · `LIMIT_EXCEEDED` beyond `limits.metadataBytes`.
 */
export async function readProtoItem(
  storage: ReadableStorage,
  { limits: changes, file, signal }: ReadProtoItemOptions = {},
): Promise<string> {
  const limits = withDefaultLimits(changes);
  const limit = { limit: limits.metadataBytes, limitName: "metadataBytes" } as const;
  const name = file ?? (await findFile(storage, { signal }));
  const bytes = await readFile(storage, `/${name}`, { ...limit, signal });
  if (bytes === undefined) {
    const { name: place = "the item" } = storage;
    throw dataLoss(place, { file: place, found: "no file with text", expected: name });
  }
  try {
    return decodeUtf8(bytes, "protobuf text");
  } catch (error) {
    throw inFile(error, name);
  }
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
