import { describe, expect, it } from "vitest";
import { MapDataset } from "../../../src/grain/map-dataset.js";
import type { MaybePromise } from "../../../src/grain/maybe-promise.js";
import type { ReadOptions } from "../../../src/grain/read-options.js";
import { failure } from "../../failure.js";

/** A source that answers an index when it is told to, and what was asked for. */
function heldBack(length: number) {
  const asked: number[] = [];
  const waiting = new Map<number, { give(): void; fail(): void }>();
  const get = (index: number): MaybePromise<number> => {
    asked.push(index);
    return new Promise((resolve, reject) => {
      waiting.set(index, { give: () => resolve(index), fail: () => reject(new Error(`no ${index}`)) });
    });
  };
  const answer = async (index: number, how: "give" | "fail" = "give"): Promise<void> => {
    await eventLoop();
    waiting.get(index)?.[how]();
    await eventLoop();
  };
  const iterate = (readOptions: ReadOptions = {}) => {
    const dataset = MapDataset.source({ length, get }).toIterDataset({ readOptions });
    return dataset[Symbol.asyncIterator]();
  };
  return { asked, answer, iterate };
}

function eventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A source that was asked for its first element, and has given it. */
async function started(length: number, readOptions?: ReadOptions) {
  const source = heldBack(length);
  const iterator = source.iterate(readOptions);
  const first = iterator.next();
  await source.answer(0);
  expect(await first).toEqual({ done: false, value: 0 });
  return { ...source, iterator };
}

describe("reading ahead", () => {
  it("asks for numThreads elements at a time, in order", async () => {
    const { asked, answer, iterator } = await started(99, { numThreads: 3 });
    void iterator.next();
    await answer(1);
    expect(asked).toEqual([0, 1, 2, 3, 4]);
    await answer(4);
    expect(asked).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("has Grain's 16 and 500 by default, and ends with the dataset", async () => {
    const { asked, answer, iterator } = await started(700);
    void iterator.next();
    await eventLoop();
    expect(asked).toHaveLength(1 + 16);
    for (let index = 1; index <= 600; index++) await answer(index);
    expect(asked).toHaveLength(2 + 500); // one given, one wanted no more, 500 that lie ready
    for (let index = 2; index < 700; index++) {
      await iterator.next();
      await answer(500 + index);
    }
    expect(asked).toHaveLength(700);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it("holds no more than prefetchBufferSize elements", async () => {
    const { asked, answer, iterator } = await started(99, { prefetchBufferSize: 2 });
    const second = iterator.next();
    await answer(2);
    await answer(3);
    expect(asked).toEqual([0, 1, 2, 3]);
    await answer(1);
    await second;
    await iterator.next();
    expect(asked).toEqual([0, 1, 2, 3, 4]);
  });

  it.each([{ prefetchBufferSize: 0 }, { numThreads: 0 }])("is turned off by %j", async (readOptions) => {
    const { asked, answer, iterator } = await started(99, readOptions);
    void iterator.next();
    await answer(1);
    expect(asked).toEqual([0, 1]);
  });

  it("keeps the order whichever element comes first, and counts what was given", async () => {
    const { answer, iterator } = await started(9);
    const [second, third] = [iterator.next(), iterator.next()];
    await answer(2);
    await answer(3);
    await answer(1);
    expect(await second).toEqual({ done: false, value: 1 });
    expect(await third).toEqual({ done: false, value: 2 });
    expect(await iterator.getState()).toEqual({ next_index: 3 });
  });

  it("throws an error where its element would have come, and asks for that again", async () => {
    const { asked, answer, iterator } = await started(9, { numThreads: 4 });
    const second = iterator.next();
    await answer(2, "fail");
    await answer(3);
    expect(asked).toEqual([0, 1, 2, 3, 4]); // nothing more while an error waits for its turn
    await answer(1);
    expect(await second).toEqual({ done: false, value: 1 });
    await expect(iterator.next()).rejects.toThrow("no 2");
    expect(await iterator.getState()).toEqual({ next_index: 2 });
    const again = iterator.next();
    await answer(2);
    expect(await again).toEqual({ done: false, value: 2 });
    expect(await iterator.next()).toEqual({ done: false, value: 3 });
    expect(asked.filter((index) => index === 3)).toEqual([3]);
  });

  it("throws what a function throws that was called ahead, at its element", async () => {
    const dataset = MapDataset.range(6)
      .map((x) => (x % 2 === 0 ? Promise.resolve(x) : x))
      .map((x) => {
        if (x === 3) throw new Error("no 3");
        return x;
      });
    const iterator = dataset[Symbol.asyncIterator]();
    const seen: unknown[] = [];
    for (let step = 0; step < 5; step++) {
      seen.push(await iterator.next().then(({ value }) => value, String));
    }
    expect(seen).toEqual([0, 1, 2, "Error: no 3", "Error: no 3"]);
  });

  it("calls functions of a source that answers at once when their element is wanted", async () => {
    const asked: number[] = [];
    const dataset = MapDataset.range(9).map((x) => asked.push(x));
    const iterator = dataset[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
    expect(asked).toEqual([0, 1]);
  });

  it("goes on elsewhere when a state says so, whatever comes of what was asked for", async () => {
    const { answer, iterator } = await started(9);
    const second = iterator.next();
    await answer(1);
    await second;
    await iterator.setState({ next_index: 7 });
    const seventh = iterator.next();
    await answer(2, "fail");
    await answer(7);
    expect(await seventh).toEqual({ done: false, value: 7 });
  });

  it.each([
    [{ numThreads: -1 }, "num_threads must be non-negative, got -1", "ValueError"],
    [{ prefetchBufferSize: -2 }, "prefetch_buffer_size must be non-negative, got -2", "ValueError"],
    [{ prefetchBufferSize: 0.5 }, "prefetch_buffer_size must be non-negative, got 0.5", "TypeError"],
  ])("refuses %j", (readOptions, message, pythonType) => {
    const refused = () => MapDataset.range(3).toIterDataset({ readOptions });
    expect(refused).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
    expect(refused).toThrow(message);
  });
});
