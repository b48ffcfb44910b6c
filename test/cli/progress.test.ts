import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Progress } from "../../src/cli/progress.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function progressOn(isTerminal: boolean) {
  const writes: string[] = [];
  const stream = { isTerminal, columns: 80, write: async (text: string) => void writes.push(text) };
  return { writes, progress: new Progress({ out: stream, err: stream, env: {} }, "reading") };
}

describe("Progress", () => {
  it("is silent during the first second, then shows a line and takes it away", async () => {
    const { writes, progress } = progressOn(true);
    vi.advanceTimersByTime(900);
    await progress.show(1, 4);
    expect(writes).toEqual([]);
    vi.advanceTimersByTime(200);
    await progress.show(2, 4);
    await progress.show(3, 4); // too soon after the last
    expect(writes).toEqual(["\r\u001b[Kreading 50 %"]);
    await progress.end();
    expect(writes.at(-1)).toBe("\r\u001b[K");
  });

  it("writes nothing where no terminal is", async () => {
    const { writes, progress } = progressOn(false);
    vi.advanceTimersByTime(5000);
    await progress.show(1, 2);
    await progress.end();
    expect(writes).toEqual([]);
  });
});
