import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { load, openCheckpoint } from "../../../src/checkpoint/open-checkpoint.js";
import { recogniseSource } from "../../../src/checkpoint/recognise/recognise-source.js";
import { storageWith } from "../stored-item.js";

/** msgpack: a map with `a`: 1. */
const FLAX = Uint8Array.of(0x81, 0xa1, 0x61, 0x01);

/** One tensor `a` of uint8 with the elements 7, 8. */
function tensors(): Uint8Array {
  const header = new TextEncoder().encode('{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}');
  const bytes = new Uint8Array(8 + header.length + 2);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  bytes.set([7, 8], 8 + header.length);
  return bytes;
}

let top: string;
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), "orbax-ts-source-"));
  await writeFile(join(top, "checkpoint_7"), FLAX);
  await writeFile(join(top, "model.msgpack"), FLAX);
  await writeFile(join(top, "checkpoint_tmp"), FLAX);
  await writeFile(join(top, "model.safetensors"), tensors());
  await writeFile(join(top, "notes.txt"), "notes");
  await writeFile(join(top, "empty"), "");
  await writeFile(join(top, "_CHECKPOINT_METADATA"), '{"custom_metadata": {"of": "another checkpoint"}}');
  await mkdir(join(top, "links"));
  await symlink(join(top, "model.safetensors"), join(top, "links", "x.safetensors"));
});
afterAll(() => rm(top, { recursive: true }));

const at = (name: string) => join(top, name);

describe("a path that is a file", () => {
  it.each(["checkpoint_7", "model.msgpack", "model.safetensors", "links/x.safetensors"])(
    "is a tree, in the directory that holds it: %s",
    async (path) => {
      for (const source of [at(path), pathToFileURL(at(path))]) {
        const { storage, layout } = await recogniseSource(source);
        const file = path.replace("links/", "");
        expect(layout).toEqual({ kind: "item", item: "pytree", file });
        expect(await storage.size?.(`/${file}`)).toBeGreaterThan(0);
      }
    },
  );

  it("is loaded as a tree, and what lies beside it is not its own", async () => {
    expect(await load(at("checkpoint_7"))).toEqual({ a: 1 });
    const checkpoint = await openCheckpoint(at("links/x.safetensors"));
    expect(checkpoint).toMatchObject({ layout: "item", kind: "pytree", fileName: "x.safetensors" });
    expect(await checkpoint.load()).toMatchObject({ a: { dtype: "uint8", data: Uint8Array.of(7, 8) } });
    expect((await openCheckpoint(at("checkpoint_7"))).metadata.customMetadata).toEqual({});
  });

  it.each(["notes.txt", "empty"])("may be none that is known: %s", async (name) => {
    await expect(recogniseSource(at(name))).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `${at(name)}: no checkpoint: a file that is neither Flax's msgpack nor *.safetensors`,
    });
  });

  it("may be unfinished", async () => {
    await expect(openCheckpoint(at("checkpoint_tmp"))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: `${at("checkpoint_tmp")}: an unfinished save of Flax; only what has its final name can be opened`,
    });
  });

  it("is missing", async () => {
    await expect(openCheckpoint(at("checkpoint_8"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("a storage whose root is a file", () => {
  it("is refused with the way out", async () => {
    const storage = storageWith({ checkpoint_7: FLAX }).within("/checkpoint_7");
    await expect(recogniseSource(storage)).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: "memory/checkpoint_7: a file; give its path, or the directory that holds it",
    });
  });
});

const flaxSteps = () => storageWith({ checkpoint_1: FLAX, "checkpoint_2.5": FLAX, checkpoint_10: FLAX });

describe("a directory of Flax's files", () => {
  it("has steps, whole and fractional, each of which is a tree", async () => {
    expect((await openCheckpoint(flaxSteps())).step).toBe(10);
    const checkpoint = await openCheckpoint(flaxSteps(), { step: 2.5 });
    expect(checkpoint).toMatchObject({ step: 2.5, kind: "pytree", fileName: "checkpoint_2.5" });
    expect(await checkpoint.load()).toEqual({ a: 1 });
  });
});

describe("a directory of tensors", () => {
  it("is one tree", async () => {
    const checkpoint = await openCheckpoint(storageWith({ "a.safetensors": tensors() }));
    expect(checkpoint).toMatchObject({ layout: "item", kind: "pytree", fileName: undefined });
    expect((await checkpoint.leaves()).map(({ path }) => path)).toEqual([["a"]]);
  });
});
