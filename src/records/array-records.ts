import { invalidArgument } from "../errors.js";
import { inParallel } from "../storage/in-parallel.js";
import { Shared } from "../storage/shared.js";
import type { StorageOptions } from "../storage/storage.js";
import { type ArrayRecordFile, openArrayRecordFile } from "./array-record-file.js";
import {
  type ArrayRecordPath,
  pathText,
  type ReadInstruction,
  readInstructions,
  reprOfFiles,
} from "./array-record-paths.js";
import { openRecordFile, type RecordFileOptions } from "./record-file.js";
import { checkRecordIndex } from "./record-index.js";

/** Options of {@link openArrayRecords}. */
export type OpenArrayRecordsOptions = RecordFileOptions & {
  /**
   * Whether the hash of the data of every chunk that is read is compared, which is most of the time that uncompressed
   * records take; those of headers are always. Default: true.
   */
  readonly verify?: boolean | undefined;
};

/** A part of the source: some records of one file, which is opened when one of them is asked for. */
type Part = {
  readonly file: Shared<ArrayRecordFile>;
  /** Number in the file of the part's first record. */
  readonly start: number;
  /** Number in the source of that record. */
  readonly first: number;
  /** Number in the source of the first record after this part. */
  readonly end: number;
};

/**
 * The records of ArrayRecord files, in the order of the files, by number: what Python's `ArrayRecordDataSource` is.
 * Grain's `MapDataset.source` takes it as it is.
 */
export class ArrayRecords implements AsyncIterable<Uint8Array> {
  /** The paths of the files, without ranges: Python's `paths`. */
  readonly paths: readonly string[];
  readonly #parts: readonly Part[];

  /** @internal Call {@link openArrayRecords}. */
  constructor(paths: readonly string[], parts: readonly Part[]) {
    this.paths = paths;
    this.#parts = parts;
  }

  /** How many records there are. */
  get length(): number {
    return this.#parts.at(-1)?.end ?? 0;
  }

  /**
   * The data of a record, the caller's own: one read, of the chunk that holds it. Where a chunk holds several records,
   * the last one of each file is kept.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for an index outside 0 … length − 1, or a range that its file does not have
   * · `NOT_FOUND` · `DATA_LOSS` · `LIMIT_EXCEEDED` over `limits.recordBytes` · `UNSUPPORTED` Brotli in browsers that
   * lack it.
   */
  async get(index: number, options: StorageOptions = {}): Promise<Uint8Array> {
    checkRecordIndex(index, this.length);
    const part = this.#partOf(index);
    const file = await part.file.get(options);
    return file.get(index - part.first + part.start, options);
  }

  /** The data of all records in order. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (let index = 0; index < this.length; index++) yield await this.get(index);
  }

  /** Python's text for it, see `arrayRecordDataSourceRepr`. */
  toString(): string {
    return reprOfFiles(this.paths);
  }

  /** The part that ends after `index` first. */
  #partOf(index: number): Part {
    let low = 0;
    let high = this.#parts.length - 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#parts[middle]?.end ?? 0) > index) high = middle;
      else low = middle + 1;
    }
    const part = this.#parts[low];
    if (part === undefined) throw new Error(`no part holds record ${index}`);
    return part;
  }
}

/**
 * Opens ArrayRecord files for reading by number: two reads a file, for its footer. Files whose path has a range of
 * records (`train.array_record[100:200]`) are opened when the first of these is asked for.
 *
 * @param paths One or several paths or `file:` URLs; with `storage`, paths in that.
 * @throws {OrbaxError} `NOT_FOUND` · `DATA_LOSS` a damaged footer, or no ArrayRecord file · `INVALID_ARGUMENT` no paths,
 * or a range that is none.
 * @example const records = await openArrayRecords(["train-0.array_record", "train-1.array_record"]);
 */
export async function openArrayRecords(
  paths: ArrayRecordPath | readonly ArrayRecordPath[],
  { verify = true, ...options }: OpenArrayRecordsOptions = {},
): Promise<ArrayRecords> {
  const instructions = readInstructions(paths);
  const sources = instructions.map((instruction) => ({
    instruction,
    ...sourceOf(instruction, verify, options),
  }));
  const lengths = new Map<Shared<ArrayRecordFile>, number>();
  await inParallel(sources, async ({ file, instruction: { range } }) => {
    if (range === undefined) lengths.set(file, (await file.get(options)).length);
  });
  const parts: Part[] = [];
  let end = 0;
  for (const { file, instruction } of sources) {
    const range = instruction.range ?? { start: 0, end: lengths.get(file) ?? 0 };
    const first = end;
    end += range.end - range.start;
    parts.push({ file, start: range.start, first, end });
  }
  return new ArrayRecords(
    instructions.map(({ path }) => pathText(path)),
    parts,
  );
}

function sourceOf({ path, range }: ReadInstruction, verify: boolean, options: RecordFileOptions) {
  const open = async ({ signal }: StorageOptions = {}) => {
    const file = await openArrayRecordFile(await openRecordFile(path, { ...options, signal }), {
      verify,
      signal,
    });
    if (range !== undefined && range.end > file.length) {
      const wanted = `records ${range.start} to ${range.end}`;
      throw invalidArgument(`${pathText(path)}: ${wanted} are asked for, it has ${file.length}`, {
        field: "paths",
      });
    }
    return file;
  };
  return { file: new Shared(open) };
}
