import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import { readState } from "../../src/datarax/read-state.js";
import { isOrbaxError } from "../../src/errors.js";
import { ownIterator } from "./own-iterator.js";
import { definitionsOf } from "./python/evaluate.js";
import { callValue } from "./python/objects.js";
import { StopIteration } from "./python/values.js";
import { requireSame, requireSameState } from "./same.js";
import { scriptNames } from "./script-names.js";
import { isObject, listIn, numberIn, textIn, type Vector, type VectorTest } from "./vector-test.js";

/** Tests over unpacked checkpoints, and what takes those away again. */
export type CheckpointTests = { readonly tests: readonly VectorTest[]; remove(): Promise<void> };

/**
 * A test for each element of `restore` in each `<name>.expected.json` of a directory, over the base directory that
 * `<name>.tar.gz` beside it unpacks to (docs/spec/datarax.md section 9).
 */
export async function checkpointTests(directory: string): Promise<CheckpointTests> {
  const folder = await mkdtemp(join(tmpdir(), "orbax-ts-checkpoints-"));
  const tests = readdirSync(directory)
    .filter((file) => file.endsWith(".expected.json"))
    .toSorted()
    .flatMap((file) => testsOf(join(directory, file), folder));
  return { tests, remove: () => rm(folder, { recursive: true, force: true }) };
}

function testsOf(file: string, folder: string): VectorTest[] {
  const name = basename(file, ".expected.json");
  const expected: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!isObject(expected)) throw new Error(`${file}: no object`);
  const base = join(folder, name);
  return listIn(expected, "restore").map((restore, index) => ({
    name: `${name}.expected.json restore ${index}`,
    run: async () => {
      if (!isObject(restore)) throw new Error("no object");
      if (!existsSync(base)) unpack(file.replace(/\.expected\.json$/, ".tar.gz"), folder);
      await checkRestore(base, textIn(expected, "script"), restore);
    },
  }));
}

function unpack(archive: string, directory: string): void {
  const { status, stderr } = spawnSync("tar", ["-xzf", archive, "-C", directory], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${archive}: ${stderr}`);
}

async function checkRestore(base: string, script: string, restore: Vector): Promise<void> {
  const step = numberIn(restore, "step");
  if (isObject(restore.error)) {
    const { type, message } = restore.error;
    const thrown: unknown = await readState(base, { step }).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!isOrbaxError(thrown)) throw thrown instanceof Error ? thrown : new Error("nothing was refused");
    requireSame(thrown.details.pythonType, type, "class of the error");
    requireSame(thrown.message.replaceAll(base, "<B>"), message, "error");
    return;
  }
  const saved = await readState(base, { step });
  requireSameState(saved.state, restore.state, "state");
  requireSameState(saved.metadata, restore.metadata, "metadata");

  const definition = definitionsOf(script, scriptNames());
  const subject = callValue(definition("make"), []);
  await new IteratorCheckpoint(base).restore(ownIterator(subject), { step });
  const next = callValue(definition("start"), [subject, true]);
  const expected = listIn(restore, "next");
  const elements: unknown[] = [];
  while (elements.length < expected.length) {
    const result = tryNext(next);
    if (result === undefined) break;
    elements.push(result.value);
  }
  requireSame(elements, expected, "next");
  if (restore.ends === true) requireSame(tryNext(next), undefined, "the element behind the last one");
}

function tryNext(next: unknown): { readonly value: unknown } | undefined {
  try {
    return { value: callValue(next, []) };
  } catch (error) {
    if (error instanceof StopIteration) return undefined;
    throw error;
  }
}
