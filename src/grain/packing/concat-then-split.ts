import { invalidArgument } from "../../errors.js";
import { dictOf } from "../../pytree/container.js";
import { type SliceableIterNode, sliceIter } from "../iter/worker-slice.js";
import { andThen, type MaybePromise, untilDefined } from "../maybe-promise.js";
import { type ElementIterator, END, element, type IteratorState } from "../node.js";
import { ConcatElement, isWhole, readElement, type Slices, wholeSlices } from "./concat-element.js";
import {
  type ConcatThenSplitConfig,
  type ConcatThenSplitOptions,
  concatThenSplitConfig,
} from "./concat-options.js";
import { type ConcatState, readConcatState, unexpectedEnd } from "./concat-state.js";
import { joinElements } from "./join-elements.js";
import type { PackedElement } from "./packed-batch.js";

/**
 * Sequences joined and split at a fixed length, over nodes: Grain's `ConcatThenSplitIterDataset`.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text for options that do not go together.
 */
export function concatThenSplitIter(
  parent: SliceableIterNode<unknown>,
  options: ConcatThenSplitOptions,
): SliceableIterNode<PackedElement> {
  const config = concatThenSplitConfig(options);
  return {
    parents: [parent],
    open() {
      if (config.features.length > 0) return new ConcatThenSplitIterator(parent.open(), config);
      throw invalidArgument("max() arg is an empty sequence", { pythonType: "ValueError" });
    },
    sliced: (worker) => concatThenSplitIter(sliceIter(parent, worker), options),
  };
}

/** What is joined to one element: the parts, and how many places they take of each feature. */
type Joining = { readonly parts: ConcatElement[]; readonly taken: Map<string, number> };

/**
 * The state says where packing began of the elements in hand, and how many of those were given; continuing packs them again
 * (docs/spec/orbax-layout-extra.md section 11).
 */
class ConcatThenSplitIterator implements ElementIterator<PackedElement> {
  readonly #parent: ElementIterator<unknown>;
  readonly #config: ConcatThenSplitConfig;
  /** Elements that are ready. */
  #ready: PackedElement[] = [];
  /** What of the last element did not fit. */
  #remainder: ConcatElement | undefined;
  #ended = false;
  #checkpoint: { readonly parentState: IteratorState; readonly slices: Slices };
  /** Elements that were given since the checkpoint. */
  #given = 0;

  constructor(parent: ElementIterator<unknown>, config: ConcatThenSplitConfig) {
    this.#parent = parent;
    this.#config = config;
    this.#checkpoint = this.#here();
  }

  #here() {
    const remainder = this.#remainder;
    if (remainder !== undefined) return { parentState: remainder.parentState, slices: remainder.slices };
    return { parentState: this.#parent.getState(), slices: wholeSlices(this.#config) };
  }

