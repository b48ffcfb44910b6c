import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BufferChunk,
  BufferSampler,
  type BufferSamplerOptions,
} from "../../../src/datarax/samplers/buffer-sampler.js";
import type { ElementSpec } from "../../../src/datarax/samplers/element-spec.js";
import { toPlain } from "../../../src/pytree/plain.js";
import { complex, float, int, type Tree } from "../../../src/pytree/value.js";
import type { Dtype } from "../../../src/zarr/dtype.js";
import { ndarray } from "../../../src/zarr/nd-array.js";
import { failure } from "../../failure.js";
import { casesOf, plainStateOf, stateOf, withoutArrayKinds } from "../stream-vectors.js";

type VectorChunk = [chunk: { x: number[] }, mask: boolean[]];
type BufferCase = {
  class: string;
  config: {
    capacity: number;
    prefill: number;
    sample_size: number;
    read_mode: "sequential" | "shuffled";
    write_mode: "fifo" | "reservoir";
    seed: number;
  };
  inputs_first: number[];
  first: VectorChunk[];
  masked_input: number;
  masked_output: VectorChunk;
  state: unknown;
  restored: unknown;
  inputs_next: number[];
  next: VectorChunk[];
};

const INT: ElementSpec = { x: { dtype: "int32", shape: [] } };

const cases = casesOf<BufferCase>("samplers", "BufferSampler").map((vector): [string, BufferCase] => [
  JSON.stringify(vector.config),
  vector,
]);

function build({ config }: BufferCase): BufferSampler {
  const { sample_size: sampleSize, read_mode: readMode, write_mode: writeMode, ...rest } = config;
  return new BufferSampler({ ...rest, sampleSize, readMode, writeMode, elementSpec: INT });
}

/** As the vectors write it. */
function chunkOf([{ x }, mask]: VectorChunk): BufferChunk {
  return { chunk: { x: ndarray("int32", [x.length], Int32Array.from(x)) }, mask };
}

function pushAll(buffer: BufferSampler, inputs: readonly number[]): BufferChunk[] {
  return inputs.map((x) => buffer.push({ x }));
}

function filled(): BufferSampler {
  const buffer = new BufferSampler({ capacity: 2, elementSpec: INT });
  buffer.push({ x: 4 });
  return buffer;
}

function nested(value: number): Tree {
  return {
    image: ndarray("float32", [2], Float32Array.of(value, -value)),
    labels: [value > 1, { deep: ndarray("uint8", [1, 2], Uint8Array.of(value, 9)) }],
  };
}

function rngOf(seed: number | bigint): Tree | undefined {
  return new BufferSampler({ seed, elementSpec: INT }).getState()["rng"];
}

function leafOf(elementSpec: ElementSpec, element: Tree): Tree {
  return new BufferSampler({ elementSpec }).push(element).chunk;
}

const options = fc
  .record({
    capacity: fc.integer({ min: 1, max: 6 }),
    prefill: fc.integer({ min: 1, max: 6 }),
    sampleSize: fc.integer({ min: 1, max: 6 }),
    readMode: fc.constantFrom("sequential" as const, "shuffled" as const),
    writeMode: fc.constantFrom("fifo" as const, "reservoir" as const),
    seed: fc.nat(),
    elementSpec: fc.constant(INT),
  })
  .filter(({ capacity, prefill, sampleSize }) => sampleSize <= prefill && prefill <= capacity);
const pushes = fc.array(fc.record({ x: fc.integer({ min: -9, max: 99 }), mask: fc.boolean() }), {
  maxLength: 20,
});

