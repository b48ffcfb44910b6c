import { asArray, astype, listOf } from "./arrays.js";
import { iterate } from "./iteration.js";
import { areEqual, compared } from "./operators.js";
import { formatted, textOf } from "./text.js";
import { type Named, NO_NAMED, PyArray, PyError, PyFunction } from "./values.js";

type Method = (args: readonly unknown[], named: Named) => unknown;
type Methods = { readonly [name: string]: Method | undefined };

/** A method of a list, dict, set, string or array; undefined for other values and names. */
export function methodOfValue(value: unknown, name: string): PyFunction | undefined {
  const method = methodsOf(value)?.[name];
  return method === undefined ? undefined : new PyFunction(name, method);
}

function methodsOf(value: unknown): Methods | undefined {
  if (Array.isArray(value)) return { ...arrayMethodsOfList(value), ...listMethods(value) };
  if (value instanceof Map) return dictMethods(value);
  if (value instanceof Set) return setMethods(value);
  if (typeof value === "string") return textMethods(value);
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    return numberMethods(value);
  const array = asArray(value);
  if (array !== undefined) return arrayMethods(array);
  const prototype: unknown =
    typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : undefined;
  return prototype === null || prototype === Object.prototype
    ? dictMethods(new Map(Object.entries(Object(value))))
    : undefined;
}

const integer = (value: unknown) => Math.trunc(Number(value));

/** A batch of this project is a list. */
function arrayMethodsOfList(list: readonly unknown[]): Methods {
  const array = list.length > 0 ? asArray(list) : undefined;
  return array === undefined ? {} : arrayMethods(array);
}

function listMethods(list: unknown[]): Methods {
  return {
    append: ([item]) => void list.push(item),
    clear: () => void list.splice(0),
    copy: () => [...list],
    count: ([item]) => list.filter((other) => areEqual(other, item)).length,
    extend: ([items]) => void list.push(...iterate(items)),
    index: ([item]) => {
      const index = list.findIndex((other) => areEqual(other, item));
      if (index < 0) throw new PyError("ValueError", "value is not in list");
      return index;
    },
    insert: ([index, item]) => void list.splice(integer(index), 0, item),
    pop: ([index = -1]) => {
      if (list.length === 0) throw new PyError("IndexError", "pop from empty list");
      return list.splice(integer(index), 1)[0];
    },
    popleft: () => list.shift(),
    appendleft: ([item]) => void list.unshift(item),
    remove: ([item]) =>
      void list.splice(
        list.findIndex((other) => areEqual(other, item)),
        1,
      ),
    reverse: () => void list.reverse(),
    sort: (_, named) => void list.splice(0, list.length, ...sortedItems(list, named)),
    tolist: () => list,
  };
}

/** Python's sorted(). */
export function sortedItems(items: Iterable<unknown>, named: Named): unknown[] {
  const key = named.get("key");
  const keyed = Array.from(items, (item) => ({
    item,
    by: key instanceof PyFunction ? key.call([item], NO_NAMED) : item,
  }));
  const sign = named.get("reverse") === true ? -1 : 1;
  return keyed.toSorted((a, b) => sign * compared(a.by, b.by)).map(({ item }) => item);
}

function dictMethods(dict: Map<unknown, unknown>): Methods {
  return {
    clear: () => dict.clear(),
    copy: () => new Map(dict),
    get: ([key, otherwise = null]) => (dict.has(key) ? dict.get(key) : otherwise),
    items: () => [...dict].map(([key, item]) => [key, item]),
    keys: () => [...dict.keys()],
    pop: ([key, otherwise]) => {
      if (!dict.has(key) && otherwise === undefined) throw new PyError("KeyError", textOf(key));
      const item = dict.has(key) ? dict.get(key) : otherwise;
      dict.delete(key);
      return item;
    },
    setdefault: ([key, item = null]) => {
      if (!dict.has(key)) dict.set(key, item);
      return dict.get(key);
    },
    update: ([other], named) => {
      for (const [key, item] of [...pairsOf(other), ...named]) dict.set(key, item);
    },
    values: () => [...dict.values()],
  };
}

/** Keys and values of what dict() takes. */
export function pairsOf(value: unknown): [unknown, unknown][] {
  if (value === undefined) return [];
  if (value instanceof Map) return [...value];
  if (typeof value === "object" && value !== null && !(Symbol.iterator in value))
    return Object.entries(value);
  return Array.from(iterate(value), (pair) => {
    const [key, item] = [...iterate(pair)];
    return [key, item];
  });
}

