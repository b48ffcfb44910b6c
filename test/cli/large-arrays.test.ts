import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entry, zarr2 } from "../hostile/hand-item.js";
import { runCli } from "./run-cli.js";

/** A fresh optimizer state of 8 GB, of which no chunk is stored: all zeros. */
const SHAPE = [2 ** 16, 2 ** 15];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orbax-ts-large-"));
  await mkdir(join(folder, "mu"));
  await writeFile(
    join(folder, "_METADATA"),
    JSON.stringify({
      tree_metadata: { mu: entry(["mu"], "np.ndarray") },
      use_ocdbt: false,
      use_zarr3: false,
    }),
  );
  await writeFile(join(folder, "mu", ".zarray"), zarr2("<f4", SHAPE, { fill_value: 0 }));
});
afterAll(() => rm(folder, { recursive: true }));

describe("an array that stands for gigabytes in a few bytes", () => {
  it("is shown, since no element of it is read", async () => {
    const { code, out, err } = await runCli(["show", folder]);
    expect(err).toBe("");
    expect(out).toContain("[65536, 32768]");
    expect(code).toBe(0);
  });

  it("counts with all its elements in show --json", async () => {
    const { out } = await runCli(["show", folder, "--json"]);
    expect(JSON.parse(out).totals).toMatchObject({ parameters: 2 ** 31, bytes: 2 ** 33 });
  });

  it("is refused by dump, which names the limit", async () => {
    const { code, out, err } = await runCli(["dump", folder, "--json"]);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).toMatch(/mu.*limit arrayBytes/u);
  });
});
