import { invalidArgument } from "../errors.js";
import { dictOf } from "../pytree/container.js";
import { compareCodePoints } from "../pytree/key-path.js";
import { countOf, dictFieldOf, requiredField } from "../pytree/state-values.js";
import { type Dict, PrngKey, prngKey } from "../pytree/value.js";
import { type RngStream, type RngStreamState, Rngs } from "../random/rngs.js";
import { ndarray } from "../zarr/nd-array.js";

/** Seeds of named random streams: `{ default: 3, aug: 44 }` stands for `nnx.Rngs(3, aug=44)`. */
export type RngSeeds = { readonly [stream: string]: number | bigint };

/** Seeds of new streams, or streams that several owners share: each key that one of them draws is gone for all. */
export type RngsOption = RngSeeds | Rngs;

/** The streams of an option, if there is one. @throws {OrbaxError} `INVALID_ARGUMENT` for a seed that is no integer. */
export function openRngs(rngs: RngsOption): Rngs;
export function openRngs(rngs: RngsOption | undefined): Rngs | undefined;
export function openRngs(rngs: RngsOption | undefined): Rngs | undefined {
  return rngs === undefined || rngs instanceof Rngs ? rngs : new Rngs(rngs);
}

/** The streams by their names, in the order in which Flax walks through them. */
export function sortedStreams(rngs: Rngs): RngStream[] {
  return rngs.names.sort(compareCodePoints).map((name) => rngs.stream(name));
}

/**
 * The entry of a module's state for its streams, none where it has no streams: under `rngs` of each stream a count, 0
 * for a new one, and its key, which is (0, seed mod 2^32) (docs/spec/datarax.md sections 4 and 5.2).
 */
export function rngsEntries(rngs: Rngs | undefined): [string, Dict][] {
  const streams = rngs === undefined ? [] : sortedStreams(rngs);
  if (streams.length === 0) return [];
  return [["rngs", dictOf(streams.map((stream) => [stream.name, streamDict(stream.getState())]))]];
}

function streamDict({ count, key }: RngStreamState): Dict {
  return dictOf([
    ["count", ndarray("uint32", [], Uint32Array.of(count))],
    ["key", prngKey([], Uint32Array.from(key))],
  ]);
}

/**
 * Reads what {@link rngsEntries} wrote, for the streams that there are. Gives what sets them to it, so that a restore
 * which fails elsewhere changes nothing.
 *
 * @param saved The module's state.
 * @param field Where the streams stand, for messages.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a stream that is missing, a count outside uint32 or what is no key.
 */
export function rngsRestorer(rngs: Rngs | undefined, saved: Dict, field = "rngs"): () => void {
  const streams = rngs === undefined ? [] : sortedStreams(rngs);
  if (streams.length === 0) return () => {};
  const states = dictFieldOf(requiredField(saved, "rngs"), field);
  const restorers = streams.map((stream) => {
    const place = `${field}.${stream.name}`;
    const streamState = streamStateOf(dictFieldOf(requiredField(states, stream.name), place), place);
    return () => stream.setState(streamState);
  });
  return () => {
    for (const restore of restorers) restore();
  };
}

function streamStateOf(state: Dict, place: string): RngStreamState {
  const count = countOf(requiredField(state, "count"), `${place}.count`);
  if (count >= 2 ** 32) {
    throw invalidArgument(`Python integer ${count} out of bounds for uint32`, {
      field: `${place}.count`,
      found: count,
      pythonType: "OverflowError",
    });
  }
  const key = requiredField(state, "key");
  const [key0, key1, ...others] = PrngKey.is(key) && key.shape.length === 0 ? key.data : [];
  if (key0 === undefined || key1 === undefined || others.length > 0) {
    throw invalidArgument(`state: ${place}.key is no key of threefry2x32`, {
      field: `${place}.key`,
      pythonType: "TypeError",
    });
  }
  return { count, key: [key0, key1] };
}
