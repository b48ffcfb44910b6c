import { iterate, truthOf } from "./iteration.js";
import { attributeOf, callValue, itemOf, setAttribute, setItem, toHost } from "./objects.js";
import { binary } from "./operators.js";
import type { Scope } from "./scope.js";
import type { Clause, Expression, Parameter, Target } from "./syntax.js";
import { formatted, percentFormatted, reprOf, textOf } from "./text.js";
import { type Named, PyError, PyFunction, Slice, Super } from "./values.js";

/** The value of an expression. @throws {MissingName} for a name that is not there. */
export function evaluate(expression: Expression, scope: Scope): unknown {
  switch (expression.kind) {
    case "constant":
      return expression.value;
    case "fstring":
      return expression.parts
        .map((part) => (typeof part === "string" ? part : formattedPart(part, scope)))
        .join("");
    case "name":
      return scope.get(expression.name);
    case "attribute":
      return attributeOf(evaluate(expression.of, scope), expression.name);
    case "item":
      return itemOf(evaluate(expression.of, scope), evaluate(expression.index, scope));
    case "slice":
      return new Slice(
        expression.bounds.map((bound) => {
          const value = bound === undefined ? null : toHost(evaluate(bound, scope));
          return value === null ? undefined : Number(value);
        }),
      );
    case "list":
    case "tuple":
      return items(expression.items, scope);
    case "set":
      return new Set(items(expression.items, scope));
    case "star":
      throw new SyntaxError("* outside of a list");
    case "comprehension":
      return comprehend(expression, scope);
    case "dict":
      return new Map(
        expression.pairs.flatMap(([key, value]): [unknown, unknown][] => {
          const item = evaluate(value, scope);
          if (key !== undefined) return [[evaluate(key, scope), item]];
          return item instanceof Map ? [...item] : Object.entries(Object(item));
        }),
      );
    case "lambda": {
      const { parameters, body } = expression;
      const defaults = defaultsOf(parameters, scope);
      return new PyFunction("<lambda>", (args, named) =>
        evaluate(body, bind(parameters, defaults, args, named, scope.inner(), "<lambda>")),
      );
    }
    case "choice":
      return evaluate(
        truthOf(evaluate(expression.test, scope)) ? expression.value : expression.otherwise,
        scope,
      );
    case "named": {
      const value = evaluate(expression.value, scope);
      scope.set(expression.name, value);
      return value;
    }
    case "unary": {
      const value = evaluate(expression.of, scope);
      if (expression.operator === "not") return !truthOf(value);
      if (expression.operator === "~") return binary("-", -1, value);
      return expression.operator === "-" ? negative(value) : value;
    }
    case "comparison": {
      let left = evaluate(expression.first, scope);
      let result: unknown = true;
      for (const { operator, right: of } of expression.rest) {
        const right = evaluate(of, scope);
        result = binary(operator, left, right);
        if (expression.rest.length > 1 && !truthOf(result)) return result;
        left = right;
      }
      return result;
    }
    case "binary":
      return binaryExpression(expression, scope);
    case "call":
      return call(expression, scope);
    case "yield":
      throw new SyntaxError("yield within an expression");
  }
}

function formattedPart(
  { of, conversion, spec }: { of: Expression; conversion: string; spec: string },
  scope: Scope,
): string {
  const value = evaluate(of, scope);
  const filled = spec.replaceAll(/\{(\w+)\}/g, (_, name) => textOf(scope.get(name)));
  return formatted(conversion === "r" ? reprOf(value) : conversion === "s" ? textOf(value) : value, filled);
}

function negative(value: unknown): unknown {
  return typeof value === "number" ? (value === 0 ? 0 : -value) : binary("*", value, -1);
}

function binaryExpression(
  { operator, left: of, right }: Extract<Expression, { kind: "binary" }>,
  scope: Scope,
): unknown {
  const left = evaluate(of, scope);
  if (operator === "and") return truthOf(left) ? evaluate(right, scope) : left;
  if (operator === "or") return truthOf(left) ? left : evaluate(right, scope);
  const value = evaluate(right, scope);
  if (operator === "%" && typeof left === "string")
    return percentFormatted(left, Array.isArray(value) ? value : [value]);
  return binary(operator, left, value);
}

function items(expressions: readonly Expression[], scope: Scope): unknown[] {
  return expressions.flatMap((item) =>
    item.kind === "star" ? [...iterate(evaluate(item.of, scope))] : [evaluate(item, scope)],
  );
}

