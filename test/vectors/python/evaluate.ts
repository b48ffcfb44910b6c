import { attributeOf, callValue, itemOf, iterate, toHost, truthOf } from "./objects.js";
import { binary } from "./operators.js";
import { parseExpression, parseProgram } from "./parse.js";
import type { Block, Expression, Statement, Target } from "./syntax.js";
import { Instance, MissingName, PyFunction, Slice } from "./values.js";

/** Names that a program finds without defining them. */
export type Names = ReadonlyMap<string, unknown>;

/** The value of one expression. @throws {MissingName} for a name that is not there. */
export function evaluateExpression(text: string, names: Names): unknown {
  return evaluate(parseExpression(text), new Scope((name) => names.get(name)));
}

/**
 * The functions and classes of a program. Nothing else of it is run: assignments outside of functions are carried out
 * when their name is asked for.
 */
export function definitionsOf(text: string, names: Names): (name: string) => unknown {
  const statements = parseProgram(text);
  const assigned = new Map<string, Expression>();
  for (const statement of statements) {
    if (statement.kind !== "assign") continue;
    for (const target of statement.targets)
      if (target.kind === "name") assigned.set(target.name, statement.value);
  }
  const program: Scope = new Scope((name) => {
    const value = assigned.get(name);
    return value === undefined ? names.get(name) : evaluate(value, program);
  });
  for (const statement of statements) {
    if (statement.kind === "def" || statement.kind === "class") run(statement, program);
  }
  return (name) => program.get(name);
}

class Scope {
  readonly #values = new Map<string, unknown>();
  readonly #outer: (name: string) => unknown;

  constructor(outer: (name: string) => unknown) {
    this.#outer = outer;
  }

