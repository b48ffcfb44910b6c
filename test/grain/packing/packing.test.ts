import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IterDataset } from "../../../src/grain/iter-dataset.js";
import { BOSHandling } from "../../../src/grain/packing/concat-options.js";
import { ConcatThenSplitIterDataset } from "../../../src/grain/packing/concat-then-split-dataset.js";
import {
  BestFitPackIterDataset,
  FirstFitPackIterDataset,
} from "../../../src/grain/packing/pack-iter-dataset.js";
import { float, tuple } from "../../../src/pytree/value.js";
import { NdArray } from "../../../src/zarr/nd-array.js";
import { failure } from "../../failure.js";
import { listDataset } from "./list-dataset.js";
import { expectedTrace, iterate, MOST, resumed, traceOf } from "./packing-trace.js";
import { packingCases } from "./random-packing.js";
import { readVectors } from "./vectors.js";

const bins = { lengthStruct: { x: 4 }, numPackingBins: 2, shuffleBins: false };

/** The first bin, of a dataset with one element. */
function first(element: unknown, options: object = {}) {
  const dataset = new FirstFitPackIterDataset(listDataset([element]), { ...bins, ...options });
  return dataset[Symbol.iterator]().next();
}

describe("datasets that pack, against Grain", () => {
  for (const { name, dataset, trace } of readVectors().cases) {
    const packing = { dataset, forms: {} };
    const python = expectedTrace(trace, packing);

    it(`give elements, states and errors: ${name}`, () => {
      expect(traceOf(() => iterate(packing))).toEqual(python);
    });

    it(`go on from each of Grain's states, with their tuples: ${name}`, () => {
      const rests = trace.states.map((state) => resumed(packing, state).elements);
      expect(rests).toEqual(trace.states.map((_, position) => python.elements.slice(position)));
    });
  }
});

describe("datasets that pack", () => {
  it("go on from every position as if nothing had happened", () => {
    fc.assert(
      fc.property(packingCases, (packing) => {
        const { elements, states } = traceOf(() => iterate(packing));
        for (const [position, state] of states.entries()) {
          const rest = resumed(packing, JSON.parse(JSON.stringify(state)), MOST - position);
          expect(rest.elements).toEqual(elements.slice(position));
          expect(rest.states.slice(0, elements.length - position)).toEqual(
            states.slice(position, elements.length),
          );
        }
      }),
      { numRuns: 200 },
    );
  });

  it("give arrays of numbers for arrays of numbers", () => {
    const [bin] = new FirstFitPackIterDataset(listDataset([{ x: [7, 8] }, { x: [9.5] }]), bins);
    expect(bin).toEqual({ x: [7, 8, 9.5, 0], x_positions: [0, 1, 0, 0], x_segment_ids: [1, 1, 2, 0] });
  });

  it("give arrays of the dtype of typed arrays, and int32 beside them", () => {
    const [bin] = new BestFitPackIterDataset(listDataset([{ x: Uint8Array.of(7, 8) }]), bins);
    expect(bin).toEqual({
      x: new NdArray("uint8", [4], Uint8Array.of(7, 8, 0, 0)),
      x_positions: new NdArray("int32", [4], Int32Array.of(0, 1, 0, 0)),
      x_segment_ids: new NdArray("int32", [4], Int32Array.of(1, 1, 0, 0)),
    });
  });

  it("take numbers, bigints and Python's numbers for sequences of one", () => {
    const elements = [{ x: 5n }, { x: 6 }, { x: float(7.5) }, { x: true }];
    const [bin] = new FirstFitPackIterDataset(listDataset<unknown>(elements), bins);
    expect(bin?.["x"]).toEqual(new NdArray("int64", [4], BigInt64Array.of(5n, 6n, 7n, 1n)));
  });

  it("take tuples in trees of meta features", () => {
    const elements = [{ t: tuple([[1], [2, 3]]) }];
    const options = { ...bins, lengthStruct: { t: tuple([2, 2]) }, metaFeatures: ["t"] };
    const [bin] = new FirstFitPackIterDataset(listDataset(elements), options);
    expect(bin).toEqual({
      t: tuple([
        [1, 0],
        [2, 3],
      ]),
    });
  });

  it("wait for a parent that answers with promises", async () => {
    const elements = [[1, 2, 3], [4], [5, 6], [7, 8, 9]].map((x) => ({ x }));
    const late = listDataset(elements, async (value) => value);
    const atOnce = listDataset(elements);
    for (const make of [
      (parent: IterDataset<unknown>) => new FirstFitPackIterDataset(parent, bins),
      (parent: IterDataset<unknown>) => new ConcatThenSplitIterDataset(parent, { lengthStruct: { x: 4 } }),
    ]) {
      const iterator = make(late)[Symbol.asyncIterator]();
      const first = await iterator.next();
      const state = await iterator.getState();
      const again = make(late)[Symbol.asyncIterator]();
      await again.setState(state);
      const rest: unknown[] = [];
      for await (const packed of again) rest.push(packed);
      expect([first.value, ...rest]).toEqual([...make(atOnce)]);
    }
  });
});

