/** A value, or the promise of one: what a source that may read gives. */
export type MaybePromise<T> = T | PromiseLike<T>;

/** Whether a value has to be awaited. */
export function isPromise<T>(value: MaybePromise<T>): value is PromiseLike<T> {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  return isObject && "then" in value && typeof value.then === "function";
}

/**
 * `continueWith(value)`, at once if the value is there, else when it comes. Of a promise of another kind than
 * JavaScript's own only `then` is used, once, and not what that gives back.
 */
export function andThen<T, R>(
  value: MaybePromise<T>,
  continueWith: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return isPromise(value) ? Promise.resolve(value).then(continueWith) : continueWith(value);
}

/**
 * The first result of `attempt` that is not undefined. It is a plain loop, also between promises, so that a million
 * attempts need no stack and leave no chain of promises behind.
 */
export function untilDefined<T>(attempt: () => MaybePromise<T | undefined>): MaybePromise<T> {
  for (;;) {
    const result = attempt();
    if (isPromise(result)) return whenDefined(result, attempt);
    if (result !== undefined) return result;
  }
}

async function whenDefined<T>(
  first: PromiseLike<T | undefined>,
  attempt: () => MaybePromise<T | undefined>,
): Promise<T> {
  let result: T | undefined = await first;
  while (result === undefined) {
    const next = attempt();
    result = isPromise(next) ? await next : next;
  }
  return result;
}

/**
 * All values in order, at once if all are there. Those that are promises are waited for together; of several that
 * fail the first in order is thrown.
 *
 * @param values Made while they are asked for; what that throws is thrown here.
 */
export function allOf<T>(values: Iterable<MaybePromise<T>>): MaybePromise<T[]> {
  const present: T[] = [];
  const asked: MaybePromise<T>[] = [];
  let isLater = false;
  for (const value of values) {
    if (isPromise(value)) {
      isLater = true;
      asked.push(handled(value));
    } else {
      asked.push(value);
      if (!isLater) present.push(value);
    }
  }
  return isLater ? whenAllThere(asked) : present;
}

/** A promise whose rejection is nobody's fault if nobody asks for it. */
export function handled<T>(value: PromiseLike<T>): Promise<T> {
  const promise = Promise.resolve(value);
  promise.catch(() => {});
  return promise;
}

async function whenAllThere<T>(asked: readonly MaybePromise<T>[]): Promise<T[]> {
  const values: T[] = [];
  for (const value of asked) values.push(isPromise(value) ? await value : value);
  return values;
}
