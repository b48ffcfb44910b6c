import { describe, expect, it } from "vitest";
import { compareSteps, isAmongSteps, parseStepName } from "../../src/checkpoint/step-name.js";

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
