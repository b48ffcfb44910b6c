import { asArray, listOf } from "./arrays.js";
import { Instance, PyArray, PyClass, PyError, PyFunction } from "./values.js";

/** Python's str(). */
export function textOf(value: unknown): string {
  if (value instanceof PyError) return value.message;
  return typeof value === "string" ? value : reprOf(value);
}

/** Python's repr(). A float without a fraction cannot be told from an int. */
export function reprOf(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return numberText(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(reprOf).join(", ")}]`;
  if (value instanceof Map)
    return `{${Array.from(value, ([key, item]) => `${reprOf(key)}: ${reprOf(item)}`).join(", ")}}`;
  if (value instanceof Set) return value.size === 0 ? "set()" : `{${Array.from(value, reprOf).join(", ")}}`;
  if (value instanceof Instance) {
    const made = (value.method("__repr__") ?? value.method("__str__"))?.();
    return typeof made === "string" ? made : `<${value.of.name} object>`;
  }
  if (value instanceof PyClass) return `<class '__main__.${value.name}'>`;
  if (value instanceof PyFunction) return `<function ${value.name}>`;
  const array = value instanceof PyArray ? value : asArray(value);
  return array === undefined
    ? Object.prototype.toString.call(value)
    : reprOf(listOf(array)).replaceAll(",", "");
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const text = String(value);
  const [, mantissa = text, sign = "+", exponent = ""] = /^(.*)e([+-])(\d+)$/.exec(text) ?? [];
  if (exponent !== "") return `${mantissa}e${sign}${exponent.padStart(2, "0")}`;
  return Math.abs(value) < 1e-4 && value !== 0 ? value.toExponential().replace(/e-(\d)$/, "e-0$1") : text;
}

function quoted(value: string): string {
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  const escaped = value
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\t", "\\t")
    .replaceAll(quote, `\\${quote}`);
  return quote + escaped + quote;
}

/** Python's format(value, spec). */
export function formatted(value: unknown, spec: string): string {
  const match = /^(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/su.exec(spec);
  if (match === null) throw new PyError("ValueError", `Invalid format specifier '${spec}'`);
  const [, fill, align, sign, , zero, width = "0", grouping, precision, type] = match;
  const isNumber = typeof value === "number" || typeof value === "bigint";
  let text = isNumber
    ? numeral(value, type, precision, grouping)
    : textOf(value).slice(0, precision === undefined ? undefined : Number(precision));
  if (isNumber && sign !== undefined && sign !== "-" && !text.startsWith("-")) text = sign + text;
  const filler = fill ?? (zero === undefined ? " " : "0");
  const missing = Math.max(0, Number(width) - Array.from(text).length);
  const side = align ?? (isNumber ? (zero === undefined ? ">" : "=") : "<");
  if (side === "<") return text + filler.repeat(missing);
  if (side === "^")
    return filler.repeat(Math.floor(missing / 2)) + text + filler.repeat(Math.ceil(missing / 2));
  if (side === "=" && /^[-+]/.test(text)) return text.slice(0, 1) + filler.repeat(missing) + text.slice(1);
  return filler.repeat(missing) + text;
}

function numeral(
  value: number | bigint,
  type: string | undefined,
  precision: string | undefined,
  grouping: string | undefined,
): string {
  const digits = precision === undefined ? 6 : Number(precision);
  const radix = { b: 2, o: 8, x: 16, X: 16 }[type ?? ""];
  if (radix !== undefined) return type === "X" ? value.toString(radix).toUpperCase() : value.toString(radix);
  let text = textOf(value);
  if (type === "f" || type === "F") text = Number(value).toFixed(digits);
  else if (type === "%") text = `${(Number(value) * 100).toFixed(digits)}%`;
  else if (type === "e")
    text = Number(value)
      .toExponential(digits)
      .replace(/e([+-])(\d)$/, "e$10$2");
  else if (type === "g" || (type === undefined && precision !== undefined))
    text = numberText(Number(Number(value).toPrecision(Math.max(1, digits))));
  return grouping === undefined
    ? text
    : text.replace(/\d+/, (whole) => whole.replaceAll(/\B(?=(\d{3})+$)/g, grouping));
}

/** `format % values`. */
export function percentFormatted(format: string, values: readonly unknown[]): string {
  let next = 0;
  return format.replaceAll(
    /%(?:(%)|([-0 +]*)(\d*)((?:\.\d+)?)([sdrfxgei]))/g,
    (_, percent, flags, width, precision, type) => {
      if (percent !== undefined) return "%";
      const value = values[next++];
      const side = String(flags).includes("-") ? "<" : type === "s" || type === "r" ? ">" : "";
      const zero = String(flags).includes("0") && side === "" ? "0" : "";
      if (type === "s" || type === "r")
        return formatted(
          type === "r" ? reprOf(value) : textOf(value),
          `${width === "" ? "" : side}${width}${precision}`,
        );
      const shown = type === "d" || type === "i" ? Math.trunc(Number(value)) : value;
      return formatted(shown, `${side}${zero}${width}${precision}${type === "i" ? "d" : type}`);
    },
  );
}
