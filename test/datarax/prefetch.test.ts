import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prefetch } from "../../src/datarax/prefetch.js";
import { EpochAwareSamplerModule } from "../../src/datarax/samplers/epoch-aware-sampler.js";
import { ShuffleSampler } from "../../src/datarax/samplers/shuffle-sampler.js";
import { collect } from "../elements.js";

const sampler = () => new ShuffleSampler({ datasetSize: 20, seed: 7 });
const order = [...sampler()];
const double = (index: number) => Promise.resolve(index * 2);
const inAnyOrder = (index: number) =>
  new Promise<number>((resolve) => setTimeout(() => resolve(index), (index * 7) % 5));

describe("prefetch", () => {
  it("hands out what fetch makes of each element, in the stream's order", async () => {
    expect(await collect(prefetch(sampler(), { fetch: double }))).toEqual(order.map((index) => index * 2));
  });

  it("keeps the order whichever fetch ends first", async () => {
    expect(await collect(prefetch(sampler(), { fetch: inAnyOrder, bufferSize: 8 }))).toEqual(order);
  });

  it("fetches bufferSize elements ahead, and no more", async () => {
    const started: number[] = [];
    const stream = prefetch(sampler(), { fetch: (index) => started.push(index), bufferSize: 3 });
    await stream.next();
    expect(started).toEqual(order.slice(0, 4));
    await stream.next();
    expect(started).toEqual(order.slice(0, 5));
  });

  it("saves the state of the last element handed out, however far it read", async () => {
    const plain = sampler();
    const ahead = prefetch(sampler(), { fetch: double, bufferSize: 6 });
    for (let count = 0; count <= order.length; count++) {
      expect(await ahead.getState()).toEqual(plain.getState());
      plain.next();
      await ahead.next();
    }
    expect(await ahead.getState()).toEqual(plain.getState());
  });

  it("has the state behind the end that the stream has", async () => {
    const options = { numRecords: 3, numEpochs: 2, rngs: { default: 0 } };
    const plain = new EpochAwareSamplerModule(options);
    const ahead = prefetch(new EpochAwareSamplerModule(options), { fetch: double });
    await collect(ahead);
    for (const _ of plain);
    expect(await ahead.getState()).toEqual(plain.getState());
  });

  it("goes on with the same elements after any stop", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(20), fc.nat(6), fc.nat(6), async (taken, bufferSize, other) => {
        const first = prefetch(sampler(), { fetch: double, bufferSize });
        for (let count = 0; count < taken; count++) await first.next();
        const second = prefetch(sampler(), { fetch: double, bufferSize: other });
        await second.next();
        await second.setState(await first.getState());
        expect(await collect(second)).toEqual(order.slice(taken).map((index) => index * 2));
      }),
      { numRuns: 60 },
    );
  });

  it("fetches an element again whose fetch failed, and loses none", async () => {
    let failures = 0;
    const stream = prefetch(sampler(), {
      fetch: async (index) => {
        if (index === order[2] && failures++ < 2) throw new Error("no connection");
        return index;
      },
    });
    const seen: number[] = [];
    while (seen.length < order.length) {
      const state = await stream.getState();
      try {
        const { value } = await stream.next();
        if (value !== undefined) seen.push(value);
      } catch {
        expect(await stream.getState()).toEqual(state);
      }
    }
    expect(seen).toEqual(order);
    expect(failures).toBe(3);
  });

  it("answers calls at the same time in their order", async () => {
    const stream = prefetch(sampler(), { fetch: double });
    const [a, b, state, c] = await Promise.all([
      stream.next(),
      stream.next(),
      stream.getState(),
      stream.next(),
    ]);
    expect([a, b, c].map(({ value }) => value)).toEqual(order.slice(0, 3).map((index) => index * 2));
    const plain = sampler();
    plain.next();
    plain.next();
    expect(state).toEqual(plain.getState());
  });

  it("aborts what is under way when it is closed or goes elsewhere", async () => {
    const signals: AbortSignal[] = [];
    const stream = prefetch(sampler(), {
      fetch: (index, { signal }) => {
        signals.push(signal);
        return index;
      },
    });
    await stream.next();
    await stream.setState(sampler().getState());
    expect(signals.every((signal) => signal.aborted)).toBe(true);
    expect((await stream.next()).value).toBe(order[0]);
    stream.close();
    expect(signals.every((signal) => signal.aborted)).toBe(true);
    expect((await stream.next()).done).toBe(true);
  });

  it("is as before when the stream refuses a state", async () => {
    const stream = prefetch(sampler(), { fetch: double });
    await stream.next();
    await expect(stream.setState({ nothing: 1 })).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await stream.next()).value).toBe((order[1] ?? 0) * 2);
  });

  it("hands out what the stream gave before it threw, and asks it again", async () => {
    const inner = sampler();
    let calls = 0;
    const stream = prefetch(
      {
        next() {
          if (++calls === 3) throw new Error("no third");
          return inner.next();
        },
        getState: () => inner.getState(),
        setState: (state) => inner.setState(state),
      },
      { fetch: double, bufferSize: 4 },
    );
    const [first = 0, second = 0, third = 0] = order;
    expect((await stream.next()).value).toBe(first * 2);
    expect((await stream.next()).value).toBe(second * 2);
    const state = await stream.getState();
    await expect(stream.next()).rejects.toThrow("no third");
    expect(await stream.getState()).toEqual(state);
    expect((await stream.next()).value).toBe(third * 2);
  });

  it("loses no element behind which the stream gave no state", async () => {
    const inner = sampler();
    let calls = 0;
    const stream = prefetch(
      {
        next: () => inner.next(),
        async getState() {
          if (++calls % 3 === 0) throw new Error("no state");
          return inner.getState();
        },
        setState: (state) => inner.setState(state),
      },
      { fetch: double },
    );
    const seen: number[] = [];
    for (let result; result?.done !== true; ) {
      result = await stream.next().catch(() => undefined);
      if (result?.value !== undefined) seen.push(result.value);
    }
    expect(seen).toEqual(order.map((index) => index * 2));
  });

  it("ends a next that waits for ever when it is closed, and goes on from a state", async () => {
    let isStuck = true;
    const stream = prefetch(sampler(), {
      fetch: (index) => (isStuck ? new Promise<number>(() => {}) : index),
    });
    const state = await stream.getState();
    const waiting = stream.next();
    const behind = stream.getState();
    await new Promise((resolve) => setImmediate(resolve));
    stream.close();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await behind).toEqual(state);
    isStuck = false;
    await stream.setState(state);
    expect(await collect(stream)).toEqual(order);
  });

  it("keeps its state when it is closed, however far it read", async () => {
    const stream = prefetch(sampler(), { fetch: double, bufferSize: 6 });
    await stream.next();
    const state = await stream.getState();
    stream.close();
    expect((await stream.next()).done).toBe(true);
    expect(await stream.getState()).toEqual(state);
  });

  it("fetches nothing any more when it was closed while the stream was asked", async () => {
    const inner = sampler();
    const fetched: number[] = [];
    const stream = prefetch(
      {
        async next() {
          await new Promise((resolve) => setImmediate(resolve));
          return inner.next();
        },
        getState: () => inner.getState(),
        setState: (state) => inner.setState(state),
      },
      { fetch: (index: number) => fetched.push(index) },
    );
    const waiting = stream.next();
    await Promise.resolve();
    stream.close();
    expect((await waiting).done).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await stream.next()).done).toBe(true);
    expect(fetched).toEqual([]);
  });

  it("refuses a buffer size that cannot be", () => {
    for (const bufferSize of [-1, 0.5, Number.NaN]) {
      expect(() => prefetch(sampler(), { fetch: double, bufferSize })).toThrow(/bufferSize/u);
    }
  });
});
