import { formatTaggedJson } from "../../src/datarax/tagged-json.js";
import { isOrbaxError, type OrbaxError } from "../../src/errors.js";
import type { Tree } from "../../src/pytree/value.js";
import { untyped } from "../datarax/recorder.js";
import type { Sources } from "../grain/iter/program.js";
import { requireSame } from "../vectors/same.js";
import type { Path } from "./bad-state.js";
import { type HostileStream, openSubject, type Subject } from "./stream-subjects.js";

/** What Python raised: class, the message if it is one of Datarax's or Grain's, that of the cause. */
export type PythonError = readonly [type: string, message: string | null, cause: string | null];

/** An element, the end, or what was raised in its place. */
export type Step = readonly [unknown] | "end" | { readonly error: PythonError };

/** What a state leads to in Python. */
export type Verdict = { readonly error: PythonError } | { readonly steps: readonly Step[] };

/** What a state leads to here. */
export type Outcome =
  | { readonly error: OrbaxError }
  | { readonly steps: readonly unknown[]; readonly stepError: OrbaxError | undefined };

/** A state with one change. */
export type Damage = { readonly subject: string; readonly path: Path; readonly change: string };

/** The next elements, or what was thrown in place of one. @throws whatever is no `OrbaxError`. */
async function steps(stream: HostileStream, count: number) {
  const taken: unknown[] = [];
  while (taken.length < count) {
    try {
      const result: IteratorResult<unknown> = untyped(await stream.next());
      taken.push(result.done === true ? "end" : [result.value]);
      if (result.done === true) break;
    } catch (error) {
      if (!isOrbaxError(error)) throw error;
      return { steps: taken, stepError: error };
    }
  }
  return { steps: taken, stepError: undefined };
}

async function stateText(stream: HostileStream): Promise<string> {
  return JSON.stringify(formatTaggedJson(untyped(await stream.getState())));
}

/** Restores a new stream. @throws whatever is no `OrbaxError`, and where the state that follows cannot be written. */
export async function outcomeOf(subject: Subject, state: Tree): Promise<Outcome> {
  const stream = openSubject(subject);
  try {
    await stream.setState(state);
  } catch (error) {
    if (isOrbaxError(error)) return { error };
    throw error;
  }
  const outcome = await steps(stream, subject.steps ?? 0);
  await stateText(stream);
  return outcome;
}

const BEFORE = 1; // elements before a refused restore
const BEHIND = 3;

/** Throws unless a stream under way that refused a state is in its own state and goes on as one that never saw it. */
export async function requireUntouched(subject: Subject, state: Tree, sources: Sources = "at once") {
  const [refusing, twin] = [openSubject(subject, sources), openSubject(subject, sources)];
  for (const stream of [refusing, twin]) await steps(stream, BEFORE);
  const before = await stateText(twin);
  const refusal: unknown = await Promise.resolve()
    .then(() => refusing.setState(state))
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  if (refusal === undefined) throw new Error("the state was taken");
  requireSame(await stateText(refusing), before, "state behind the refusal");
  const behind = await steps(refusing, BEHIND);
  requireSame(behind.steps, (await steps(twin, BEHIND)).steps, "elements behind the refusal");
}

/** Where this project takes a state that Python does not, or goes on otherwise, on purpose. */
const OTHERWISE: readonly (readonly [reason: string, is: (damage: Damage, verdict: Verdict) => boolean])[] = [
  [
    "a float is no position here, whether or not there would be one",
    (_, verdict) => "error" in verdict && /^Checkpoint `next_index` (?!-?\d+ )/u.test(verdict.error[1] ?? ""),
  ],
  [
    "1.0 in the JSON of a loader is 1 here",
    ({ subject, change }) => subject.startsWith("DataLoader") && change === "float",
  ],
  [
    "arrays of rank 0 are numbers; Flax refuses them in attributes that are no Variables",
    ({ path }, verdict) =>
      "error" in verdict &&
      verdict.error[0] === "ValueError" &&
      /^(stream_name|sampler_state)/u.test(path.join(".")),
  ],
  [
    "Orbax loses an empty dict, with which Datarax 0.1.4 cannot restore its own state",
    ({ subject, path, change }) =>
      subject === "ArrayRecordSourceModule" && change === "deleted" && path.join() === "prefetch_cache",
  ],
  [
    "a dataset that a state calls exhausted is asked whether it is (docs/spec/datarax.md section 6.3)",
    ({ path }) => path[0] === "exhausted",
  ],
  [
    "Grain counts in the array that it was given, so that its own states change later",
    ({ change, path }) => change === "np.int64" && path.at(-1) === "next_index",
  ],
  [
    "iter() in Python starts over without a sampler_state",
    ({ subject, path, change }) =>
      subject === "ShuffleSampler" && path[0] === "sampler_state" && ["deleted", "null"].includes(change),
  ],
  [
    "NumPy arrays of order in place of lists are refused for what they hold",
    ({ subject, path }) => subject === "ArrayRecordSourceModule" && path[0] === "shuffled_indices",
  ],
  [
    "NumPy scalars are arrays of rank 0 here",
    ({ change }, verdict) => change === "np scalar" && "error" in verdict,
  ],
];

/** What is wrong with an outcome; `undefined` if nothing is. */
export function problemOf(damage: Damage, verdict: Verdict, outcome: Outcome): string | undefined {
  if (OTHERWISE.some(([, is]) => is(damage, verdict))) return undefined;
  if ("error" in verdict) {
    return "error" in outcome ? refusalProblem(verdict.error, outcome.error) : "taken, which Python refuses";
  }
  // A typed refusal of what Python takes is right where the values are no positions; see `isTaken` for the others.
  if ("error" in outcome || outcome.stepError !== undefined) {
    return damage.change === "unchanged" ? "refused, which Python takes" : undefined;
  }
  const last = verdict.steps.at(-1);
  if (typeof last === "object" && "error" in last) return undefined;
  try {
    requireSame(outcome.steps, verdict.steps, "elements");
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return undefined;
}

function refusalProblem([type, message, cause]: PythonError, ours: OrbaxError): string | undefined {
  if (message === null) return ours.details.pythonType === undefined ? "no pythonType" : undefined;
  if (ours.details.pythonType !== type)
    return `pythonType ${ours.details.pythonType}, expected ${type}: ${message}`;
  if (ours.message !== message) return `message ${ours.message}, expected ${message}`;
  const reason = ours.cause instanceof Error ? ours.cause.message : null;
  return cause === null || reason === cause ? undefined : `cause ${reason}, expected ${cause}`;
}
