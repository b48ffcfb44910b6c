import { join } from "node:path";
import { type Layout, recognise, type StepLayout } from "../../checkpoint/layout.js";
import { standInFor } from "../../checkpoint/stand-in.js";
import { decodeStepMetadata, STEP_METADATA_FILE } from "../../checkpoint/step-metadata.js";
import { isOrbaxError } from "../../errors.js";
import { openStorage } from "../../storage/open.js";
import { readFile } from "../../storage/read.js";
import type { ReadableStorage } from "../../storage/storage.js";
import { within } from "../../storage/within.js";
import type { Arguments } from "../args.js";
import type { Command } from "../command.js";
import { diskUsage, modificationTime } from "../disk-usage.js";
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
  const { storage, layout } = await openingPath(path, async () => recogniseOrStandIn(path));
  if (args.flag("json")) {
    await io.out.write(`${JSON.stringify(listingJson(layout))}\n`);
    return 0;
  }
  const steps: ListedStep[] = [];
  for (const step of stepsOf(layout)) {
    steps.push({ ...step, ...(await measure(storage, step.storedName, limits)) });
  }
  const options = { columns: columnsOf(io), style: styleFor(io) };
  await io.out.write(formatListing(args.path, layout, steps, options));
  return 0;
}

/** As `openCheckpoint` opens a path: also one whose overwrite was interrupted. */
async function recogniseOrStandIn(path: string): Promise<{ storage: ReadableStorage; layout: Layout }> {
  const storage = await openStorage(path);
  try {
    return { storage, layout: await recognise(storage) };
  } catch (error) {
    const standIn = isOrbaxError(error, "NOT_FOUND") ? await standInFor(path) : undefined;
    if (standIn === undefined) throw error;
    return { storage: standIn, layout: await recognise(standIn) };
  }
}

type Step = {
  readonly step: number | null;
  readonly name: string;
  readonly storedName: string;
  readonly layout: StepLayout;
};

function stepsOf(layout: Layout): readonly Step[] {
  return layout.kind === "steps" ? layout.steps : [{ step: null, name: ".", storedName: "", layout }];
}

/** When a step was saved, and its size. */
async function measure(storage: ReadableStorage, storedName: string, limits: CliLimits) {
  const directory = join(storage.name ?? ".", storedName);
  const step = storedName === "" ? storage : within(storage, `/${storedName}`);
  const limit = { limit: limits.metadataBytes, limitName: "metadataBytes" } as const;
  const bytes = await readFile(step, `/${STEP_METADATA_FILE}`, limit);
  const { commitTimestampNs } = decodeStepMetadata(bytes ?? new Uint8Array(0));
  const saved =
    commitTimestampNs === undefined
      ? modificationTime(directory)
      : new Date(Number(commitTimestampNs / 1_000_000n));
  return { saved, bytes: diskUsage(directory) };
}
