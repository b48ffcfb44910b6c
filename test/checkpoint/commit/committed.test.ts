import { describe, expect, it } from "vitest";
import {
  committedEntries,
  resolveCommitted,
  unfinishedNames,
} from "../../../src/checkpoint/commit/committed.js";

const T = (name: string) => `${name}.orbax-checkpoint-tmp`;
const R = (name: string) => `${name}.orbax-ts-replaced`;
const D = (name: string) => `${name}.orbax-ts-deleted`;
const directory = (name: string) => ({ name, kind: "directory" as const });

describe("resolveCommitted", () => {
  it("sees a step that takes its place between two questions", async () => {
    const answers = [false, false, true]; // N missing, R gone by now, N there
    const storage = { get: () => undefined, has: async () => answers.shift() ?? false };
    expect(await resolveCommitted(storage, "7")).toBe("7");
    expect(answers).toEqual([]);
  });
});

describe("a directory of steps", () => {
  it("lists a standing R under its own name, and no other leftover", () => {
    const names = ["5", R("5"), R("6"), R("7"), T("7"), D("8"), T("9"), "other"];
    expect(committedEntries(names.map(directory))).toEqual([
      { name: "5", kind: "directory", storedName: "5" },
      { name: "7", kind: "directory", storedName: R("7") },
      { name: "other", kind: "directory", storedName: "other" },
    ]);
  });

  it("names its unfinished saves, those of older releases and partial ones too", () => {
    const names = ["5", T("9"), "3.orbax-checkpoint-tmp-1712000000", "2.partial_save", R("1"), D("0")];
    expect(unfinishedNames(names.map(directory))).toEqual([
      "2.partial_save",
      "3.orbax-checkpoint-tmp-1712000000",
      T("9"),
    ]);
  });
});
