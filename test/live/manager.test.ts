import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CheckpointManager, type CheckpointManagerOptions } from "../../src/checkpoint/manager.js";
import { isDict } from "../../src/pytree/container.js";
import { type Oracle, type OracleEnvironment, startOracle } from "./oracle.js";
import { runsOf, seed, timeoutOf } from "./random-runs.js";

const RUNS = runsOf({ ci: 25, long: 500 });
const ENVIRONMENTS = [".oracle", ".oracle-0.11.20"] as const;

let top: string;
const oracles = new Map<OracleEnvironment, Oracle>();
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), "orbax-ts-live-manager-"));
  for (const env of ENVIRONMENTS) oracles.set(env, await startOracle({ env }));
});
afterAll(async () => {
  for (const oracle of oracles.values()) await oracle.stop();
  await rm(top, { recursive: true });
});

let folders = 0;
/** A new directory with these files. */
async function rootWith(files: Readonly<Record<string, string>>): Promise<string> {
  const root = join(top, `root-${folders++}`);
  await mkdir(root);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

/** What Orbax's manager with these options answers. */
async function facts(
  root: string,
  options: Readonly<Record<string, unknown>>,
  env: OracleEnvironment = ".oracle",
) {
  const answer = await callOracle(env, "manager_facts", { directory: root, options });
  if (!isDict(answer)) throw new Error("no facts");
  return answer;
}

async function callOracle(
  env: OracleEnvironment,
  operation: string,
  args: Readonly<Record<string, unknown>>,
) {
  const oracle = oracles.get(env);
  if (oracle === undefined) throw new Error(`${env} was not started`);
  return oracle.call(operation, args);
}

/** The same options as Python has them. */
function pythonOptions(options: CheckpointManagerOptions): Readonly<Record<string, unknown>> {
  return {
    step_prefix: options.stepPrefix ?? null,
    // A length of 0 is Orbax's none; here it asks for names of that format alone.
    step_format_fixed_length: options.stepFormatFixedLength || null,
    ...(options.bestFn === undefined ? {} : { best_metric: options.bestFn }),
    ...(options.bestMode === undefined ? {} : { best_mode: options.bestMode }),
    ...(options.commitFile === true ? { commit_file: true } : {}),
  };
}

const NAMES = [
  ..."0 5 05 0005 00005 12345 123456 01 -5 +5 5x x5 _5 __5 5_5 1_1 1.5".split(" "),
  ..."step_5 step_05 step_0005 step_12345 step5 step_ Step_7 my_step_9 ck_pt_00005 ck_pt_5".split(" "),
  ..."8.orbax-checkpoint-tmp step_8.orbax-checkpoint-tmp-17 9.partial_save trash ckpt-6 checkpoint".split(
    " ",
  ),
];

describe("names of steps", () => {
  it.each<[string, CheckpointManagerOptions]>([
    ["without padding", { stepFormatFixedLength: 0 }],
    ["padded to 4", { stepFormatFixedLength: 4 }],
    ["padded to 5", { stepFormatFixedLength: 5 }],
    ["with a prefix", { stepPrefix: "step" }],
    ["with a prefix, padded to 4", { stepPrefix: "step", stepFormatFixedLength: 4 }],
    ["with a prefix that has an underscore", { stepPrefix: "ck_pt", stepFormatFixedLength: 5 }],
    ["with an empty prefix", { stepPrefix: "" }],
    ["with a prefix that is a number", { stepPrefix: "5" }],
  ])("are those that Orbax's manager takes: %s", async (_, options) => {
    const files = Object.fromEntries(NAMES.map((name) => [`${name}/default/x`, ""]));
    const root = await rootWith({ ...files, "7": "a file", step_7: "a file" });
    const { all_steps: steps, latest_step: latest } = await facts(root, pythonOptions(options));
    const manager = new CheckpointManager(root, options);
    expect(await manager.allSteps()).toEqual(steps);
    expect(await manager.latestStep()).toBe(latest);
  });

  it("count only where the save was committed, if that is asked for", async () => {
    const root = await rootWith({
      "1/commit_success.txt": "",
      "1/default/x": "",
      "2/default/commit_success.txt": "",
      "3/commit_success.txt": "",
    });
    const options = { stepFormatFixedLength: 0, commitFile: true };
    const { all_steps: steps } = await facts(root, pythonOptions(options));
    expect(steps).toEqual([1, 3]);
    expect(await new CheckpointManager(root, options).allSteps()).toEqual(steps);
  });

  it("are none where there is nothing", async () => {
    const root = await rootWith({});
    const { all_steps: steps, latest_step: latest } = await facts(root, {});
    expect([steps, latest]).toEqual([[], null]);
    const manager = new CheckpointManager(root);
    expect([await manager.allSteps(), await manager.latestStep()]).toEqual([[], null]);
  });
});

/** Metrics as Python writes them, among them equal ones and none at all. */
const metricTexts = fc.array(
  fc.oneof(
    fc.constantFrom(
      "0.5",
      "0.25",
      "1",
      "-1",
      "NaN",
      "Infinity",
      "-Infinity",
      "-0.0",
      "0",
      "1180591620717411303424",
    ),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.constant(undefined),
  ),
  { minLength: 1, maxLength: 90 },
);

describe(`the best step, of seed ${seed}`, { timeout: timeoutOf(RUNS, 1000) }, () => {
  it.each(["min", "max"] as const)("is Orbax's for any metrics: %s", async (bestMode) => {
    await fc.assert(
      fc.asyncProperty(metricTexts, async (metrics) => {
        const files = metrics.map((metric, step) =>
          metric === undefined
            ? [`${step}/default/x`, ""]
            : [`${step}/metrics/metrics`, `{"loss": ${metric.replace(/^(-?\d+)(e.*)$/, "$1.0$2")}}`],
        );
        const root = await rootWith(Object.fromEntries(files));
        const options = { stepFormatFixedLength: 0, bestFn: "loss", bestMode } as const;
        const { best_step: best } = await facts(root, pythonOptions(options));
        expect(await new CheckpointManager(root, options).bestStep()).toBe(best);
        await rm(root, { recursive: true });
      }),
      { seed, numRuns: RUNS },
    );
  });

  it("is the latest where no metric tells, and none where no step has metrics", async () => {
    const root = await rootWith({ "3/default/x": "", "7/default/x": "" });
    const strict = { stepFormatFixedLength: 0 };
    expect(await new CheckpointManager(root, strict).bestStep()).toBe(7);
    const options = { ...strict, bestFn: "loss" };
    const { best_step: best } = await facts(root, pythonOptions(options));
    expect(await new CheckpointManager(root, options).bestStep()).toBe(best);
    expect(best).toBeNull();
  });
});

describe.each(ENVIRONMENTS)("steps that Orbax saved (%s)", (env) => {
  const metrics = { best_metric: "loss", best_mode: "min" };

  async function saved(
    steps: readonly Readonly<Record<string, unknown>>[],
    options: Readonly<Record<string, unknown>>,
    metadata?: Readonly<Record<string, unknown>>,
  ): Promise<string> {
    const directory = join(top, `root-${folders++}`);
    await callOracle(env, "manager_save", { directory, steps, options, metadata: metadata ?? null });
    return directory;
  }

  it("have their metrics, and the metadata of all", async () => {
    const steps = [
      { step: 1, tree: { a: 1 }, metrics: { loss: 0.5, more: [1, "x"] } },
      { step: 2, tree: { a: 2 }, metrics: { loss: 0.25 } },
      { step: 3, tree: { a: 3 }, metrics: { loss: 0.75 } },
    ];
    const root = await saved(steps, metrics, { run: "live", deep: { list: [1, null] } });
    const manager = new CheckpointManager(root, { bestFn: "loss", bestMode: "min" });
    expect(await manager.allSteps()).toEqual([1, 2, 3]);
    expect(await manager.bestStep()).toBe(2);
    expect(await manager.metrics(1)).toEqual({ loss: 0.5, more: [1, "x"] });
    expect(await manager.metrics(9)).toBeNull();
    expect((await manager.metadata()).customMetadata).toEqual({ run: "live", deep: { list: [1, null] } });
    expect((await manager.metadata(3)).metrics).toEqual({ loss: 0.75 });
    expect(await manager.restore(await manager.bestStep())).toEqual({ a: 2 });
    expect(await manager.restore()).toEqual({ a: 3 });
  });

  it("of several items are restored whole, as Orbax's restore without arguments does", async () => {
    const items = {
      state: { tree: { a: 1, b: { c: true } } },
      config: { json: { name: "x", big: 2 ** 52 } },
    };
    const root = await saved([{ step: 5, items, metrics: { loss: 1.5 } }], {
      ...metrics,
      step_prefix: "run",
    });
    const python = await callOracle(env, "manager_restore", {
      directory: root,
      step: 5,
      items: { state: "pytree", config: "json", metrics: "json" },
      options: { step_prefix: "run" },
    });
    expect(Object.keys(Object(python)).toSorted()).toEqual(["config", "metrics", "state"]);
    const manager = new CheckpointManager(root, { stepPrefix: "run" });
    expect(await manager.restore(5)).toEqual({
      state: { a: 1, b: { c: true } },
      config: { name: "x", big: 2 ** 52 },
      metrics: { loss: 1.5 },
    });
    expect(await new CheckpointManager(root).restore()).toEqual(await manager.restore(5));
    expect(await manager.restore(5, { items: ["config"] })).toEqual({
      config: { name: "x", big: 2 ** 52 },
    });
  });
});
