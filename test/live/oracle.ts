import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Root of the repository: requests may name its fixtures, the environments lie in it. */
export const repositoryRoot = fileURLToPath(new URL("../../", import.meta.url));

/** Directory names of the Python environments that `scripts/oracle/make.sh` makes. */
export type OracleEnvironment = ".oracle" | ".oracle-0.11.20";

/** A running `scripts/oracle/server.py`. One serves a whole test file: start it in `beforeAll`. */
export type Oracle = {
  /**
   * Runs one operation (`scripts/oracle/ops_*.py` documents their arguments) and gives what it answered.
   *
   * @throws {OracleError} what Python raised. A plain `Error` with Python's stderr if the process ended.
   */
  call(operation: string, arguments_?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Ends the process and waits until it is gone. Calls under way are rejected. */
  stop(): Promise<void>;
  /** Process id, for the test that nothing is left behind. */
  readonly pid: number;
};

/** An exception that a Python library raised. `message` is Python's own text. */
export class OracleError extends Error {
  override readonly name = "OracleError";
  /** Python's class name, e.g. `ValueError`. */
  readonly pythonType: string;
  /** Message of the exception that it was raised from, if there is one. */
  readonly pythonCause: string | undefined;
  readonly traceback: string;

  constructor(failure: Failure) {
    super(failure.message);
    this.pythonType = failure.type;
    this.pythonCause = failure.cause?.message;
    this.traceback = failure.traceback;
  }
}

type Failure = {
  readonly type: string;
  readonly message: string;
  readonly cause: { readonly type: string; readonly message: string } | null;
  readonly traceback: string;
};

type Answer =
  | { readonly id: number; readonly ok: unknown }
  | { readonly id: number; readonly error: Failure };

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (reason: Error) => void };

/** Python's stderr is noisy; of a process that dies only the end matters. */
const STDERR_KEPT = 16_384;

/** After its stdin ended the server only finishes the operation under way. */
const STOP_AFTER_MS = 5_000;

/**
 * Starts real Orbax, Datarax and TensorStore as the judge of a test file.
 *
 * @param options.env Default `.oracle` (Orbax 0.12.8, Datarax 0.1.4).
 * @param options.devices CPU devices that JAX shall have, for checkpoints of several. Default 1.
 * @param options.python A Python with another release of Orbax, in place of an environment.
 * @throws {Error} if the environment was not made: the message says which script makes it.
 */
export async function startOracle(
  options: { readonly env?: OracleEnvironment; readonly devices?: number; readonly python?: string } = {},
): Promise<Oracle> {
  const environment = options.env ?? ".oracle";
  const python = options.python ?? pythonOf(environment);
  const devices = options.devices ?? 1;
  const child = spawn(python, [join(repositoryRoot, "scripts", "oracle", "server.py")], {
    cwd: repositoryRoot,
    env: {
      ...process.env,
      JAX_PLATFORMS: "cpu",
      TF_CPP_MIN_LOG_LEVEL: "3",
      XLA_FLAGS: `--xla_force_host_platform_device_count=${devices}`,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  return serveCalls(child, `${environment} server.py`);
}

/**
 * The Python of an environment below `root`.
 *
 * @throws {Error} if it was not made, or its making did not end: the message says which script makes it.
 */
export function pythonOf(environment: OracleEnvironment, root = repositoryRoot): string {
  if (!existsSync(join(root, environment, "pins.sha256"))) {
    throw new Error(`no Python environment ${environment}: make it with "bash scripts/oracle/make.sh"`);
  }
  return join(root, environment, "bin", "python");
}

function serveCalls(child: ChildProcessWithoutNullStreams, name: string): Oracle {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let ended: Error | undefined;
  let stderr = "";

  const fail = (reason: Error): void => {
    ended ??= reason;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  const exited = new Promise<void>((resolve) => {
    child.once("close", (code, signal) => {
      process.off("exit", kill);
      fail(new Error(`${name} ended (code ${code}, signal ${signal}); its stderr:\n${stderr}`));
      resolve();
    });
  });
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  process.once("exit", kill);

  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  child.stdin.on("error", () => {
    // The process is gone; its "close" event, which has its stderr, rejects the calls.
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const answer = parseAnswer(line);
    if (answer === undefined) {
      fail(new Error(`${name} answered with something else than JSON: ${line.slice(0, 200)}`));
      return;
    }
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ("error" in answer) call?.reject(new OracleError(answer.error));
    else call?.resolve(answer.ok);
  });

  return {
    pid: child.pid ?? 0,
    async call(operation, arguments_ = {}) {
      if (ended !== undefined) throw ended;
      const id = ++lastId;
      const answered = new Promise<unknown>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
      });
      child.stdin.write(`${JSON.stringify({ id, op: operation, args: arguments_ })}\n`);
      return await answered;
    },
    async stop() {
      child.stdin.end();
      const impatience = setTimeout(kill, STOP_AFTER_MS);
      await exited;
      clearTimeout(impatience);
    },
  };
}

function parseAnswer(line: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isAnswer(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === "object" && value !== null && "id" in value && ("ok" in value || "error" in value);
}

/**
 * The first `length` pseudo-random bytes of `seed` that Python computes as well (`scripts/oracle/seeded_bytes.py`):
 * what a `"seed"` in tagged JSON or in an OCDBT request stands for.
 */
export function seededBytes(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const start = Math.imul(seed, 0x7feb352d);
  for (let i = 0; i < length; i++) {
    let x = (Math.imul(i, 0x9e3779b1) + start) | 0;
    x ^= x >>> 15;
    x = Math.imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    bytes[i] = x >>> 24;
  }
  return bytes;
}

/** A length between `least` and `most`, both included, drawn from `seed` as Python draws it. */
export function seededLength(seed: number, least: number, most: number): number {
  const drawn = new DataView(seededBytes(seed, 4).buffer).getUint32(0, true);
  return least + (drawn % (most - least + 1));
}
