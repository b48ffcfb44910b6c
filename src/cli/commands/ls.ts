import { join } from "node:path";
import { readStepMetadata } from "../../checkpoint/metadata/step-metadata.js";
import { type Layout, layoutFile } from "../../checkpoint/recognise/layout.js";
import { storageOfStep } from "../../checkpoint/recognise/recognise.js";
import { recogniseSource } from "../../checkpoint/recognise/recognise-source.js";
import type { ReadableStorage } from "../../storage/storage.js";
import type { Arguments } from "../args.js";
import type { Command } from "../command.js";
import { modificationTime, placeUsage } from "../disk-usage.js";
import type { Io } from "../io.js";
import { givenLimits } from "../limit-option.js";
import { CLI_LIMITS, type CliLimits } from "../limits.js";
import { formatListing, type ListedStep, listingJson } from "../listing.js";
import { localPath, openingPath } from "../open-path.js";
import { COMMON_OPTIONS, JSON_OPTION } from "../options.js";
import { columnsOf, styleFor } from "../style.js";

/** `orbax-ts ls`: which steps and items there are. */
export const ls: Command = {
  name: "ls",
  summary: "steps and items of a directory, newest last",
  description:
    "Lists the finished steps of a directory, or the items of one checkpoint: when each was " +
    "saved, its size on disk, and what it is. Unfinished saves are named, too.",
  paths: [{ name: "PATH", summary: "a directory of steps, a step, or a checkpoint" }],
  options: { ...JSON_OPTION, ...COMMON_OPTIONS },
  example: [
    "$ orbax-ts ls runs/7",
    "runs/7: 2 steps",
    "",
    "STEP  DIRECTORY  SAVED               SIZE  WHAT",
    "  10  10         2026-11-24 08:45  1.6 MB  config json, state pytree",
    "  20  20         2026-11-24 08:47  1.6 MB  config json, state pytree",
  ],
  run: runLs,
};

async function runLs(args: Arguments, io: Io): Promise<number> {
  const limits = { ...CLI_LIMITS, ...givenLimits(args.texts("limit")) };
  const path = localPath(args.path);
  const { storage, layout } = await openingPath(path, async () => recogniseSource(path, { limits }));
  if (args.flag("json")) {
    await io.out.write(`${JSON.stringify(listingJson(layout))}\n`);
    return 0;
  }
  const steps: ListedStep[] = [];
  for (const step of stepsOf(storage, layout)) steps.push({ ...step, ...(await measure(step, limits)) });
  const options = { columns: columnsOf(io), style: styleFor(io) };
  await io.out.write(formatListing(args.path, layout, steps, options));
  return 0;
}

type Step = Pick<ListedStep, "step" | "name" | "layout" | "damage"> & {
  /** Its directory, or the one that holds its file. */
  readonly storage: ReadableStorage;
};

function stepsOf(storage: ReadableStorage, layout: Layout): readonly Step[] {
  if (layout.kind !== "steps") return [{ step: null, name: ".", layout, storage }];
  return layout.steps.map((step) => ({ ...step, storage: storageOfStep(storage, step) }));
}

/** When a step was saved, and its size. */
async function measure({ storage, layout }: Step, limits: CliLimits) {
  const file = layoutFile(layout);
  const path = join(storage.name ?? ".", file ?? "");
  // A file tells nothing about itself, and what lies beside it is not its own.
  const { commitTimestampNs } = file === undefined ? await readStepMetadata(storage, { limits }) : {};
  const saved =
    commitTimestampNs === undefined
      ? modificationTime(path)
      : new Date(Number(commitTimestampNs / 1_000_000n));
  return { saved, bytes: placeUsage({ storage, file }).bytes };
}