describe("a state that does not fit", () => {
  const elements = [{ x: [1, 2, 3] }, { x: [4, 5, 6] }];
  const packed = new FirstFitPackIterDataset(listDataset(elements), bins)[Symbol.iterator]();
  const joined = new ConcatThenSplitIterDataset(listDataset(elements), { lengthStruct: { x: 4 } })[
    Symbol.iterator
  ]();
  const parent = { next_index: 0 };
  const concat = {
    parent_state: parent,
    remainder_slices: { x: [-1, -1] },
    elements_from_buffer_after_checkpoint: 0,
  };

  it.each([
    ["no counter", { parent, next_row: 0 }, { field: "counter", pythonType: "KeyError" }],
    ["a negative row", { parent, next_row: -1, counter: 0 }, { field: "next_row" }],
    ["a fraction", { parent, next_row: 0.5, counter: 0 }, { field: "next_row" }],
    ["no dict for the parent", { parent: 3, next_row: 0, counter: 0 }, { field: "parent" }],
    ["another iterator's", concat, { pythonType: "KeyError" }],
  ])("is refused by bins: %s", (_, state, details) => {
    const before = packed.getState();
    expect(() => packed.setState(state)).toThrow(failure("INVALID_ARGUMENT", details));
    expect(packed.getState()).toEqual(before);
  });

  it("tells of a row that a batch does not have when it is asked for", () => {
    const iterator = new FirstFitPackIterDataset(listDataset(elements), bins)[Symbol.iterator]();
    iterator.setState({ parent, next_row: 9, counter: 9 });
    expect(() => iterator.next()).toThrow("index 9 is out of bounds for axis 0 with size 2");
  });

  it.each([
    ["a slice of one number", { ...concat, remainder_slices: { x: [1] } }, { field: "remainder_slices.x" }],
    ["a negative start", { ...concat, remainder_slices: { x: [-2, 1] } }, { field: "remainder_slices.x" }],
    ["slices of another feature", { ...concat, remainder_slices: { y: [0, 1] } }, { pythonType: "KeyError" }],
    [
      "more elements than are packed at once",
      { ...concat, elements_from_buffer_after_checkpoint: 2 ** 52 },
      { field: "elements_from_buffer_after_checkpoint" },
    ],
  ])("is refused by concatenation: %s", (_, state, details) => {
    const before = joined.getState();
    expect(() => joined.setState(state)).toThrow(failure("INVALID_ARGUMENT", details));
    expect(joined.getState()).toEqual(before);
  });

  it.each([
    [
      {},
      "missing 3 required keyword-only arguments: 'parent_state', 'remainder_slices', and 'elements_from_buffer_after_checkpoint'",
    ],
    [
      { parent_state: parent, remainder_slices: {} },
      "missing 1 required keyword-only argument: 'elements_from_buffer_after_checkpoint'",
    ],
    [{ ...concat, foo: 1 }, "got an unexpected keyword argument 'foo'"],
  ])("is refused by concatenation with Python's words: %#", (state, message) => {
    expect(() => joined.setState(state)).toThrow(`_CtsState.__init__() ${message}`);
  });

  it("is refused where the element is gone of which something is left over", () => {
    const state = { ...concat, parent_state: { next_index: 2 }, remainder_slices: { x: [0, 1] } };
    expect(() => joined.setState(state)).toThrow(
      "Got unexpected StopIteration from parent when restoring checkpoint _CtsState(parent_state={'next_index': 2}, " +
        "remainder_slices={'x': (0, 1)}, elements_from_buffer_after_checkpoint=0)",
    );
  });

  it("may lack the slices that Orbax loses where all features are meta features", () => {
    const options = { lengthStruct: { m: 3 }, metaFeatures: ["m"] };
    const iterator = new ConcatThenSplitIterDataset(listDataset([{ m: [1, 2] }]), options)[Symbol.iterator]();
    iterator.setState({ parent_state: parent, elements_from_buffer_after_checkpoint: 0 });
    expect([...iterator]).toEqual([{ m: [1, 2, 0] }]);
  });
});

