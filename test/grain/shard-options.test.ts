import { assert, integer, nat, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  evenSplit,
  noSharding,
  ShardOptions,
  shardByJaxProcess,
  shardOptionsRepr,
} from "../../src/grain/shard-options.js";
import { failure } from "../failure.js";

describe("ShardOptions", () => {
  it("has Python's text, that of its own class included", () => {
    expect(shardOptionsRepr(new ShardOptions({ shardIndex: 1, shardCount: 3, dropRemainder: true }))).toBe(
      "ShardOptions(shard_index=1, shard_count=3, drop_remainder=True)",
    );
    expect(shardOptionsRepr(noSharding())).toBe(
      "NoSharding(shard_index=0, shard_count=1, drop_remainder=False)",
    );
    expect(shardOptionsRepr(shardByJaxProcess({ processIndex: 2, processCount: 4 }))).toBe(
      "ShardByJaxProcess(shard_index=2, shard_count=4, drop_remainder=False)",
    );
  });

  it("refuses in Python's words a count below 1 and an index outside it", () => {
    expect(() => new ShardOptions({ shardIndex: 0, shardCount: 0 })).toThrow(
      "Number of shards must be a positive integer but got 0.",
    );
    for (const shardIndex of [-1, 2]) {
      expect(() => new ShardOptions({ shardIndex, shardCount: 2 })).toThrow(
        `Shard shard_index must be in [0, shard_count - 1], shard_count was 2 and shard_index was ${shardIndex}.`,
      );
    }
  });

  it("refuses what is no integer", () => {
    for (const shardCount of [1.5, Number.NaN, 2 ** 60]) {
      expect(() => new ShardOptions({ shardIndex: 0, shardCount })).toThrow(failure("INVALID_ARGUMENT"));
    }
  });
});

describe("evenSplit", () => {
  it("gives the first shards one record more", () => {
    expect([0, 1, 2].map((shardIndex) => evenSplit(10, { shardIndex, shardCount: 3 }))).toEqual([
      [0, 4],
      [4, 7],
      [7, 10],
    ]);
  });

  it("leaves the rest out if it is asked to", () => {
    const dropping = { shardCount: 3, dropRemainder: true };
    expect([0, 1, 2].map((shardIndex) => evenSplit(10, { shardIndex, ...dropping }))).toEqual([
      [0, 3],
      [3, 6],
      [6, 9],
    ]);
  });

  it("covers all records with neighbouring shards", () => {
    const sizes = record({ records: nat(), shardCount: integer({ min: 1, max: 50 }) });
    assert(
      property(sizes, ({ records, shardCount }) => {
        let end = 0;
        for (let shardIndex = 0; shardIndex < shardCount; shardIndex++) {
          const [start, next] = evenSplit(records, { shardIndex, shardCount });
          expect(start).toBe(end);
          end = next;
        }
        expect(end).toBe(records);
      }),
    );
  });

  it("refuses numbers of records that cannot be", () => {
    for (const records of [-1, 1.5, Number.POSITIVE_INFINITY]) {
      expect(() => evenSplit(records, noSharding())).toThrow(failure("INVALID_ARGUMENT"));
    }
  });
});
