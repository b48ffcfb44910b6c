import type { Arguments } from "../args.js";
import type { Command } from "../command.js";
import type { Io } from "../io.js";
import { ItemReader } from "../item-reader.js";
import { leafJson } from "../leaf-json.js";
import { givenLimits } from "../limit-option.js";
import { localPath } from "../open-path.js";
import { COMMON_OPTIONS, ITEM_OPTION, STEP_OPTION } from "../options.js";
import { Output } from "../output.js";
import { Progress } from "../progress.js";
import { loadSha256 } from "../sha256.js";

/** `orbax-ts dump`: every leaf exactly, as Python sees it. */
export const dump: Command = {
  name: "dump",
  summary: "every leaf exactly as Python restores it, as JSON",
  description:
    "Prints one JSON object, exactly what PyTreeCheckpointer().restore(PATH) gives: for each leaf " +
    "its path, kind, dtype and shape, the SHA-256 of all elements (little-endian, C order), and " +
    "the first 16 elements as text. Two dumps are equal if and only if the trees are.",
  paths: [{ name: "PATH", summary: "a checkpoint, a step with items, or a directory of steps" }],
  options: {
    ...STEP_OPTION,
    ...ITEM_OPTION,
    json: { kind: "flag", summary: "on one line" },
    ...COMMON_OPTIONS,
  },
  example: [
    "$ orbax-ts dump runs/7 --step 20",
    "{",
    '  "kind": "pytree",',
    '  "leaves": [',
    '    {"path":["n"],"kind":"scalar","dtype":"int64","shape":[],"values":["20"]}',
    "  ]",
    "}",
  ],
  run: runDump,
};

async function runDump(args: Arguments, io: Io): Promise<number> {
  await io.prepareZstd?.();
  const limits = givenLimits(args.texts("limit"));
  const chosen = { step: args.safeInteger("step"), item: args.text("item") };
  const reader = await ItemReader.openPath(localPath(args.path), chosen, limits);
  const sha256 = await loadSha256();
  const layout = args.flag("json") ? ON_ONE_LINE : FOR_PEOPLE;
  const output = new Output(io.out);
  const progress = new Progress(io, "reading");
  try {
    output.push(layout.start);
    let done = 0;
    for await (const { leaf, value } of reader.read()) {
      output.push(
        (done === 0 ? "" : ",") + layout.beforeLeaf + JSON.stringify(leafJson(leaf.path, value, sha256)),
      );
      done++;
      await output.drain();
      await progress.show(done, reader.leaves.length);
    }
    output.push(layout.end);
  } finally {
    await progress.end();
  }
  await output.end();
  return 0;
}

const ON_ONE_LINE = { start: '{"kind":"pytree","leaves":[', beforeLeaf: "", end: "]}\n" };
const FOR_PEOPLE = {
  start: '{\n  "kind": "pytree",\n  "leaves": [',
  beforeLeaf: "\n    ",
  end: "\n  ]\n}\n",
};
