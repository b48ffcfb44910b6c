/** A value, or the promise of one: what a source that may read gives. */
export type MaybePromise<T> = T | PromiseLike<T>;

/** Whether a value has to be awaited. */
export function isPromise<T>(value: MaybePromise<T>): value is PromiseLike<T> {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  return isObject && "then" in value && typeof value.then === "function";
}

/** `continueWith(value)`, at once if the value is there, else when it comes. */
export function andThen<T, R>(
  value: MaybePromise<T>,
  continueWith: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return isPromise(value) ? value.then(continueWith) : continueWith(value);
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

function whenDefined<T>(
  first: PromiseLike<T | undefined>,
  attempt: () => MaybePromise<T | undefined>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const goOn = (found: T | undefined): void => {
      let result: MaybePromise<T | undefined> = found;
      try {
        while (result === undefined) result = attempt();
      } catch (error) {
        reject(error);
        return;
      }
      if (isPromise(result)) result.then(goOn, reject);
      else resolve(result);
    };
    first.then(goOn, reject);
  });
}

/**
 * All values in order, at once if all are there. Those that are promises are waited for together.
 *
 * @param values Made while they are asked for; what that throws is thrown here.
 */
export function allOf<T>(values: Iterable<MaybePromise<T>>): MaybePromise<T[]> {
  const asked: MaybePromise<T>[] = [];
  const present: T[] = [];
  for (const value of values) {
    asked.push(value);
    if (isPromise(value))
      value.then(undefined, () => {}); // the first failure is thrown, the others are as good
    else present.push(value);
  }
  if (present.length === asked.length) return present;
  return asked.reduce<MaybePromise<T[]>>(
    (found, value) =>
      andThen(found, (list) =>
        andThen(value, (item) => {
          list.push(item);
          return list;
        }),
      ),
    [],
  );
}
