import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { disagreements, isRandomCheckpoint, seededRandom } from "./checkpoint-agreement.js";
import { type Oracle, startOracle } from "./oracle.js";
import { isLong } from "./random-runs.js";

const folder = mkdtempSync(join(tmpdir(), "orbax-ts-projects-"));
let oracle: Oracle;
beforeAll(async () => {
  oracle = await startOracle({ devices: 8 });
});
afterAll(async () => {
  await oracle.stop();
  rmSync(folder, { recursive: true, force: true });
});

const SAVERS = ["pytree", "standard", "v1", "files", "zarr3"];

/** Every tree is saved in one of these ways in turn; in all of them in long runs. */
function saversOf(name: string, number: number): readonly string[] {
  if (isLong) return SAVERS;
  // An array of its own for each of thousands of leaves takes Python many seconds.
  return name.startsWith("2000") ? ["pytree"] : SAVERS.slice(number % SAVERS.length).slice(0, 1);
}

describe("trees of real programs", () => {
  it("are read as Orbax restores them", { timeout: 600_000 }, async () => {
    const names = await oracle.call("project_names");
    if (!Array.isArray(names)) throw new Error("no names of trees");
    const found: string[] = [];
    for (const [number, name] of names.entries()) {
      for (const saver of saversOf(String(name), number)) {
        const checkpoint = await oracle.call("project_checkpoint", {
          folder: join(folder, "case"),
          name,
          saver,
        });
        if (!isRandomCheckpoint(checkpoint)) throw new Error(`${name}: no checkpoint`);
        const lines = await disagreements(checkpoint, { random: seededRandom(number) });
        found.push(...lines.map((line) => `${name}, ${saver}: ${line}`));
      }
    }
    expect(names.length).toBeGreaterThan(10);
    expect(found).toEqual([]);
  });
});
