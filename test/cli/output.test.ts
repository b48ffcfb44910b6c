import { describe, expect, it } from "vitest";
import { Output } from "../../src/cli/output.js";

function collected() {
  const writes: string[] = [];
  const write = async (text: string) => void writes.push(text);
  return { writes, output: new Output({ isTerminal: false, columns: undefined, write }) };
}

describe("Output", () => {
  it("writes nothing before there is much, so that a command can fail without a trace", async () => {
    const { writes, output } = collected();
    for (let index = 0; index < 1000; index++) {
      output.push("x".repeat(4000));
      await output.drain();
    }
    expect(writes).toEqual([]);
    await output.end();
    expect(writes.map(({ length }) => length)).toEqual([4_000_000]);
  });

  it("writes smaller pieces once it has begun", async () => {
    const { writes, output } = collected();
    output.push("x".repeat(5_000_000));
    await output.drain();
    output.push("y".repeat(300_000));
    await output.drain();
    output.push("z");
    await output.drain();
    expect(writes.map(({ length }) => length)).toEqual([5_000_000, 300_000]);
    await output.end();
    expect(writes.at(-1)).toBe("z");
  });

  it("writes nothing at the end where nothing was pushed", async () => {
    const { writes, output } = collected();
    await output.end();
    expect(writes).toEqual([]);
  });
});
