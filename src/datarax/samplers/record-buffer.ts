import { invalidArgument } from "../../errors.js";
import { dictOf, isDict, isList } from "../../pytree/container.js";
import { tooDeep, walkDepth } from "../../pytree/depth.js";
import { pythonTypeName } from "../../pytree/python-type-name.js";
import type { Dict, Tree } from "../../pytree/value.js";
import { bytesOf, dtypeRow, elementCount } from "../../zarr/dtype.js";
import { NdArray } from "../../zarr/nd-array.js";
import { validateStructure } from "../state-structure.js";
import { type RecordField, type RecordLayout, recordLeaves, recordTree } from "./element-spec.js";
import { fieldBytes } from "./record-values.js";

/** A record's arrays as bytes, in the order of its fields. */
export type StoredRecord = readonly Uint8Array[];

/** Room for `capacity` records: for each of their arrays one more, of shape `[capacity, …shape]`, zeros at first. */
export class RecordBuffer {
  readonly #spec: RecordLayout;
  readonly #capacity: number;
  /** Of each field the bytes of all records. */
  readonly #contents: readonly Uint8Array[];

  /** @throws {OrbaxError} `INVALID_ARGUMENT` if there is no memory for so much. */
  constructor(spec: RecordLayout, capacity: number, contents?: readonly Uint8Array[]) {
    this.#spec = spec;
    this.#capacity = capacity;
    this.#contents = contents ?? spec.fields.map((field) => zeroRecords(field, capacity));
  }

  /** The bytes of a record. @throws {OrbaxError} `INVALID_ARGUMENT` for a record of another form. */
  toStored(record: Tree): StoredRecord {
    const leaves = recordLeaves(this.#spec, record, "element");
    return this.#spec.fields.map((field, index) =>
      fieldBytes(field, leaves[index] ?? null, `element${field.path}`),
    );
  }

  /** A buffer for the same records, with none. */
  emptied(): RecordBuffer {
    return new RecordBuffer(this.#spec, this.#capacity);
  }

  write(index: number, record: StoredRecord): void {
    for (const [field, bytes] of record.entries()) this.#contents[field]?.set(bytes, index * bytes.length);
  }

  /** The records at `indices`, one behind the other. */
  gather(indices: readonly number[]): Tree {
    return this.#tree(indices.length, (gathered, { bytes }, contents) => {
      for (const [place, index] of indices.entries()) {
        gathered.set(contents.subarray(index * bytes, (index + 1) * bytes), place * bytes);
      }
    });
  }

  /** `count` records: this one, then zeros. */
  padded(record: StoredRecord, count: number): Tree {
    return this.#tree(count, (padded, { index }) => padded.set(record[index] ?? []));
  }

  /** A copy of all records, arrays of shape `[capacity, …]`. */
  toTree(): Tree {
    return this.#tree(this.#capacity, (copy, _, contents) => copy.set(contents));
  }

  /** A tree of arrays of `count` records, which `fill` gets as zeros. */
  #tree(count: number, fill: (bytes: Uint8Array, field: RecordField, contents: Uint8Array) => void): Tree {
    return recordTree(this.#spec, (field) => {
      const bytes = zeroRecords(field, count);
      fill(bytes, field, this.#contentsOf(field));
      return arrayOver(field, count, bytes);
    });
  }

  #contentsOf({ index }: RecordField): Uint8Array {
    return this.#contents[index] ?? new Uint8Array();
  }

  /**
   * A buffer with the records of what {@link toTree} gave, copied.
   *
   * @throws {OrbaxError} `CONFLICT` for a tree of another form, or arrays of another shape or dtype ·
   * `INVALID_ARGUMENT` for other values than arrays.
   */
  withRecords(saved: Tree): RecordBuffer {
    const { fields } = this.#spec;
    const wanted = fields.map((field): [string, Tree] => [
      nameOf(field),
      arrayOver(field, this.#capacity, this.#contentsOf(field)),
    ]);
    const found = leavesByName(saved, BUFFER);
    validateStructure(dictOf(wanted), found, {});
    const contents = fields.map((field) => {
      const name = nameOf(field);
      const array = found[name] ?? null;
      if (NdArray.is(array)) return bytesOf(array.data).slice();
      throw invalidArgument(`state: ${name} is ${pythonTypeName(array)}, expected an array`, {
        field: name,
        pythonType: "TypeError",
      });
    });
    return new RecordBuffer(this.#spec, this.#capacity, contents);
  }
}

/** How a state calls the buffer. */
export const BUFFER = "buffer";

function nameOf({ path }: RecordField): string {
  return `${BUFFER}${path}`;
}

/** Of one array; what can be saved and restored at a time needs it several times. */
const MOST_BYTES = 2 ** 31;

function zeroRecords(field: RecordField, capacity: number): Uint8Array {
  try {
    if (capacity * field.bytes <= MOST_BYTES) return new Uint8Array(capacity * field.bytes);
  } catch {
    // no memory for as many as there might be
  }
  throw invalidArgument(`${nameOf(field)}: no memory for ${capacity} records of ${field.bytes} bytes`, {
    field: nameOf(field),
    pythonType: "MemoryError",
  });
}

function arrayOver(
  { dtype, shape }: RecordField,
  count: number,
  { buffer, byteOffset }: Uint8Array,
): NdArray {
  const whole = [count, ...shape];
  const { components, view } = dtypeRow(dtype);
  return new NdArray(dtype, whole, view(buffer, byteOffset, elementCount(whole) * components));
}

/** The leaves of a tree by the keys that lead to them, joined by dots. */
function leavesByName(tree: Tree, name: string): Dict {
  const most = walkDepth();
  const leaves: [string, Tree][] = [];
  collect(tree, name, most);
  return dictOf(leaves);

  function collect(node: Tree, at: string, levels: number): void {
    const children = isList(node) ? node.entries() : isDict(node) ? Object.entries(node) : undefined;
    if (children === undefined) {
      leaves.push([at, node]);
      return;
    }
    if (levels === 0) throw tooDeep("state", most);
    for (const [key, child] of children) collect(child, `${at}.${key}`, levels - 1);
  }
}
