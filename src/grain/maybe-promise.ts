/** A value, or the promise of one: what a source that may read gives. */
export type MaybePromise<T> = T | PromiseLike<T>;

/** Whether a value has to be awaited. */
export function isPromise<T>(value: MaybePromise<T>): value is PromiseLike<T> {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  return isObject && "then" in value && typeof value.then === "function";
}

/** `next(value)`, at once if the value is there, else when it comes. */
export function andThen<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value);
}

/**
 * The first result of `attempt` that is not undefined. As long as results are there at once it is a plain loop, so
 * that a million attempts need no stack.
 */
export function untilDefined<T>(attempt: () => MaybePromise<T | undefined>): MaybePromise<T> {
  for (;;) {
    const result = attempt();
    if (isPromise(result)) {
      return result.then((found) => (found === undefined ? untilDefined(attempt) : found));
    }
    if (result !== undefined) return result;
  }
}