  #setCheckpoint(): void {
    this.#checkpoint = this.#here();
    this.#given = 0;
  }

  next(): MaybePromise<IteratorResult<PackedElement, undefined>> {
    const ready = this.#takeReady();
    if (ready !== undefined) return ready;
    if (this.#ended) return END;
    this.#setCheckpoint();
    const joining = { parts: [], taken: new Map<string, number>() };
    return andThen(
      untilDefined(() => this.#joinNext(joining)),
      () => this.#finish(joining),
    );
  }

  #takeReady(): IteratorResult<PackedElement, undefined> | undefined {
    const ready = this.#ready.shift();
    if (ready === undefined) return undefined;
    this.#given++;
    return element(ready);
  }

  /** Joins the remainder and one element of the parent; true when there is no room for more, or no more. */
  #joinNext(joining: Joining): MaybePromise<true | undefined> {
    if (this.#remainder !== undefined) {
      this.#remainder = this.#join(this.#remainder, joining);
      if (this.#remainder !== undefined) return true;
    }
    const before = this.#parent.getState();
    return andThen(this.#parent.next(), (result) => {
      if (result.done === true) {
        this.#ended = true;
        return true;
      }
      const features = readElement(result.value, this.#config);
      const next = new ConcatElement(before, features, wholeSlices(this.#config));
      if (!this.#config.splitFullLengthFeatures && this.#hasFullLength(next)) {
        this.#ready.push(joinElements([next], this.#config));
        return undefined;
      }
      this.#remainder = this.#join(next, joining);
      return this.#remainder === undefined ? undefined : true;
    });
  }

  /** Whether an element fits as it is, and fills a feature. */
  #hasFullLength(candidate: ConcatElement): boolean {
    const sizes = this.#config.features.map(({ name, length }) => ({
      found: candidate.part(name).length,
      length,
    }));
    return (
      sizes.every(({ found, length }) => found <= length) &&
      sizes.some(({ found, length }) => found === length)
    );
  }

  /** Adds as much of an element as fits; gives what is left of it. */
  #join(candidate: ConcatElement, { parts, taken }: Joining): ConcatElement | undefined {
    const added = new Map<string, number>();
    const points = new Map<string, number>();
    let mustSplit = false;
    for (const { name, length, isMeta } of this.#config.features) {
      const size = candidate.part(name).length;
      const room = length - (taken.get(name) ?? 0);
      if (isMeta && size > room) return candidate; // Grain writes a message to its log
      added.set(name, Math.min(size, room));
      if (isMeta) continue;
      const slice = candidate.slices.get(name);
      const start = slice === undefined || isWhole(slice) ? 0 : slice[0];
      points.set(name, size > room ? start + room : size);
      if (size > room) mustSplit = true;
    }
    const { left, right } = mustSplit ? candidate.split(points) : { left: candidate };
    if (left !== undefined) parts.push(left);
    for (const [name, count] of added) taken.set(name, (taken.get(name) ?? 0) + count);
    return right;
  }

  #finish({ parts }: Joining): IteratorResult<PackedElement, undefined> {
    if (parts.length > 0) this.#ready.unshift(joinElements(parts, this.#config));
    if (this.#ended && this.#remainder !== undefined) {
      this.#ready.push(joinElements([this.#remainder], this.#config));
      this.#remainder = undefined;
    }
    const ready = this.#takeReady();
    if (ready !== undefined) return ready;
    this.#setCheckpoint();
    if (this.#ended) return END;
    throw invalidArgument(
      "Failed to pack element from parent: a meta feature, or a feature of length 0, leaves no room for it",
      { pythonType: "PyGrainInternalError" },
    );
  }

  getState(): IteratorState {
    const { parentState, slices } = this.#checkpoint;
    return dictOf([
      ["parent_state", parentState],
      ["remainder_slices", dictOf(Array.from(slices, ([name, [start, stop]]) => [name, [start, stop]]))],
      ["elements_from_buffer_after_checkpoint", this.#given],
    ]);
  }

  setState(state: IteratorState): MaybePromise<void> {
    const saved = readConcatState(state, this.#config);
    return andThen(this.#parent.setState(saved.parentState), () => {
      this.#ready = [];
      this.#remainder = undefined;
      this.#ended = false;
      return andThen(this.#readRemainder(saved), () => {
        this.#setCheckpoint();
        return andThen(this.#packAgain(saved.given), () => {});
      });
    });
  }

  #readRemainder(saved: ConcatState): MaybePromise<void> {
    if (Array.from(saved.slices.values()).every(isWhole)) return;
    return andThen(this.#parent.next(), (result) => {
      if (result.done === true) throw unexpectedEnd(saved);
      const features = readElement(result.value, this.#config);
      this.#remainder = new ConcatElement(saved.parentState, features, saved.slices);
    });
  }

  /** Packs the elements in hand and drops those that were given. */
  #packAgain(given: number): MaybePromise<unknown> {
    if (given === 0) return undefined;
    return andThen(this.next(), (first) => {
      const found = first.done === true ? 0 : 1 + this.#ready.length;
      if (found < given) throw tooMany(given, found);
      this.#ready.splice(0, given - 1);
      this.#given = given;
      return undefined;
    });
  }
}

/** Grain would pack further; but it gives no such state, and a number from elsewhere could mean packing for ever. */
function tooMany(given: number, found: number) {
  return invalidArgument(
    `state: elements_from_buffer_after_checkpoint is ${given}, but there are ${found} elements to be packed again`,
    { field: "elements_from_buffer_after_checkpoint", found: given, pythonType: "ValueError" },
  );
}
