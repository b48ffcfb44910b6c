import { describe, expect, it } from "vitest";
import { parseArguments } from "../../src/cli/args.js";
import type { OptionSpecs } from "../../src/cli/option-spec.js";

const OPTIONS: OptionSpecs = {
  json: { kind: "flag", summary: "" },
  step: { kind: "integer", value: "N", least: -(2n ** 53n), most: 2n ** 53n, summary: "" },
  item: { kind: "text", value: "NAME", summary: "" },
  at: { kind: "number", value: "N", least: -10, most: 10, summary: "" },
  filter: { kind: "list", value: "GLOB", summary: "" },
  limit: { kind: "limit", value: "NAME=N", summary: "" },
};

const parse = (...argv: string[]) => parseArguments(argv, OPTIONS, ["PATH"]);

describe("parseArguments", () => {
  it.each([
    ["an option before the path", ["--json", "runs/7"]],
    ["an option behind the path", ["runs/7", "--json"]],
    ["a path behind --", ["--json", "--", "runs/7"]],
  ])("takes %s", (_, argv) => {
    const args = parse(...argv);
    expect(args.path).toBe("runs/7");
    expect(args.flag("json")).toBe(true);
  });

  it.each([
    ["the next argument", ["--step", "12"], 12],
    ["what follows an equals sign", ["--step=12"], 12],
    ["a negative next argument", ["--step", "-4"], -4],
    ["what follows an equals sign, negative", ["--step=-4"], -4],
    ["a number with leading zeros", ["--step", "007"], 7],
  ])("takes %s for a value", (_, argv, step) => {
    expect(parse("runs/7", ...argv).safeInteger("step")).toBe(step);
  });

  it("takes a value that looks like an option", () => {
    expect(parse("runs/7", "--item", "--json").text("item")).toBe("--json");
    expect(parse("runs/7", "--item=a=b").text("item")).toBe("a=b");
  });

  it("takes what begins with a dash behind -- for a path", () => {
    expect(parse("--", "--json").path).toBe("--json");
  });

  it("takes a limit as often as it is given", () => {
    expect(parse("runs/7", "--limit", "a=1", "--limit=b=2").texts("limit")).toEqual(["a=1", "b=2"]);
  });

  it("takes any text as often as it is given for a list", () => {
    expect(parse("runs/7", "--filter", "*", "--filter=a/**").texts("filter")).toEqual(["*", "a/**"]);
  });

  it.each([
    ["0.5", 0.5],
    ["-2", -2],
    ["+3.25", 3.25],
    ["007.50", 7.5],
  ])("takes %s for a number", (text, number) => {
    expect(parse("runs/7", "--at", text).number("at")).toBe(number);
  });

  it("knows nothing of options that were not given", () => {
    const args = parse("runs/7");
    expect([args.flag("json"), args.integer("step"), args.text("item")]).toEqual([
      false,
      undefined,
      undefined,
    ]);
  });

  it.each([
    [["runs/7", "--stop"], "unknown option --stop"],
    [["runs/7", "--stop=1"], "unknown option --stop"],
    [["runs/7", "-step"], "unknown option -step"],
    [["runs/7", "--"], ""],
    [["runs/7", "--toString"], "unknown option --toString"],
    [["runs/7", "--step"], "--step needs a value"],
    [["runs/7", "--step", "1", "--step", "2"], "--step is given twice"],
    [["runs/7", "--step", "1.5"], '--step: "1.5" is no integer'],
    [["runs/7", "--step="], '--step: "" is no integer'],
    [["runs/7", "--step", "1e3"], '--step: "1e3" is no integer'],
    [["runs/7", "--step", "99999999999999999999"], "--step: 99999999999999999999 is out of range"],
    [["runs/7", "--step", "1".repeat(10_000)], "is no integer"],
    [["runs/7", "--at", "1e3"], '--at: "1e3" is no number'],
    [["runs/7", "--at", ".5"], '--at: ".5" is no number'],
    [["runs/7", "--at", "NaN"], '--at: "NaN" is no number'],
    [["runs/7", "--at", "10.5"], "--at: 10.5 is out of range, expected -10 to 10"],
    [["runs/7", "--at", "1", "--at", "1"], "--at is given twice"],
    [["runs/7", "--json=yes"], "--json takes no value"],
    [["runs/7", "runs/8"], 'unexpected argument "runs/8"'],
    [["--json"], "PATH is missing"],
    [[""], "PATH is empty"],
  ])("judges %j", (argv, message) => {
    if (message === "") {
      expect(parse(...argv).path).toBe("runs/7");
      return;
    }
    expect(() => parse(...argv)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) }),
    );
  });
});