describe("BufferSampler", () => {
  it("covers the vectors", () => {
    expect(cases).toHaveLength(4);
  });

  it.each(cases)("%s: gives Python's chunks and state", (_, vector) => {
    const buffer = build(vector);
    expect(pushAll(buffer, vector.inputs_first)).toEqual(vector.first.map(chunkOf));
    const { masked_input: x } = vector;
    expect(buffer.push({ x }, false)).toEqual(chunkOf(vector.masked_output));
    expect(buffer.getState()).toEqual(withoutArrayKinds(vector.state));
  });

  it.each(cases)("%s: continues from Python's restored state", (_, vector) => {
    for (const state of [stateOf(vector.restored), plainStateOf(vector.restored)]) {
      const buffer = build(vector);
      pushAll(buffer, [5, 6]);
      buffer.setState(state);
      expect(pushAll(buffer, vector.inputs_next)).toEqual(vector.next.map(chunkOf));
    }
  });

  it("continues from the state at every position, in a buffer that held others", () => {
    fc.assert(
      fc.property(options, pushes, pushes, pushes, (config, before, others, after) => {
        const buffer = new BufferSampler(config);
        for (const { x, mask } of before) buffer.push({ x }, mask);
        const state = buffer.getState();
        const other = new BufferSampler(config);
        for (const { x, mask } of others) other.push({ x }, mask);
        other.setState(state);
        expect(other.getState()).toEqual(state);
        for (const { x, mask } of after) expect(other.push({ x }, mask)).toEqual(buffer.push({ x }, mask));
      }),
    );
  });

  it("starts over by reset", () => {
    fc.assert(
      fc.property(options, pushes, (config, before) => {
        const buffer = new BufferSampler(config);
        for (const { x, mask } of before) buffer.push({ x }, mask);
        buffer.reset();
        expect(buffer.getState()).toEqual(new BufferSampler(config).getState());
      }),
    );
  });

  it("gives only records that were pushed once the buffer is filled", () => {
    fc.assert(
      fc.property(options, pushes, (config, inputs) => {
        const buffer = new BufferSampler(config);
        const pushed = new Set<unknown>();
        for (const { x, mask } of inputs) {
          if (mask) pushed.add(x);
          const { chunk, mask: isRecord } = buffer.push({ x }, mask);
          const { x: records } = Object(chunk);
          for (const [index, record] of records.data.entries()) {
            if (isRecord[index] === true) expect(pushed).toContain(record);
          }
        }
      }),
    );
  });

  // Texts and order of the checks as printed by Datarax 0.1.4.
  it.each<[Partial<Record<keyof BufferSamplerOptions, unknown>>, string]>([
    [{ capacity: 0 }, "capacity must be positive, got 0."],
    [{ capacity: -1, prefill: 0 }, "capacity must be positive, got -1."],
    [{ prefill: 0 }, "prefill must be positive, got 0."],
    [{ prefill: 2 }, "prefill cannot exceed capacity."],
    [{ sampleSize: 0 }, "sample_size must be positive, got 0."],
    [{ sampleSize: 2 }, "sample_size cannot exceed capacity."],
    [{ capacity: 3, prefill: 1, sampleSize: 2 }, "prefill must be at least sample_size."],
    [{ capacity: 3, prefill: 2, sampleSize: 4 }, "sample_size cannot exceed capacity."],
    [{ writeMode: "x", readMode: "y" }, "write_mode must be one of ('fifo', 'reservoir'), got 'x'."],
    [{ readMode: "y'" }, `read_mode must be one of ('sequential', 'shuffled'), got "y'".`],
    [{ readMode: null }, "read_mode must be one of ('sequential', 'shuffled'), got None."],
  ])("refuses %o with Datarax's text", (given, message) => {
    const call = () => Reflect.construct(BufferSampler, [{ elementSpec: INT, ...given }]);
    expect(call).toThrow(failure("INVALID_ARGUMENT", { pythonType: "ValueError" }));
    expect(call).toThrow(message);
  });

  it("takes every int64 as seed, as JAX does", () => {
    expect(rngOf(-1)).toEqual(ndarray("uint32", [2], Uint32Array.of(0, 2 ** 32 - 1)));
    expect(rngOf(2 ** 33 + 5)).toEqual(ndarray("uint32", [2], Uint32Array.of(0, 5)));
    expect(() => rngOf(2n ** 63n)).toThrow(failure("INVALID_ARGUMENT", { pythonType: "OverflowError" }));
  });

  it("refuses a capacity that Python cannot count, or that no memory holds", () => {
    for (const capacity of [2 ** 31, 2 ** 31 - 1]) {
      const elementSpec: ElementSpec = { dtype: "float32", shape: [2 ** 40] };
      expect(() => new BufferSampler({ capacity, elementSpec })).toThrow(failure("INVALID_ARGUMENT"));
    }
  });

  it("takes and gives trees of dicts and lists", () => {
    const elementSpec: ElementSpec = {
      image: { dtype: "float32", shape: [2] },
      labels: [{ dtype: "bool", shape: [] }, { deep: { dtype: "uint8", shape: [1, 2] } }],
    };
    const buffer = new BufferSampler({ capacity: 2, sampleSize: 1, elementSpec });
    buffer.push(nested(1));
    expect(buffer.push(nested(2))).toEqual({
      chunk: {
        image: ndarray("float32", [1, 2], Float32Array.of(1, -1)),
        labels: [
          ndarray("bool", [1], Uint8Array.of(0)),
          { deep: ndarray("uint8", [1, 1, 2], Uint8Array.of(1, 9)) },
        ],
      },
      mask: [true],
    });
    expect(buffer.getState()).toMatchObject({
      buffer: { image: ndarray("float32", [2, 2], Float32Array.of(1, -1, 2, -2)) },
    });
  });

  it("takes a record that is a single array", () => {
    const buffer = new BufferSampler({ elementSpec: { dtype: "int32", shape: [2] } });
    expect(buffer.push(Int32Array.of(4, 5)).chunk).toEqual(ndarray("int32", [1, 2], Int32Array.of(4, 5)));
    expect(buffer.getState()["buffer"]).toEqual(ndarray("int32", [1, 2], Int32Array.of(4, 5)));
  });

  it("keeps its records when the caller's array, a chunk or a state changes", () => {
    const buffer = new BufferSampler({ elementSpec: { dtype: "int32", shape: [1] } });
    const given = Int32Array.of(7);
    buffer.push(given);
    given[0] = 0;
    const { buffer: saved } = Object(buffer.getState());
    saved.data[0] = 1;
    expect(buffer.getState()["buffer"]).toEqual(ndarray("int32", [1, 1], Int32Array.of(7)));
    const other = new BufferSampler({ elementSpec: { dtype: "int32", shape: [1] } });
    const state = buffer.getState();
    other.setState(state);
    Object(state["buffer"]).data[0] = 2;
    expect(other.getState()["buffer"]).toEqual(ndarray("int32", [1, 1], Int32Array.of(7)));
  });

  it.each<[Dtype, Dtype]>([
    ["int64", "int32"],
    ["uint64", "uint32"],
    ["float64", "float32"],
    ["complex128", "complex64"],
  ])("keeps %s as %s, JAX's type for it", (given, kept) => {
    const { buffer } = Object(new BufferSampler({ elementSpec: { dtype: given, shape: [] } }).getState());
    expect(buffer.dtype).toBe(kept);
  });

  it.each<[Dtype, Tree, Tree]>([
    ["int8", -128, ndarray("int8", [1], Int8Array.of(-128))],
    ["uint32", 4294967295n, ndarray("uint32", [1], Uint32Array.of(4294967295))],
    ["int32", int(5), ndarray("int32", [1], Int32Array.of(5))],
    ["float32", 0.1, ndarray("float32", [1], Float32Array.of(0.1))],
    ["float32", float(2), ndarray("float32", [1], Float32Array.of(2))],
    ["float32", Number.NaN, ndarray("float32", [1], Float32Array.of(Number.NaN))],
    ["bfloat16", 1, ndarray("bfloat16", [1], Uint16Array.of(0x3f80))],
    ["float16", -0, ndarray("float16", [1], Uint16Array.of(0x8000))],
    ["bool", true, ndarray("bool", [1], Uint8Array.of(1))],
    ["complex64", complex(1, 0.1), ndarray("complex64", [1], Float32Array.of(1, 0.1))],
    ["int32", ndarray("int64", [], BigInt64Array.of(-7n)), ndarray("int32", [1], Int32Array.of(-7))],
    ["uint32", ndarray("uint64", [], BigUint64Array.of(7n)), ndarray("uint32", [1], Uint32Array.of(7))],
    ["float32", ndarray("float64", [], Float64Array.of(0.1)), ndarray("float32", [1], Float32Array.of(0.1))],
    [
      "complex64",
      ndarray("complex128", [], Float64Array.of(0.1, 2)),
      ndarray("complex64", [1], Float32Array.of(0.1, 2)),
    ],
  ])("as %s takes %o", (dtype, value, kept) => {
    expect(leafOf({ dtype, shape: [] }, value)).toEqual(kept);
  });

  it.each<[string, Dtype, readonly number[], Tree]>([
    ["an int that is too large", "int32", [], 2 ** 31],
    ["an int that is too large for a byte", "uint8", [], -1],
    ["an int64 that is too large", "int32", [], ndarray("int64", [], BigInt64Array.of(2n ** 40n))],
    ["a fraction for an int", "int32", [], 0.5],
    ["a bool for an int", "int32", [], true],
    ["a number for a bool", "bool", [], 1],
    ["text", "int32", [], "5"],
    ["None", "int32", [], null],
    ["a dict", "int32", [], { a: 1 }],
    ["a number for an array", "int32", [3], 5],
    ["a list for an array", "int32", [3], [1, 2, 3]],
    ["an array of another shape", "int32", [3], Int32Array.of(1, 2)],
    ["an array that JAX would broadcast", "int32", [3], Int32Array.of(1)],
    ["an array of another rank", "int32", [2, 2], Int32Array.of(1, 2, 3, 4)],
  ])("refuses %s and stays as it was", (_, dtype, shape, value) => {
    const buffer = new BufferSampler({ elementSpec: { x: { dtype, shape } } });
    const before = buffer.getState();
    expect(() => buffer.push({ x: value })).toThrow(failure("INVALID_ARGUMENT"));
    expect(buffer.getState()).toEqual(before);
  });

  it("refuses an array of another dtype with JAX's text", () => {
    expect(() => leafOf({ dtype: "int32", shape: [1] }, Uint8Array.of(1))).toThrow(
      "lax.dynamic_update_slice requires arguments to have the same dtypes, got int32, uint8.",
    );
  });

  it.each<[string, Tree]>([
    ["a field too many", { x: 1, y: 2 }],
    ["a field too few", {}],
    ["another field", { y: 1 }],
    ["no dict", 5],
    ["a list", [1]],
    ["None", null],
  ])("refuses a record with %s", (_, element) => {
    const buffer = new BufferSampler({ elementSpec: INT });
    expect(() => buffer.push(element)).toThrow(failure("INVALID_ARGUMENT", { pythonType: "ValueError" }));
  });

  it("refuses a mask that is no boolean", () => {
    const buffer = new BufferSampler({ elementSpec: INT });
    expect(() => Object(buffer).push({ x: 1 }, 1)).toThrow(failure("INVALID_ARGUMENT"));
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["no dtype", { x: { dtype: "int33", shape: [] } }],
    ["a negative size", { x: { dtype: "int32", shape: [-1] } }],
    ["a size that is text", { x: { dtype: "int32", shape: ["2"] } }],
    ["a dtype alone", { x: "int32" }],
  ])("refuses a spec with %s", (_, elementSpec) => {
    expect(() => Reflect.construct(BufferSampler, [{ elementSpec }])).toThrow(failure("INVALID_ARGUMENT"));
  });

  it("refuses a spec that contains itself", () => {
    const elementSpec: { [key: string]: unknown } = {};
    elementSpec["again"] = elementSpec;
    expect(() => Reflect.construct(BufferSampler, [{ elementSpec }])).toThrow(failure("LIMIT_EXCEEDED"));
  });

  describe("setState", () => {
    const INCOMPATIBLE =
      "Checkpoint state is structurally incompatible with module state. " +
      "Regenerate checkpoints after architecture/config changes.";
    it.each<[string, (state: Tree) => object, string]>([
      [
        "another capacity",
        () => ({ buffer: { x: ndarray("int32", [3], new Int32Array(3)) } }),
        "Array shape mismatch at buffer.x: expected (2,), got (3,)",
      ],
      [
        "another dtype",
        () => ({ buffer: { x: ndarray("float32", [2], new Float32Array(2)) } }),
        "Array dtype mismatch at buffer.x: expected int32, got float32",
      ],
      [
        "another field",
        () => ({ buffer: { y: ndarray("int32", [2], new Int32Array(2)) } }),
        "State keys mismatch at <root>: missing=['buffer.x'], extra=['buffer.y']",
      ],
      [
        "a count of another width",
        () => ({ count: ndarray("int64", [], BigInt64Array.of(1n)) }),
        "Array dtype mismatch at count: expected int32, got int64",
      ],
      [
        "a key of three words",
        () => ({ rng: ndarray("uint32", [3], new Uint32Array(3)) }),
        "Array shape mismatch at rng: expected (2,), got (3,)",
      ],
    ])("refuses %s, and stays as it was", (_, part, reason) => {
      const buffer = filled();
      const before = buffer.getState();
      expect(() => buffer.setState({ ...before, ...part(before) })).toThrow(
        expect.objectContaining({
          code: "CONFLICT",
          message: INCOMPATIBLE,
          cause: expect.objectContaining({ message: reason }),
        }),
      );
      expect(buffer.getState()).toEqual(before);
    });

    it.each([
      ["more records than there is room for", { count: 3 }],
      ["a place to write that is not there", { write_index: 2 }],
      ["a place to read that is not there", { read_index: -1 }],
      ["records that are no array", { buffer: { x: [4, 0] } }],
      ["a record that is a number", { buffer: { x: 4 } }],
      ["a key that is a list", { rng: [0, 1] }],
      ["a fraction of records seen", { seen: 0.5 }],
      ["more records seen than an int32 counts", { seen: 2 ** 31 }],
    ])("refuses %s, and stays as it was", (_, part) => {
      const buffer = filled();
      const before = buffer.getState();
      expect(() => buffer.setState({ ...before, write_index: 0, ...part })).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^(INVALID_ARGUMENT|CONFLICT)$/) }),
      );
      expect(buffer.getState()).toEqual(before);
    });

    it("refuses a bare array of another capacity, with Python's text", () => {
      const elementSpec: ElementSpec = { dtype: "int32", shape: [] };
      const state = new BufferSampler({ capacity: 3, elementSpec }).getState();
      expect(() => new BufferSampler({ capacity: 2, elementSpec }).setState(state)).toThrow(
        expect.objectContaining({
          code: "CONFLICT",
          cause: expect.objectContaining({
            message: "Array shape mismatch at buffer: expected (2,), got (3,)",
          }),
        }),
      );
    });

    it("refuses a state with a field too few", () => {
      const { seen: _, ...rest } = filled().getState();
      expect(() => filled().setState(rest)).toThrow(failure("CONFLICT"));
    });

    it("takes plain numbers, and saves them as the arrays that Python needs", () => {
      const buffer = filled();
      const state = toPlain(buffer.getState());
      expect(state).toMatchObject({ count: 1, write_index: 1, read_index: 0, seen: 1 });
      buffer.reset();
      buffer.setState(Object(state));
      expect(buffer.getState()).toEqual(filled().getState());
    });

    it("lets the count of records wrap around, as Python's int32 does", () => {
      // Datarax 0.1.4 printed these: a reservoir of 2 writes place 0 when the count is negative.
      const buffer = new BufferSampler({ capacity: 2, writeMode: "reservoir", elementSpec: INT });
      pushAll(buffer, [0, 1, 2]);
      buffer.setState({ ...buffer.getState(), seen: 2 ** 31 - 1 });
      buffer.push({ x: 10 });
      expect(buffer.getState()).toMatchObject({
        seen: ndarray("int32", [], Int32Array.of(-(2 ** 31))),
        buffer: { x: ndarray("int32", [2], Int32Array.of(10, 1)) },
      });
    });
  });
});