function call(expression: Extract<Expression, { kind: "call" }>, scope: Scope): unknown {
  if (expression.of.kind === "name" && expression.of.name === "super" && expression.args.length === 0) {
    return scope.get("super");
  }
  const callee = evaluate(expression.of, scope);
  const args: unknown[] = [];
  const named = new Map<string, unknown>();
  for (const { name, spread, value } of expression.args) {
    const given = evaluate(value, scope);
    if (name !== undefined) named.set(name, given);
    else if (spread === "*") args.push(...iterate(given));
    else if (spread === "**") {
      const pairs = given instanceof Map ? given : Object.entries(Object(given));
      for (const [key, item] of pairs) named.set(String(key), item);
    } else args.push(given);
  }
  return callValue(callee, args, named);
}

function comprehend(
  { gives, of, clauses }: Extract<Expression, { kind: "comprehension" }>,
  scope: Scope,
): unknown {
  const [first, ...others] = clauses;
  if (first === undefined) throw new SyntaxError("comprehension without for");
  const elements = elementsOf(of, [iterate(evaluate(first.over, scope)), first], others, scope.inner());
  if (gives === "generator") return elements;
  if (gives === "list") return [...elements];
  if (gives === "set") return new Set(elements);
  return new Map(
    Array.from(elements, (pair): [unknown, unknown] =>
      Array.isArray(pair) ? [pair[0], pair[1]] : [pair, null],
    ),
  );
}

function* elementsOf(
  of: Expression,
  [over, { target, tests }]: readonly [Iterable<unknown>, Clause],
  others: readonly Clause[],
  scope: Scope,
): Generator<unknown, void> {
  for (const element of over) {
    assign(target, element, scope);
    if (!tests.every((test) => truthOf(evaluate(test, scope)))) continue;
    const [next, ...rest] = others;
    if (next === undefined) yield evaluate(of, scope);
    else yield* elementsOf(of, [iterate(evaluate(next.over, scope)), next], rest, scope);
  }
}

/** Gives names, attributes and items their values. */
export function assign(target: Target, value: unknown, scope: Scope): void {
  if (target.kind === "name") scope.set(target.name, value);
  else if (target.kind === "tuple" || target.kind === "list") {
    const values = [...iterate(value)];
    const star = target.items.findIndex((item) => item.kind === "star");
    const extra = values.length - target.items.length;
    if (star < 0 && extra !== 0) throw new PyError("ValueError", "another number of values to unpack");
    for (const [index, item] of target.items.entries()) {
      if (item.kind === "star") assign(item.of, values.slice(index, index + extra + 1), scope);
      else assign(item, values[star >= 0 && index > star ? index + extra : index], scope);
    }
  } else if (target.kind === "attribute") setAttribute(evaluate(target.of, scope), target.name, value);
  else if (target.kind === "item") setItem(evaluate(target.of, scope), evaluate(target.index, scope), value);
  else throw new SyntaxError(`assignment to ${target.kind}`);
}

/** Defaults of parameters, which are evaluated once. */
export function defaultsOf(parameters: readonly Parameter[], scope: Scope): ReadonlyMap<string, unknown> {
  return new Map(
    parameters.flatMap(({ name, otherwise }): [string, unknown][] =>
      otherwise === undefined ? [] : [[name, evaluate(otherwise, scope)]],
    ),
  );
}

/** The scope of a call: parameters with what was given for them. @throws {PyError} for one without a value. */
export function bind(
  parameters: readonly Parameter[],
  defaults: ReadonlyMap<string, unknown>,
  args: readonly unknown[],
  named: Named,
  scope: Scope,
  name: string,
): Scope {
  let position = 0;
  const left = new Map(named);
  for (const { name: parameter, takes } of parameters) {
    if (takes === "*") scope.set(parameter, args.slice(position));
    else if (takes === "**") scope.set(parameter, left);
    else if (takes === "one" && position < args.length) scope.set(parameter, args[position++]);
    else if (left.has(parameter)) scope.set(parameter, left.get(parameter));
    else if (defaults.has(parameter)) scope.set(parameter, defaults.get(parameter));
    else throw new PyError("TypeError", `${name}() missing required argument: '${parameter}'`);
    if (takes !== "**") left.delete(parameter);
  }
  return scope;
}

/** `super()` of a method. */
export function superOf(owner: ConstructorParameters<typeof Super>[0], self: unknown): Super {
  return new Super(owner, self);
}
