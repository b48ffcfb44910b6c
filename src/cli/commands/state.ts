import { arrayTypeOf } from "../../checkpoint/tree/stored-leaf.js";
import { readState } from "../../datarax/read-state.js";
import { findCheckpoint } from "../../datarax/step-directories.js";
import { formatTaggedJson } from "../../datarax/tagged-json.js";
import { openStorage } from "../../storage/open.js";
import { elementCount } from "../../zarr/dtype.js";
import type { Arguments } from "../args.js";
import type { Command } from "../command.js";
import type { Io } from "../io.js";
import { ItemReader } from "../item-reader.js";
import { jsonText } from "../json-text.js";
import { givenLimits } from "../limit-option.js";
import type { CliLimits } from "../limits.js";
import { localPath } from "../open-path.js";
import { COMMON_OPTIONS, INTEGER_STEP_OPTION } from "../options.js";
import { Output } from "../output.js";
import { Tally } from "../tally.js";

/** `orbax-ts state`: what a restored iterator would be given. */
export const state: Command = {
  name: "state",
  summary: "what Datarax would hand to an iterator's set_state, as JSON",
  description:
    "Prints one JSON object: the step that was read (null for the unversioned checkpoint), the " +
    'state, and the metadata saved with it. A Python float is {"$float":"2.0"}, an array ' +
    '{"$array":…}, a random key {"$key":…}. Which directory is read, and what is said where there ' +
    "is none, is as in Datarax.",
  paths: [{ name: "PATH", summary: "the base directory of an IteratorCheckpoint" }],
  options: {
    ...INTEGER_STEP_OPTION,
    json: { kind: "flag", summary: "on one line" },
    ...COMMON_OPTIONS,
  },
  example: [
    "$ orbax-ts state runs/7/stream",
    "{",
    '  "step": 17,',
    '  "state": {',
    '    "position": 17,',
    '    "sampler_state": {',
    '      "seed": 1234',
    "    }",
    "  },",
    '  "metadata": null',
    "}",
  ],
  run: runState,
};

async function runState(args: Arguments, io: Io): Promise<number> {
  await io.prepareZstd?.();
  const given = givenLimits(args.texts("limit"));
  const path = pythonPath(localPath(args.path));
  const step = args.safeInteger("step");
  const limits = await checkSize(path, step, given);
  const saved = await readState(path, { step, limits });
  const metadata = saved.metadata === null ? null : formatTaggedJson(saved.metadata, limits);
  const json = { step: saved.step, state: formatTaggedJson(saved.state, limits), metadata };
  await new Output(io.out).writeAll(line(jsonText(json, { indent: args.flag("json") ? 0 : 2 })));
  return 0;
}

function* line(pieces: Iterable<string>): Generator<string> {
  yield* pieces;
  yield "\n";
}

/** A path as Python's `str(Path(path))` has it, since messages repeat it. */
function pythonPath(path: string): string {
  const start = path.startsWith("/") ? "/" : "";
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return start + parts.join("/") || ".";
}

/**
 * Holds the arrays to the limits before they are read all at once and become text.
 *
 * @returns The limits of the checkpoint, whose files are as large as they are.
 */
async function checkSize(
  path: string,
  step: number | undefined,
  given: Partial<CliLimits>,
): Promise<CliLimits> {
  const { storage } = await findCheckpoint(await openStorage(path), step);
  const { leaves, limits } = await ItemReader.open({ storage }, given);
  const elements = new Tally("elements of all arrays", "stateElements", limits);
  for (const leaf of leaves) elements.add(elementCount(arrayTypeOf(leaf)?.shape ?? [0]));
  return limits;
}
