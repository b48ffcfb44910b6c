import { type ByteReader, ByteWriter } from "../../bytes/cursor.js";
import { dataLoss } from "../../errors.js";

/** What a node of a transposed chunk's state machine does when it is reached. */
export type TransposedAction =
  | { readonly kind: "nothing" }
  /** A record ends here, read from its end: begins. */
  | { readonly kind: "start of message" }
  /** A whole record that is no protobuf message. */
  | { readonly kind: "bytes record"; readonly buffer: ByteReader }
  | { readonly kind: "start of submessage" }
  | { readonly kind: "end of submessage"; readonly tag: Uint8Array }
  /** The tag alone, or with a small number that is a part of it. */
  | { readonly kind: "tag"; readonly tag: Uint8Array }
  /** A varint of `bytes` bytes, without the bits that say that more follow. */
  | { readonly kind: "varint"; readonly tag: Uint8Array; readonly buffer: ByteReader; readonly bytes: number }
  | { readonly kind: "fixed"; readonly tag: Uint8Array; readonly buffer: ByteReader; readonly bytes: 4 | 8 }
  | { readonly kind: "string"; readonly tag: Uint8Array; readonly buffer: ByteReader };

/** A node, and where it goes on. */
export type TransposedNode = {
  readonly action: TransposedAction;
  /** Number of the node that follows, or from which the next transition counts. */
  readonly next: number;
  /** Whether it goes on without a transition. */
  readonly isImplicit: boolean;
};

/** The state machine of a transposed chunk. */
export type TransposedMachine = {
  readonly nodes: readonly TransposedNode[];
  readonly first: number;
  /** Whether there are records that are no messages: their lengths are in the last buffer. */
  readonly hasBytesRecords: boolean;
};

/** Values in place of a tag; real tags are 8 and more. */
const NO_OPERATION = 0;
const NON_PROTO = 1;
const START_OF_SUBMESSAGE = 2;
const START_OF_MESSAGE = 3;

/** Wire types of protobuf, and one for the end of a submessage. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const END_GROUP = 4;
const FIXED32 = 5;
const END_OF_SUBMESSAGE = 6;

/** Subtypes of a varint: its length less one, or from 10 on its value. */
const FIRST_INLINE = 10;
const MOST_INLINE = FIRST_INLINE + 0x7f;

/** A node takes a byte of tag and a byte of successor at least. */
const LEAST_NODE_BYTES = 2;

/**
 * Decodes the nodes: all tags, all successors, the subtypes of varints, then for each node that has one the number of
 * its buffer, and last the number of the first node.
 *
 * @param reader The chunk's header, behind what it says of buffers; it must end with the machine.
 * @throws {OrbaxError} `DATA_LOSS` for what is none, or would go round without end.
 */
export function decodeTransposedMachine(
  reader: ByteReader,
  buffers: readonly ByteReader[],
): TransposedMachine {
  const size = reader.varint32("state machine size");
  if (size > Math.floor(reader.remaining / LEAST_NODE_BYTES)) {
    const expected = `at most ${Math.floor(reader.remaining / LEAST_NODE_BYTES)}`;
    throw dataLoss(reader.what, { field: "state machine size", found: size, expected });
  }
  const tags = Array.from({ length: size }, () => reader.varint32("tag"));
  const successors = Array.from({ length: size }, () => reader.varint32("next node"));
  const subtypes = reader.take(tags.filter(hasSubtype).length, "subtypes").values();
  const nodes = tags.map((tag, index) => {
    const subtype = hasSubtype(tag) ? (subtypes.next().value ?? 0) : 0;
    const action = decodeAction(reader, tag, subtype, buffers);
    const successor = successors[index] ?? 0;
    const isImplicit = successor >= size;
    return {
      action,
      next: below(reader, "next node", isImplicit ? successor - size : successor, size),
      isImplicit,
    };
  });
  const first = below(reader, "first node", reader.varint32("first node"), size);
  reader.end();
  checkImplicitLoops(nodes, reader.what);
  return { nodes, first, hasBytesRecords: tags.includes(NON_PROTO) };
}

function hasSubtype(tag: number): boolean {
  return tag >= 8 && tag % 8 === VARINT;
}

function decodeAction(
  reader: ByteReader,
  tag: number,
  subtype: number,
  buffers: readonly ByteReader[],
): TransposedAction {
  const buffer = () => {
    const index = below(reader, "buffer index", reader.varint32("buffer index"), buffers.length);
    return buffers[index] ?? reader;
  };
  if (tag === NO_OPERATION) return { kind: "nothing" };
  if (tag === NON_PROTO) return { kind: "bytes record", buffer: buffer() };
  if (tag === START_OF_SUBMESSAGE) return { kind: "start of submessage" };
  if (tag === START_OF_MESSAGE) return { kind: "start of message" };
  const wireType = tag % 8;
  if (tag < 8 || wireType > END_OF_SUBMESSAGE) throw invalid(reader, "tag", tag);
  switch (wireType) {
    case VARINT: {
      if (subtype > MOST_INLINE) throw invalid(reader, "varint subtype", subtype);
      if (subtype >= FIRST_INLINE) return { kind: "tag", tag: varintBytes(tag, subtype - FIRST_INLINE) };
      return { kind: "varint", tag: varintBytes(tag), buffer: buffer(), bytes: subtype + 1 };
    }
    case FIXED32:
    case FIXED64:
      return { kind: "fixed", tag: varintBytes(tag), buffer: buffer(), bytes: wireType === FIXED32 ? 4 : 8 };
    case LENGTH_DELIMITED:
      return { kind: "string", tag: varintBytes(tag), buffer: buffer() };
    case END_OF_SUBMESSAGE:
      return { kind: "end of submessage", tag: varintBytes(tag - END_OF_SUBMESSAGE + LENGTH_DELIMITED) };
    default: // the start and the end of a group
      if (wireType > END_GROUP) throw invalid(reader, "tag", tag);
      return { kind: "tag", tag: varintBytes(tag) };
  }
}

/** Numbers as varints, one after another. */
export function varintBytes(...values: number[]): Uint8Array {
  const writer = new ByteWriter(8);
  for (const value of values) writer.varint(value);
  return writer.finish();
}

function below(reader: ByteReader, field: string, value: number, count: number): number {
  if (value < count) return value;
  throw dataLoss(reader.what, { offset: reader.offset, field, found: value, expected: `less than ${count}` });
}

function invalid(reader: ByteReader, field: string, found: number) {
  return dataLoss(reader.what, { offset: reader.offset, field, found, expected: "one that there is" });
}

/** Nodes that go on without a transition must come to one that does not. */
function checkImplicitLoops(nodes: readonly TransposedNode[], what: string): void {
  const seen = new Uint32Array(nodes.length); // the number of the walk that came by
  for (let start = 0; start < nodes.length; start++) {
    const walk = start + 1;
    let at = start;
    while (seen[at] === 0) {
      seen[at] = walk;
      const node = nodes[at];
      if (node === undefined || !node.isImplicit) break;
      at = node.next;
      if (seen[at] === walk) throw dataLoss(what, { field: "next node", found: "a loop", expected: "none" });
    }
  }
}