function setMethods(set: Set<unknown>): Methods {
  return {
    add: ([item]) => void set.add(item),
    discard: ([item]) => void set.delete(item),
    remove: ([item]) => void set.delete(item),
    update: ([items]) => {
      for (const item of iterate(items)) set.add(item);
    },
  };
}

function textMethods(text: string): Methods {
  const itself = () => text;
  return {
    capitalize: () => text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase(),
    decode: itself,
    encode: itself,
    endswith: ([end]) => text.endsWith(String(end)),
    format: (args, named) => formattedWith(text, args, named),
    index: ([part]) => text.indexOf(String(part)),
    isdigit: () => /^\d+$/.test(text),
    join: ([items]) => [...iterate(items)].join(text),
    lower: () => text.toLowerCase(),
    lstrip: () => text.trimStart(),
    replace: ([from, to]) => text.replaceAll(String(from), String(to)),
    rstrip: () => text.trimEnd(),
    split: ([separator]) =>
      separator === undefined || separator === null
        ? text.trim().split(/\s+/)
        : text.split(textOf(separator)),
    startswith: ([start]) => text.startsWith(String(start)),
    strip: () => text.trim(),
    title: () =>
      text.replaceAll(/\p{L}+/gu, (word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase()),
    upper: () => text.toUpperCase(),
    zfill: ([width]) => text.padStart(Number(width), "0"),
  };
}

function formattedWith(text: string, args: readonly unknown[], named: Named): string {
  let next = 0;
  return text.replaceAll(/\{\{|\}\}|\{(\w*)(?::([^}]*))?\}/g, (whole, field, spec) => {
    if (field === undefined) return whole.slice(1);
    const value = field === "" ? args[next++] : /^\d+$/.test(field) ? args[Number(field)] : named.get(field);
    return formatted(value, spec ?? "");
  });
}

function numberMethods(value: number | bigint | boolean): Methods {
  return {
    astype: () => value,
    bit_length: () => BigInt(Math.abs(Number(value))).toString(2).length,
    is_integer: () => Number.isInteger(value),
    item: () => value,
    tolist: () => value,
  };
}

function arrayMethods(array: PyArray): Methods {
  const numbers = array.items.map(Number);
  return {
    all: () => numbers.every(Boolean),
    any: () => numbers.some(Boolean),
    argmax: () => numbers.indexOf(Math.max(...numbers)),
    argmin: () => numbers.indexOf(Math.min(...numbers)),
    astype: ([dtype]) => astype(array, dtypeName(dtype)),
    copy: () => new PyArray([...array.items], array.shape, array.dtype),
    flatten: () => new PyArray(array.items, [array.items.length], array.dtype),
    item: () => listOf(new PyArray(array.items.slice(0, 1), [], array.dtype)),
    max: () => Math.max(...numbers),
    mean: () => numbers.reduce((total, item) => total + item, 0) / numbers.length,
    min: () => Math.min(...numbers),
    ravel: () => new PyArray(array.items, [array.items.length], array.dtype),
    reshape: (sizes) => reshaped(array, sizes.flat().map(Number)),
    sum: () => numbers.reduce((total, item) => total + item, 0),
    tolist: () => listOf(array),
  };
}

function reshaped({ items, dtype }: PyArray, sizes: readonly number[]): PyArray {
  const known = sizes.filter((size) => size >= 0).reduce((product, size) => product * size, 1);
  return new PyArray(
    items,
    sizes.map((size) => (size < 0 ? items.length / known : size)),
    dtype,
  );
}

/** What a fixed attribute of an array is. */
export function fieldOfArray(array: PyArray, name: string): unknown {
  if (name === "shape") return [...array.shape];
  if (name === "size") return array.items.length;
  if (name === "ndim") return array.shape.length;
  if (name === "dtype") return array.dtype;
  return name === "T" && array.shape.length < 2 ? array : undefined;
}

/** The name of a dtype that is a text or one of NumPy's classes. */
export function dtypeName(dtype: unknown): string | undefined {
  if (dtype === undefined || dtype === null) return undefined;
  const name = dtype instanceof PyFunction ? dtype.name : textOf(dtype);
  return { bool_: "bool", int: "int64", float: "float64", float_: "float64" }[name] ?? name;
}
