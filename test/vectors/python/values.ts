/** Named arguments of a call. */
export type Named = ReadonlyMap<string, unknown>;

/** A function or class of a program, or one that a program may call. */
export class PyFunction {
  readonly name: string;
  readonly call: (args: readonly unknown[], named: Named) => unknown;

  constructor(name: string, call: (args: readonly unknown[], named: Named) => unknown) {
    this.name = name;
    this.call = call;
  }
}

/** Names behind a dot. */
export class Namespace {
  readonly name: string;
  readonly names: ReadonlyMap<string, unknown>;

  constructor(name: string, names: Iterable<readonly [string, unknown]>) {
    this.name = name;
    this.names = new Map(names);
  }
}

/** A class of this project: its constructor as a program calls it, and its static functions. */
export class HostClass {
  readonly name: string;
  readonly target: object;
  readonly construct: PyFunction;

  constructor(name: string, target: object, construct: PyFunction) {
    this.name = name;
    this.target = target;
    this.construct = construct;
  }
}

/** An object of a class that a program defines. */
export class Instance {
  readonly fields = new Map<string, unknown>();
  readonly methods: ReadonlyMap<string, PyFunction>;

  constructor(methods: ReadonlyMap<string, PyFunction>) {
    this.methods = methods;
  }

  /** Calls a method, if the class has it. */
  method(name: string): ((...args: readonly unknown[]) => unknown) | undefined {
    const found = this.methods.get(name);
    return found === undefined ? undefined : (...args) => found.call([this, ...args], new Map());
  }
}

/** A NumPy array of one axis, as far as its numbers go. */
export class NumberArray {
  readonly items: readonly number[];
  readonly dtype: string;

  constructor(items: readonly number[], dtype: string) {
    this.items = items;
    this.dtype = dtype;
  }

  map(change: (item: number) => number): NumberArray {
    return new NumberArray(this.items.map(change), this.dtype);
  }
}

/** Python's StopIteration. */
export class StopIteration extends Error {
  override readonly name = "StopIteration";
}

/** A name that the program uses and this project has nothing for: the test is skipped. */
export class MissingName extends Error {
  override readonly name = "MissingName";
}

/** `start:stop:step` between brackets; what is left out is undefined. */
export class Slice {
  readonly bounds: readonly (number | undefined)[];

  constructor(bounds: readonly (number | undefined)[]) {
    this.bounds = bounds;
  }
}
