import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  dataraxExpected,
  dataraxNames,
  directoryOf,
  temporaryDirectory,
  treeOfArrays,
  unpackDatarax,
  zarray,
} from "./fixtures.js";
import { runCli } from "./run-cli.js";

let bases: string;

beforeAll(() => {
  bases = mkdtempSync(join(tmpdir(), "orbax-ts-cli-"));
  unpackDatarax(bases);
});

afterAll(() => rmSync(bases, { recursive: true, force: true }));

type Restored = { readonly step: number; readonly state: unknown; readonly metadata: unknown };

const restores = dataraxNames().flatMap((name) =>
  dataraxExpected(name).restore.map((restored: Restored) => [name, restored.step, restored] as const),
);

/** A dict with int keys may be an object with decimal keys. */
function withoutMaps(_: string, value: unknown): unknown {
  const isMap = typeof value === "object" && value !== null && "$map" in value;
  return isMap && Array.isArray(value.$map) ? Object.fromEntries(value.$map) : value;
}

/** The step that is printed for the base directory with an unversioned checkpoint. */
async function stepOf(...options: string[]): Promise<unknown> {
  const argv = ["state", join(bases, "user_iterator_types"), "--json", ...options];
  return JSON.parse((await runCli(argv)).out).step;
}

describe("state --json", () => {
  it.each(restores)("prints what Python restores from %s at step %d", async (name, step, restored) => {
    const { code, out, err } = await runCli(["state", join(bases, name), "--json", "--step", String(step)]);
    expect([code, err]).toEqual([0, ""]);
    expect(out.indexOf("\n")).toBe(out.length - 1);
    const found = JSON.parse(out, withoutMaps);
    const { state, metadata } = JSON.parse(JSON.stringify(restored), withoutMaps);
    expect(found.state).toEqual(state);
    expect(found.metadata).toEqual(metadata);
    expect([step, null]).toContain(found.step);
  });

  it("gives the number that was read, null for the unversioned checkpoint", async () => {
    expect(await stepOf()).toBe(3);
    expect(await stepOf("--step", "3")).toBe(3);
    expect(await stepOf("--step=99")).toBe(null);
  });

  it("prints the same on more lines without --json", async () => {
    const path = join(bases, "user_iterator_types");
    const one = await runCli(["state", path, "--json"]);
    const more = await runCli(["state", path]);
    expect(more.out.split("\n").length).toBeGreaterThan(50);
    expect(JSON.parse(more.out)).toEqual(JSON.parse(one.out));
  });

  it("keeps the sign of a zero in an array", async () => {
    const path = directoryOf({
      "ckpt-1/_METADATA": treeOfArrays(["a"]),
      "ckpt-1/a/.zarray": zarray([1], { dtype: "<f4", fill_value: -0.5 }),
      "ckpt-1/a/0": Uint8Array.of(0, 0, 0, 0x80 /* -0.0 */),
    });
    const { out } = await runCli(["state", path, "--json"]);
    expect(out).toContain('"data":[-0.0]');
  });
});

describe("state where Python raises ValueError", () => {
  it.each([
    ["a step that is not there", "shuffle_sampler", ["--step", "77"], "Checkpoint not found for step 77"],
    ["a negative step", "shuffle_sampler", ["--step=-4"], "Checkpoint not found for step -4"],
    [
      "a negative step as the next argument",
      "shuffle_sampler",
      ["--step", "-4"],
      "Checkpoint not found for step -4",
    ],
  ])("says its words for %s", async (_, name, options, message) => {
    const path = join(bases, name);
    expect(await runCli(["state", path, "--json", ...options])).toEqual({
      code: 2,
      out: "",
      err: `orbax-ts: ${path}: ${message}\n`,
    });
  });

  it("says its words for a directory that is not there, however that is written", async () => {
    const path = join(temporaryDirectory(), "none");
    for (const typed of [path, `${path}/`, path.replace("/none", "//./none")]) {
      const { err } = await runCli(["state", typed, "--json"]);
      expect(err).toContain(`Checkpoint directory not found: ${path}\n`);
    }
  });

  it("says its words for a directory without checkpoints", async () => {
    const path = temporaryDirectory();
    mkdirSync(join(path, "other"));
    const { code, err } = await runCli(["state", path, "--json"]);
    expect([code, err]).toEqual([2, `orbax-ts: ${path}: No checkpoints found in ${path}\n`]);
  });

  it("says that an empty step has no metadata file", async () => {
    const path = temporaryDirectory();
    mkdirSync(join(path, "ckpt-9"));
    const { code, err } = await runCli(["state", path, "--json"]);
    const message = `Metadata file (named _METADATA) does not exist at ${path}/ckpt-9.`;
    expect([code, err]).toEqual([2, `orbax-ts: ${path}: ${message}\n`]);
  });
});