  get(name: string): unknown {
    if (this.#values.has(name)) return this.#values.get(name);
    const value = this.#outer(name);
    if (value === undefined) throw new MissingName(name);
    return value;
  }

  set(name: string, value: unknown): void {
    this.#values.set(name, value);
  }

  inner(): Scope {
    return new Scope((name) => this.get(name));
  }
}

/** The end of a function's run. */
type Returned = { readonly value: unknown };

function runBlock(block: Block, scope: Scope): Returned | undefined {
  for (const statement of block) {
    const returned = run(statement, scope);
    if (returned !== undefined) return returned;
  }
  return undefined;
}

function run(statement: Statement, scope: Scope): Returned | undefined {
  switch (statement.kind) {
    case "import":
    case "pass":
      return undefined;
    case "expression":
      evaluate(statement.value, scope);
      return undefined;
    case "assign": {
      const value = evaluate(statement.value, scope);
      for (const target of statement.targets) assign(target, value, scope);
      return undefined;
    }
    case "update": {
      const { target, operator } = statement;
      assign(target, binary(operator, evaluate(target, scope), evaluate(statement.value, scope)), scope);
      return undefined;
    }
    case "return":
      return { value: statement.value === undefined ? null : evaluate(statement.value, scope) };
    case "raise": {
      const raised = statement.value === undefined ? undefined : evaluate(statement.value, scope);
      const error = raised instanceof PyFunction ? callValue(raised, []) : raised;
      throw error instanceof Error ? error : new Error("raise without an exception");
    }
    case "def":
      scope.set(statement.name, functionOf(statement.name, statement.parameters, statement.body, scope));
      return undefined;
    case "class":
      scope.set(statement.name, classOf(statement.name, statement.body, scope));
      return undefined;
    case "for":
      for (const element of iterate(evaluate(statement.over, scope))) {
        assign(statement.target, element, scope);
        const returned = runBlock(statement.body, scope);
        if (returned !== undefined) return returned;
      }
      return undefined;
    case "while":
      while (truthOf(evaluate(statement.test, scope))) {
        const returned = runBlock(statement.body, scope);
        if (returned !== undefined) return returned;
      }
      return undefined;
    case "if":
      return runBlock(truthOf(evaluate(statement.test, scope)) ? statement.body : statement.otherwise, scope);
  }
}

function functionOf(name: string, parameters: readonly string[], body: Block, scope: Scope): PyFunction {
  return new PyFunction(name, (args, named) => {
    const inside = scope.inner();
    for (const [index, parameter] of parameters.entries()) {
      const value = index < args.length ? args[index] : named.get(parameter);
      if (value !== undefined) inside.set(parameter, value);
    }
    return runBlock(body, inside)?.value ?? null;
  });
}

function classOf(name: string, body: Block, scope: Scope): PyFunction {
  const methods = new Map<string, PyFunction>();
  for (const statement of body) {
    if (statement.kind !== "def") continue;
    methods.set(statement.name, functionOf(statement.name, statement.parameters, statement.body, scope));
  }
  return new PyFunction(name, (args, named) => {
    const instance = new Instance(methods);
    methods.get("__init__")?.call([instance, ...args], named);
    return instance;
  });
}

function assign(target: Target, value: unknown, scope: Scope): void {
  if (target.kind === "name") scope.set(target.name, value);
  else if (target.kind === "tuple") {
    const values = [...iterate(value)];
    for (const [index, item] of target.items.entries()) assign(item, values[index], scope);
  } else if (target.kind === "attribute") {
    const object = evaluate(target.of, scope);
    if (object instanceof Instance) object.fields.set(target.name, value);
    else throw new SyntaxError(`assignment to .${target.name} of something else than an own object`);
  } else throw new SyntaxError(`assignment to ${target.kind}`);
}

function evaluate(expression: Expression, scope: Scope): unknown {
  switch (expression.kind) {
    case "constant":
      return expression.value;
    case "name":
      return scope.get(expression.name);
    case "attribute":
      return attributeOf(evaluate(expression.of, scope), expression.name);
    case "item":
      return itemOf(evaluate(expression.of, scope), indexOf(expression.index, scope));
    case "slice":
      return indexOf(expression, scope);
    case "list":
    case "tuple":
      return expression.items.flatMap((item) =>
        item.kind === "comprehension" ? comprehend(item, scope) : [evaluate(item, scope)],
      );
    case "comprehension":
      return comprehend(expression, scope);
    case "dict":
      return new Map(expression.pairs.map(([key, value]) => [evaluate(key, scope), evaluate(value, scope)]));
    case "lambda":
      return functionOf(
        "<lambda>",
        expression.parameters,
        [{ kind: "return", value: expression.body }],
        scope,
      );
    case "choice":
      return evaluate(
        truthOf(evaluate(expression.test, scope)) ? expression.value : expression.otherwise,
        scope,
      );
    case "unary": {
      const value = evaluate(expression.of, scope);
      if (expression.operator === "not") return !truthOf(value);
      return expression.operator === "-" ? binary("-", 0, value) : value;
    }
    case "binary": {
      const left = evaluate(expression.left, scope);
      if (expression.operator === "and") return truthOf(left) ? evaluate(expression.right, scope) : left;
      if (expression.operator === "or") return truthOf(left) ? left : evaluate(expression.right, scope);
      return binary(expression.operator, left, evaluate(expression.right, scope));
    }
    case "call":
      return call(expression, scope);
  }
}

function call(expression: Extract<Expression, { kind: "call" }>, scope: Scope): unknown {
  const callee = evaluate(expression.of, scope);
  const args: unknown[] = [];
  const named = new Map<string, unknown>();
  for (const { name, spread, value } of expression.args) {
    const given = evaluate(value, scope);
    if (name !== undefined) named.set(name, given);
    else if (spread === "*") args.push(...iterate(given));
    else if (spread === "**") {
      if (!(given instanceof Map)) throw new SyntaxError("** of something else than a dict");
      for (const [key, item] of given) named.set(String(key), item);
    } else args.push(given);
  }
  return callValue(callee, args, named);
}

function comprehend(
  { of, target, over }: Extract<Expression, { kind: "comprehension" }>,
  scope: Scope,
): unknown[] {
  const inside = scope.inner();
  const results: unknown[] = [];
  for (const element of iterate(evaluate(over, scope))) {
    assign(target, element, inside);
    results.push(evaluate(of, inside));
  }
  return results;
}

function indexOf(index: Expression, scope: Scope): unknown {
  if (index.kind !== "slice") return evaluate(index, scope);
  return new Slice(
    index.bounds.map((bound) => (bound === undefined ? undefined : Number(toHost(evaluate(bound, scope))))),
  );
}
