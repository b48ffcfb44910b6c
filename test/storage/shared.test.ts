import { describe, expect, it } from "vitest";
import { Shared } from "../../src/storage/shared.js";

/** A value that is made when the test says so. */
function shared() {
  const started: {
    readonly signal: AbortSignal | undefined;
    readonly resolve: (value: number) => void;
    readonly reject: (reason: unknown) => void;
  }[] = [];
  const value = new Shared<number>(
    (options) =>
      new Promise((resolve, reject) => {
        started.push({ signal: options?.signal, resolve, reject });
      }),
  );
  return { value, started };
}

describe("a shared value", () => {
  it("is made once for all who ask", async () => {
    const { value, started } = shared();
    const answers = [value.get(), value.get()];
    started[0]?.resolve(5);
    expect(await Promise.all(answers)).toEqual([5, 5]);
    expect(await value.get()).toBe(5);
    expect(started).toHaveLength(1);
  });

  it("is made again after a failure, for whoever asks later", async () => {
    const { value, started } = shared();
    const first = value.get();
    started[0]?.reject(new Error("no"));
    await expect(first).rejects.toThrow("no");
    const second = value.get();
    started[1]?.resolve(6);
    expect(await second).toBe(6);
  });

  it("is made again for whoever waited, when the one who started it aborted", async () => {
    const { value, started } = shared();
    const controller = new AbortController();
    const aborted = value.get({ signal: controller.signal });
    const waiting = value.get();
    expect(started[0]?.signal).toBe(controller.signal);
    started[0]?.reject(new Error("aborted"));
    await expect(aborted).rejects.toThrow("aborted");
    await Promise.resolve();
    started[1]?.resolve(7);
    expect(await waiting).toBe(7);
  });

  it("is not made again for one who waited and has aborted, too", async () => {
    const { value, started } = shared();
    const controller = new AbortController();
    const first = value.get();
    const waiting = value.get({ signal: controller.signal });
    controller.abort(new Error("enough"));
    started[0]?.reject(new Error("no"));
    await expect(first).rejects.toThrow("no");
    await expect(waiting).rejects.toThrow("enough");
    expect(started).toHaveLength(1);
  });
});