describe("an element that does not fit", () => {
  it("is refused without a feature", () => {
    expect(() => first({ y: [1] })).toThrow(
      failure("INVALID_ARGUMENT", { key: "x", pythonType: "KeyError" }),
    );
  });

  it("is refused without a meta feature", () => {
    expect(() => first({ x: [1] }, { metaFeatures: ["m"] })).toThrow(
      failure("INVALID_ARGUMENT", { key: "m" }),
    );
  });

  it("is refused if it is no dict", () => {
    expect(() => first([1, 2])).toThrow(failure("INVALID_ARGUMENT", { pythonType: "TypeError" }));
  });

  it("is refused with a feature of strings", () => {
    expect(() => first({ x: "abc" })).toThrow(failure("UNSUPPORTED"));
  });

  it("is refused where bins would take more memory than there is", () => {
    expect(() => first({ x: [1] }, { numPackingBins: 2 ** 50 })).toThrow(failure("LIMIT_EXCEEDED"));
  });

  it("is refused where a meta feature leaves no room for it", () => {
    const options = { lengthStruct: { x: 4, m: 1 }, metaFeatures: ["m"] };
    const dataset = new ConcatThenSplitIterDataset(listDataset([{ x: [1], m: [1, 2] }]), options);
    expect(() => [...dataset]).toThrow(failure("INVALID_ARGUMENT", { pythonType: "PyGrainInternalError" }));
  });
});

describe("options that do not fit", () => {
  it.each([
    ["padding of other features", { paddingStruct: { y: 0 } }, "ValueError"],
    ["padding of no feature", { paddingStruct: 5 }, "ValueError"],
    ["a fraction of a length", { lengthStruct: { x: 2.5 } }, "TypeError"],
    ["a fraction of a bin", { numPackingBins: 2.5 }, "TypeError"],
    ["a fractional seed", { seed: 1.5, shuffleBins: true }, "TypeError"],
    [
      "bins by a feature that is not there",
      { shuffleBins: true, shuffleBinsGroupByFeature: "q" },
      "KeyError",
    ],
  ])("are refused: %s", (_, options, pythonType) => {
    expect(() => first({ x: [1] }, options)).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
  });

  it("are refused at once where beginnings are to be set without a token", () => {
    const options = { lengthStruct: { x: 4 }, bosHandling: BOSHandling.REPLACE_FIRST_TOKEN_WITH_BOS };
    expect(() => new ConcatThenSplitIterDataset(listDataset([]), options)).toThrow(
      "bos_token_id must be set if bos_handling is BOSHandling.REPLACE_FIRST_TOKEN_WITH_BOS.",
    );
  });
});
