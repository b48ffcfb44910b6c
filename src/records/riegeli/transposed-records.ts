import type { ByteReader } from "../../bytes/cursor.js";
import { dataLoss } from "../../errors.js";
import { BackwardWriter } from "./backward-writer.js";
import type { ChunkRecords } from "./chunk-records.js";
import { type TransposedAction, varintBytes } from "./transposed-nodes.js";

const WHAT = "Riegeli transposed chunk";

/** What the records of a chunk are made of, and how many there are. */
export type RecordsTarget = {
  readonly buffers: readonly ByteReader[];
  readonly records: number;
  readonly decodedBytes: number;
};

/** The records of a chunk as its machine gives them: from behind. */
export class TransposedRecords {
  readonly #output: BackwardWriter;
  readonly #target: RecordsTarget;
  readonly #lengths: ByteReader | undefined;
  /** Bytes written when each record began, the last record first. */
  readonly #starts: number[] = [];
  /** Submessages of which the end has been written. */
  readonly #open: { readonly tag: Uint8Array; readonly end: number }[] = [];

  constructor(target: RecordsTarget, lengths: ByteReader | undefined) {
    this.#target = target;
    this.#output = new BackwardWriter(target.decodedBytes, WHAT);
    this.#lengths = lengths;
  }

  add(action: TransposedAction): void {
    switch (action.kind) {
      case "nothing":
        return;
      case "start of message":
        this.#startRecord();
        return;
      case "bytes record":
        this.#prepend(action.buffer.take(this.#lengths?.varint32("record length") ?? 0, "record"));
        this.#startRecord();
        return;
      case "start of submessage":
        this.#startSubmessage();
        return;
      case "end of submessage":
        this.#endSubmessage(action.tag);
        return;
      case "tag":
        break;
      case "varint":
        this.#prependVarint(action.buffer.take(action.bytes, "varint"));
        break;
      case "fixed":
        this.#prepend(action.buffer.take(action.bytes, "fixed field"));
        break;
      case "string":
        this.#prependString(action.buffer);
        break;
    }
    this.#prepend(action.tag);
  }

  finish(): ChunkRecords {
    const { records } = this.#target;
    if (this.#open.length > 0) throw open();
    const values = this.#output.finish();
    if (this.#starts.length !== records || (this.#starts.at(-1) ?? 0) !== values.length) {
      throw dataLoss(WHAT, { field: "num_records", found: this.#starts.length, expected: `${records}` });
    }
    // A record ends where the one behind it begins.
    const ends = Float64Array.from(
      this.#starts,
      (_, index) => values.length - (this.#starts[records - 2 - index] ?? 0),
    );
    return { values, ends };
  }

  #startRecord(): void {
    if (this.#open.length > 0) throw open();
    if (this.#starts.length === this.#target.records) {
      throw dataLoss(WHAT, { field: "num_records", found: "more", expected: `${this.#target.records}` });
    }
    this.#starts.push(this.#output.length);
  }

  #endSubmessage(tag: Uint8Array): void {
    // Each will take a tag and a length.
    const room = this.#target.decodedBytes - this.#output.length;
    if ((this.#open.length + 1) * 2 > room) {
      throw dataLoss(WHAT, {
        field: "decoded size",
        found: "more",
        expected: `${this.#target.decodedBytes}`,
      });
    }
    this.#open.push({ tag, end: this.#output.length });
  }

  #startSubmessage(): void {
    const submessage = this.#open.pop();
    if (submessage === undefined)
      throw dataLoss(WHAT, { field: "start of submessage", found: "no end of it" });
    this.#prepend(varintBytes(this.#output.length - submessage.end));
    this.#prepend(submessage.tag);
  }

  #prependVarint(bytes: Uint8Array): void {
    const target = this.#output.prepend(bytes.length);
    for (const [index, byte] of bytes.entries())
      target[index] = index + 1 < bytes.length ? byte | 0x80 : byte;
  }

  /** A length and as many bytes, as they stand in the record. */
  #prependString(buffer: ByteReader): void {
    const start = buffer.offset;
    buffer.take(buffer.varint32("string length"), "string");
    this.#prepend(buffer.bytes.subarray(start, buffer.offset));
  }

  #prepend(bytes: Uint8Array): void {
    this.#output.prepend(bytes.length).set(bytes);
  }
}

function open() {
  return dataLoss(WHAT, { field: "start of message", found: "inside a submessage", expected: "outside" });
}
