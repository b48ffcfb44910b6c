import { describe, expect, it } from "vitest";
import { readRootMetadata } from "../../../src/checkpoint/metadata/root-metadata.js";
import { storageWith } from "../stored-item.js";

const NEW = "metadata/_ROOT_METADATA";
const OLD = "metadata/metadata";

describe("what a manager was given for all its steps", () => {
  it.each<[string, Record<string, string>, object]>([
    ["0.12.8", { [NEW]: '{"internal_metadata": {}, "custom_metadata": {"run": 5}}' }, { run: 5 }],
    ["0.11.20", { [NEW]: '{"custom_metadata": {"run": 5}}' }, { run: 5 }],
    ["0.10.3", { [NEW]: '{"custom": {"run": 5}}' }, { run: 5 }],
    ["0.7.0 and older", { [OLD]: '{"run": 5, "custom": {"a": 1}}' }, { run: 5, custom: { a: 1 } }],
    ["two releases", { [NEW]: '{"custom_metadata": {"run": 5}}', [OLD]: '{"run": 6}' }, { run: 5 }],
    ["a later release", { [NEW]: '{"custom_metadata": {"run": 5}, "more": [1]}' }, { run: 5, more: [1] }],
    [
      "a user of the name custom",
      { [NEW]: '{"custom_metadata": {"custom": {"a": 1}}}' },
      { custom: { a: 1 } },
    ],
    ["nobody", {}, {}],
    ["a manager that was given nothing", { [NEW]: '{"custom_metadata": null}' }, {}],
  ])("is read as it was written by %s", async (_, files, customMetadata) => {
    expect(await readRootMetadata(storageWith(files))).toEqual({ customMetadata, internalMetadata: {} });
  });

  it("has exact integers, NaN, and any names", async () => {
    const files = { [NEW]: '{"custom_metadata": {"__proto__": 9007199254740993, "n": NaN}}' };
    const { customMetadata } = await readRootMetadata(storageWith(files));
    expect(Object.entries(customMetadata)).toEqual([
      ["__proto__", 9007199254740993n],
      ["n", NaN],
    ]);
  });

  it.each([NEW, OLD])("is damaged where it is no object: %s", async (file) => {
    for (const text of ["{", "[]", ""]) {
      await expect(readRootMetadata(storageWith({ [file]: text }))).rejects.toMatchObject({
        code: "DATA_LOSS",
        details: { file },
      });
    }
  });
});
