import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const PYTHON = fileURLToPath(new URL("../../.oracle/bin/python", import.meta.url));
const COMPARE = fileURLToPath(new URL("../../scripts/oracle/compare.py", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "orbax-ts-compare-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs compare.py over two JSON texts. */
function compare(ours: string, python: string): { status: number | null; stdout: string; stderr: string } {
  writeFileSync(join(folder, "ours.json"), ours);
  writeFileSync(join(folder, "python.json"), python);
  return spawnSync(PYTHON, [COMPARE, "ours.json", "python.json"], { cwd: folder, encoding: "utf8" });
}

const array = (dtype: string, data: string): string =>
  `{"state":{"a":{"$array":{"kind":"numpy","dtype":"${dtype}","shape":[1],"data":[${data}]}}}}`;
const leaf = (dtype: string, value: string): string =>
  `{"kind":"pytree","leaves":[{"path":["a"],"kind":"scalar","dtype":"${dtype}","shape":[],"values":["${value}"]}]}`;

describe("compare.py", () => {
  it.each([
    ["the order of keys", '{"a":1,"b":2}', '{"b":2,"a":1}'],
    ["a float's digits", '{"a":{"$float":"0.00001"}}', '{"a":{"$float":"1e-05"}}'],
    ["an integral float of an array", array("float32", "1"), array("float32", "1.0")],
    ["a negative zero of an array", array("float32", "-0"), array("float32", "-0.0")],
    ["infinity", array("float32", '"Infinity"'), array("float32", '"inf"')],
    ["int keys", '{"a":{"0":5,"7":6}}', '{"a":{"$map":[[7,6],[0,5]]}}'],
    ["a float in a dump", leaf("float64", "1e-7"), leaf("float64", "1e-07")],
    ["an integral float in a dump", leaf("float64", "1"), leaf("float64", "1.0")],
    [
      "the order of leaves",
      '{"kind":"pytree","leaves":[{"path":["a"],"kind":"none"},{"path":["b",0],"kind":"none"}]}',
      '{"kind":"pytree","leaves":[{"path":["b",0],"kind":"none"},{"path":["a"],"kind":"none"}]}',
    ],
  ])("takes %s for a way of writing", (_, ours, python) => {
    expect(compare(ours, python)).toMatchObject({ status: 0, stdout: "", stderr: "" });
  });

  it.each([
    ["a float where Python has an int", '{"a":{"$float":"2.0"}}', '{"a":2}'],
    ["another number", array("int64", '"9007199254740993"'), array("int64", '"9007199254740992"')],
    ["the sign of zero", array("float32", "0.0"), array("float32", "-0.0")],
    ["another dtype", array("float32", "1"), array("float64", "1")],
    ["true where Python has 1", '{"a":true}', '{"a":1}'],
    ["a missing key", '{"a":1}', '{"a":1,"b":1}'],
    ["an index where Python has a key", leaf("int64", "1"), leaf("int64", "1").replace('["a"]', "[0]")],
    ["another value in a dump", leaf("int64", "9007199254740993"), leaf("int64", "9007199254740992")],
  ])("finds %s", (_, ours, python) => {
    const { status, stdout } = compare(ours, python);
    expect(status).toBe(1);
    expect(stdout).not.toBe("");
  });

  it("names the place and both values of a difference", () => {
    const { stdout } = compare('{"step":3,"state":{"l":[1,2]}}', '{"step":3,"state":{"l":[1,5]}}');
    expect(stdout).toBe("state.l[1]: 2 is not 5\n");
  });

  it("does not take an empty file for an equal one", () => {
    expect(compare("", "").status).toBe(2);
  });
});
