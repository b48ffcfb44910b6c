import { describe, expect, it } from "vitest";
import {
  compareSteps,
  formatStepName,
  isAmongSteps,
  parseFormattedStepName,
  parseStepFileName,
  parseStepName,
  type StepNameFormat,
} from "../../../src/checkpoint/recognise/step-name.js";

describe("parseStepName", () => {
  it.each<[string, number | null]>([
    ["5", 5],
    ["0005", 5],
    ["0", 0],
    ["step_5", 5],
    ["ck_pt_00005", 5],
    ["ckpt-7", 7],
    ["checkpoint", null],
    ["checkpoint_12", 12],
    ["checkpoint_0.5", 0.5],
    ["a b\nc_3", 3],
    [String(2 ** 53 - 1), 2 ** 53 - 1],
  ])("takes %j for step %s", (name, step) => {
    expect(parseStepName(name)).toEqual({ step, name });
  });

  it.each([
    "",
    "x",
    "-5",
    "+5",
    "5x",
    "_5",
    "1_",
    "ckpt-",
    "ckpt--4",
    "ckpt-9-foo",
    "ckpt-007",
    "1_1",
    "+5_1",
    "ckpt-1_1",
    "+2",
    " 8 ",
    "step-5",
    "5.0",
    "step_0.5",
    "٥",
    "5 ",
    "trash",
    "default",
    "5._recovery_1795512404.25",
    "5._recovery_1795512404",
    "checkpoint_tmp",
    "checkpoint_5_gda",
    String(2 ** 53),
    "9".repeat(400),
  ])("takes %j for no step", (name) => {
    expect(parseStepName(name)).toBeUndefined();
  });
});

describe("isAmongSteps", () => {
  it.each([
    "5",
    "005",
    "step_5",
    "checkpoint",
    "checkpoint_0.5",
    "ckpt-5",
    "ckpt-007",
    "ckpt--5",
    "-4",
    "1_1",
    "9".repeat(30),
  ])("is true for %j", (name) => {
    expect(isAmongSteps(name)).toBe(true);
  });

  it.each(["default", "state", "", "step", "_", "metadata", "5x", "ckpt"])("is false for %j", (name) => {
    expect(isAmongSteps(name)).toBe(false);
  });
});

describe("compareSteps", () => {
  it("sorts by number, the unversioned one first", () => {
    const steps = ["10", "checkpoint", "9", "checkpoint_0.5", "0"].flatMap(
      (name) => parseStepName(name) ?? [],
    );
    expect(steps.sort(compareSteps).map(({ name }) => name)).toEqual([
      "checkpoint",
      "0",
      "checkpoint_0.5",
      "9",
      "10",
    ]);
  });
});

describe("parseStepFileName", () => {
  it("takes Flax's names alone", () => {
    expect(
      ["checkpoint_5", "checkpoint_05", "checkpoint_2.5"].map((name) => parseStepFileName(name)?.step),
    ).toEqual([5, 5, 2.5]);
    for (const name of [
      "5",
      "model_5",
      "checkpoint",
      "checkpoint_tmp",
      "checkpoint_5.msgpack",
      "checkpoint_-5",
    ]) {
      expect(parseStepFileName(name)).toBeUndefined();
    }
  });
});

// The table of docs/spec/orbax-layout.md section 3.
const FORMATS: readonly (readonly [StepNameFormat, string, readonly string[], readonly string[]])[] = [
  [{}, "5", ["5", "12345"], ["05", "0005", "step_5", "_5", "-5", "5x"]],
  [{ stepFormatFixedLength: 4 }, "0005", ["0005", "12345"], ["5", "05", "00005"]],
  [{ stepPrefix: "step" }, "step_5", ["step_5"], ["5", "step_05"]],
  [{ stepPrefix: "ck_pt", stepFormatFixedLength: 5 }, "ck_pt_00005", ["ck_pt_00005"], ["ck_pt_5"]],
  [{ stepPrefix: "" }, "_5", ["_5"], ["5"]],
];

describe("names of a format", () => {
  it.each(FORMATS)("%j: step 5 is %s", (format, name, matching, others) => {
    expect(formatStepName(5, format)).toBe(name);
    for (const match of matching)
      expect(parseFormattedStepName(match, format)).toBe(Number(/\d+$/.exec(match)?.[0]));
    for (const other of others) expect(parseFormattedStepName(other, format)).toBeUndefined();
  });

  it("are none with a number that JavaScript cannot hold", () => {
    expect(parseFormattedStepName(String(2 ** 53 - 1), {})).toBe(2 ** 53 - 1);
    expect(parseFormattedStepName(String(2n ** 53n), {})).toBeUndefined();
  });
});
