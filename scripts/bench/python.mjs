// The Python side of a benchmark: one JSON request a line, one JSON answer a line.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Starts a server of this folder; gives what asks it and what stops it. */
export function startPython(server) {
  const script = join(root, "scripts/bench", server);
  const python = spawn(join(root, ".oracle/bin/python"), [script], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...process.env, JAX_PLATFORMS: "cpu", TF_CPP_MIN_LOG_LEVEL: "3" },
  });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const ask = async (request) => {
    python.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`Python stopped; run ${script} by hand to see why`);
    return JSON.parse(value);
  };
  return { ask, stop: () => python.stdin.end() };
}

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
