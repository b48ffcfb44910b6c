import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CheckpointTests, checkpointTests } from "./checkpoints.js";
import { runVectorTests } from "./run.js";
import { vectorTests } from "./vector-files.js";
import { isObject } from "./vector-test.js";

const VECTORS = fileURLToPath(new URL("../../docs/spec/vectors/", import.meta.url));
const CHECKPOINTS = fileURLToPath(new URL("../../fixtures/datarax/", import.meta.url));

describe("the vectors that Python made", () => {
  const tests = vectorTests(VECTORS);

  it("are all there", () => {
    expect(tests).toHaveLength(798);
  });

  it.each(tests.map(({ name, run }) => [name, run] as const))("%s", async (_, run) => {
    await expect((async () => run())()).resolves.toBeUndefined();
  });
});

describe("the checkpoints that Python saved", () => {
  let unpacked: CheckpointTests;
  beforeAll(async () => {
    unpacked = await checkpointTests(CHECKPOINTS);
  });
  afterAll(() => unpacked.remove());

  it("all give their state and go on with the same elements", async () => {
    const lines: string[] = [];
    const outcome = await runVectorTests(unpacked.tests, (line) => lines.push(line));
    expect(lines).toEqual([]);
    expect(outcome).toEqual({ passed: 14, failed: 0, skipped: 0 });
  });
});

describe("the runner", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "orbax-ts-vectors-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** What a vector file of one element does. */
  async function outcomeOf(vector: unknown) {
    writeFileSync(join(folder, "one.json"), JSON.stringify({ cases: [vector] }));
    return runVectorTests(vectorTests(folder), () => {});
  }

  /** The fields of each form whose smallest change has to be noticed. */
  const noticed: [file: string, list: string, index: number, fields: string[]][] = [
    ["index_shuffle", "cases", 60, ["order", "seed"]],
    ["index_shuffle", "rounds", 0, ["at", "seed", "rounds"]],
    ["threefry", "cases", 2, ["seed", "fold_in", "split2", "bits9", "uniform5", "randint", "permutation"]],
    ["threefry", "big_permutations", 0, ["first", "last", "fnv1a32_of_int32le", "seed"]],
    ["threefry", "streams", 1, ["calls", "rngs"]],
    ["threefry", "named", 0, ["create_rngs", "keys"]],
    ["threefry", "named", 1, ["per_record_keys_base", "indices", "keys"]],
    ["threefry", "categorical", 0, ["categorical_of_split24", "seed"]],
    ["numpy", "cases", 20, ["order", "seed"]],
    ["codec", "cases", 0, ["saved", "leaves", "restored"]],
    ["behaviour", "cases", 2, ["steps"]],
    ["samplers", "cases", 31, ["first", "state", "restored", "next"]],
    ["sources", "cases", 9, ["first", "state", "restored", "next"]],
    ["pipelines", "cases", 3, ["first", "state", "next"]],
    ["grain", "cases", 3, ["first", "next", "n"]],
    ["grain", "cases", 46, ["first", "state", "next"]],
    ["grain_workers", "cases", 2, ["elements", "states", "seed"]],
  ];
  const changes = noticed.flatMap(([file, list, index, fields]) =>
    fields.map((field) => [`${file} ${list} ${index}`, field, vectorAt(file, list, index)] as const),
  );

  it.each(changes)("%s: notices another %s", async (_, field, vector) => {
    expect(await outcomeOf(vector)).toEqual({ passed: 1, failed: 0, skipped: 0 });
    expect(await outcomeOf({ ...vector, [field]: changed(vector[field]) })).toEqual({
      passed: 0,
      failed: 1,
      skipped: 0,
    });
  });

  it("skips a class that this project has nothing for", async () => {
    expect(await outcomeOf({ class: "OtherSampler", config: {} })).toEqual({
      passed: 0,
      failed: 0,
      skipped: 1,
    });
  });

  it("fails a vector of a form that it does not know", async () => {
    expect(await outcomeOf({ something: "else" })).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

function vectorAt(file: string, list: string, index: number): { readonly [field: string]: unknown } {
  const json: { [list: string]: unknown[] } = JSON.parse(readFileSync(join(VECTORS, `${file}.json`), "utf8"));
  const vector = json[list]?.[index];
  if (isObject(vector)) return vector;
  throw new Error(`${file}.json has no ${list} ${index}`);
}

/** The same value with its last number one larger. */
function changed(value: unknown): unknown {
  if (typeof value === "number") return value + 1;
  const text = JSON.stringify(value);
  const match = [...text.matchAll(/(?<![\w."$])-?\d+(?:\.\d+)?(?![\w."])/g)].at(-1);
  if (match === undefined) throw new Error(`no number to change in ${text.slice(0, 60)}`);
  return JSON.parse(
    text.slice(0, match.index) + String(Number(match[0]) + 1) + text.slice(match.index + match[0].length),
  );
}
