import { ClosedOutput, type Io, type OutputStream } from "./io.js";
import { run } from "./run.js";

// The program itself. Everything else is in `run`, which does not know the process. (The global `process`: importing
// `node:process` makes all of its streams, which takes longer than `ls`.)

function outputOf(stream: NodeJS.WriteStream): OutputStream {
  stream.on("error", () => undefined); // the callback of the write has it, too
  return {
    isTerminal: stream.isTTY,
    columns: stream.columns,
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => {
          if (error === undefined || error === null) resolve();
          else reject("code" in error && error.code === "EPIPE" ? new ClosedOutput() : error);
        });
      }),
  };
}

const argv = process.argv.slice(2);
// What Node warns about is nothing that a user of this program could change.
if (!argv.includes("--debug")) process.removeAllListeners("warning");

const io: Io = {
  out: outputOf(process.stdout),
  err: outputOf(process.stderr),
  env: process.env,
  prepareZstd: async () => (await import("./zstd-start.js")).startZstdSooner(),
};
process.exitCode = await run(argv, io);
