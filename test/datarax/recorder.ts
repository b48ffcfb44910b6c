import type { State } from "../../src/datarax/checkpointable-iterator.js";

/** `value` without its type: what a caller in JavaScript may pass. */
export function untyped(value: unknown) {
  const name: string = "value"; // a name that the compiler does not know, so that the result has no type
  return Reflect.get({ value }, name);
}

/** An iterator without elements: gives `given` as its state, whatever that is, and keeps what it is restored to. */
export class Recorder implements Iterator<never, undefined> {
  given: unknown;
  received: State | undefined;

  constructor(given: unknown = {}) {
    this.given = given;
  }

  next(): IteratorReturnResult<undefined> {
    return { done: true, value: undefined };
  }

  getState(): State {
    return untyped(this.given);
  }

  setState(state: State): void {
    this.received = state;
  }
}

/** The same with promises. */
export class AsyncRecorder implements AsyncIterator<never, undefined> {
  given: unknown;
  received: State | undefined;

  constructor(given: unknown = {}) {
    this.given = given;
  }

  async next(): Promise<IteratorReturnResult<undefined>> {
    return { done: true, value: undefined };
  }

  async getState(): Promise<State> {
    return untyped(this.given);
  }

  async setState(state: State): Promise<void> {
    await Promise.resolve();
    this.received = state;
  }
}
