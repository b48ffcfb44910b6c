import { isOrbaxError } from "../../../src/errors.js";
import { parseExpression } from "./expression-parser.js";
import { assign, bind, defaultsOf, evaluate, superOf } from "./expressions.js";
import { iterate, truthOf } from "./iteration.js";
import { attributeOrNone, callValue } from "./objects.js";
import { binary } from "./operators.js";
import { parseProgram } from "./parse.js";
import { Scope } from "./scope.js";
import type { Block, Expression, FunctionDefinition, Handler, Imported, Statement } from "./syntax.js";
import { Decorated, HostClass, Instance, Namespace, PyClass, PyError, PyFunction } from "./values.js";

/** Names that a program finds without defining them. */
export type Names = ReadonlyMap<string, unknown>;

/** The value of one expression. @throws {MissingName} for a name that is not there. */
export function evaluateExpression(text: string, names: Names): unknown {
  return evaluate(parseExpression(text), new Scope(undefined, (name) => names.get(name)));
}

/**
 * The functions and classes of a program. Nothing else of it is run: assignments outside of functions are carried out
 * when their name is asked for.
 */
export function definitionsOf(text: string, names: Names): (name: string) => unknown {
  const assigned = new Map<string, Statement & { kind: "assign" | "annotated" }>();
  const program: Scope = new Scope(undefined, (name) => {
    const statement = assigned.get(name);
    if (statement === undefined) return names.get(name);
    assigned.delete(name);
    finish(run(statement, program));
    return program.find(name);
  });
  for (const statement of parseProgram(text)) {
    if (statement.kind === "def" || statement.kind === "class" || statement.kind === "import") {
      finish(run(statement, program));
    }
    const targets =
      statement.kind === "assign"
        ? statement.targets
        : statement.kind === "annotated"
          ? [statement.target]
          : [];
    for (const name of targets.flatMap(namesIn)) {
      if (statement.kind === "assign" || statement.kind === "annotated") assigned.set(name, statement);
    }
  }
  return (name) => program.get(name);
}

function namesIn(target: Expression): string[] {
  if (target.kind === "name") return [target.name];
  return target.kind === "tuple" ? target.items.flatMap(namesIn) : [];
}

/** How a block was left before its end. */
type Left = { readonly how: "return"; readonly value: unknown } | { readonly how: "break" | "continue" };

/** Statements under way: what they yield is given out. */
type Run = Generator<unknown, Left | undefined>;

/** Runs statements to their end that do not yield. */
function finish(statements: Run): Left | undefined {
  const { done, value } = statements.next();
  if (done === true) return value;
  throw new SyntaxError("yield outside of a function");
}

function* runBlock(block: Block, scope: Scope): Run {
  for (const statement of block) {
    const left = yield* run(statement, scope);
    if (left !== undefined) return left;
  }
  return undefined;
}

function* run(statement: Statement, scope: Scope): Run {
  switch (statement.kind) {
    case "pass":
      return undefined;
    case "break":
    case "continue":
      return { how: statement.kind };
    case "import":
      for (const imported of statement.imported) runImport(imported, scope);
      return undefined;
    case "expression":
      yield* valueOf(statement.value, scope);
      return undefined;
    case "assign": {
      const value = yield* valueOf(statement.value, scope);
      for (const target of statement.targets) assign(target, value, scope);
      return undefined;
    }
    case "annotated":
      if (statement.value !== undefined) assign(statement.target, evaluate(statement.value, scope), scope);
      return undefined;
    case "update": {
      const { target, operator } = statement;
      assign(target, binary(operator, evaluate(target, scope), evaluate(statement.value, scope)), scope);
      return undefined;
    }
    case "return":
      return {
        how: "return",
        value: statement.value === undefined ? null : evaluate(statement.value, scope),
      };
    case "raise":
      throw raised(
        statement.value === undefined ? scope.find("<handled>") : evaluate(statement.value, scope),
      );
    case "assert":
      if (!truthOf(evaluate(statement.test, scope))) throw new PyError("AssertionError");
      return undefined;
    case "del":
      for (const target of statement.targets) remove(target, scope);
      return undefined;
    case "outer":
      for (const name of statement.names) scope.declare(name, statement.isGlobal);
      return undefined;
    case "def":
      scope.set(statement.name, decorated(functionOf(statement, scope), statement.decorators, scope));
      return undefined;
    case "class":
      scope.set(statement.name, decorated(classOf(statement, scope), statement.decorators, scope));
      return undefined;
    case "for":
      for (const element of iterate(evaluate(statement.over, scope))) {
        assign(statement.target, element, scope);
        const left = yield* runBlock(statement.body, scope);
        if (left?.how === "break") return undefined;
        if (left?.how === "return") return left;
      }
      return yield* runBlock(statement.otherwise, scope);
    case "while":
      while (truthOf(evaluate(statement.test, scope))) {
        const left = yield* runBlock(statement.body, scope);
        if (left?.how === "break") return undefined;
        if (left?.how === "return") return left;
      }
      return yield* runBlock(statement.otherwise, scope);
    case "if":
      return yield* runBlock(
        truthOf(evaluate(statement.test, scope)) ? statement.body : statement.otherwise,
        scope,
      );
    case "try":
      return yield* runTry(statement, scope);
    case "with":
      for (const { value, target } of statement.items) {
        const context = evaluate(value, scope);
        const entered = context instanceof Instance ? context.method("__enter__")?.() : context;
        if (target !== undefined) assign(target, entered ?? context, scope);
      }
      return yield* runBlock(statement.body, scope);
  }
}

function* valueOf(expression: Expression, scope: Scope): Generator<unknown, unknown> {
  if (expression.kind !== "yield") return evaluate(expression, scope);
  const value = expression.value === undefined ? null : evaluate(expression.value, scope);
  if (expression.isFrom) yield* iterate(value);
  else yield value;
  return null;
}

function* runTry(
  { body, handlers, otherwise, last }: Extract<Statement, { kind: "try" }>,
  scope: Scope,
): Run {
  try {
    try {
      const left = yield* runBlock(body, scope);
      if (left !== undefined) return left;
    } catch (error) {
      const handler = handlers.find((candidate) => handles(candidate, error, scope));
      if (handler === undefined) throw error;
      if (handler.name !== undefined) scope.set(handler.name, error);
      scope.set("<handled>", error);
      return yield* runBlock(handler.body, scope);
    }
    return yield* runBlock(otherwise, scope);
  } finally {
    finish(runBlock(last, scope));
  }
}

function handles({ of }: Handler, error: unknown, scope: Scope): boolean {
  const type =
    error instanceof PyError ? error.pythonType : isOrbaxError(error) ? error.details.pythonType : undefined;
  if (type === undefined && !isOrbaxError(error)) return false; // a mistake of the interpreter itself
  if (of === undefined) return true;
  return (of.kind === "tuple" ? of.items : [of]).some((item) => {
    const known = evaluate(item, scope);
    const name = known instanceof PyClass || known instanceof PyFunction ? known.name : "";
    return (
      name === type ||
      name === "Exception" ||
      name === "BaseException" ||
      (name === "LookupError" && /^(Key|Index)Error$/.test(type ?? ""))
    );
  });
}

function raised(value: unknown): Error {
  const error = value instanceof PyFunction || value instanceof PyClass ? callValue(value, []) : value;
  return error instanceof Error ? error : new Error("raise without an exception");
}

function remove(target: Expression, scope: Scope): void {
  if (target.kind === "name") scope.remove(target.name);
  else if (target.kind === "attribute") {
    const object = evaluate(target.of, scope);
    if (object instanceof Instance) object.fields.delete(target.name);
  } else if (target.kind === "item") {
    const [container, index] = [evaluate(target.of, scope), evaluate(target.index, scope)];
    if (container instanceof Map) container.delete(index);
    else if (Array.isArray(container)) container.splice(Number(index), 1);
  }
}

/** Names of packages are known by their last parts; what is not known is missing only when it is used. */
function runImport({ module, member, name }: Imported, scope: Scope): void {
  const parts = module.split(".");
  const [first = module, ...rest] = parts;
  const found =
    rest.reduce(inModule, scope.find(first)) ?? scope.find(parts.at(-1) ?? module) ?? scope.find(first);
  const value = member === undefined ? found : (inModule(found, member) ?? scope.find(member));
  if (value !== undefined) scope.set(name, value);
}

function inModule(of: unknown, part: string): unknown {
  return of instanceof Namespace ? attributeOrNone(of, part) : undefined;
}

function functionOf(definition: FunctionDefinition, scope: Scope, owner?: PyClass): PyFunction {
  const { name, parameters, body, yields } = definition;
  const defaults = defaultsOf(parameters, scope);
  return new PyFunction(name, (args, named) => {
    const inside = bind(parameters, defaults, args, named, scope.inner(), name);
    if (owner !== undefined) inside.set("super", superOf(owner, args[0]));
    if (yields) return runBlock(body, inside);
    const left = finish(runBlock(body, inside));
    return left?.how === "return" ? left.value : null;
  });
}

function classOf({ name, bases, body }: Extract<Statement, { kind: "class" }>, scope: Scope): PyClass {
  const parents = bases.map((base) => {
    const value = evaluate(base, scope);
    // A class of this project, or another one that only Python has: nothing of it is inherited.
    return value instanceof PyClass ? value : new PyClass(nameOf(value), [], new Map());
  });
  const made = new PyClass(name, parents, new Map());
  const inside = scope.inner();
  const annotated: string[] = [];
  for (const statement of body) {
    if (statement.kind === "def") {
      const method = decorated(functionOf(statement, scope, made), statement.decorators, inside);
      made.names.set(statement.name, method);
      inside.set(statement.name, method);
      continue;
    }
    finish(run(statement, inside));
    const targets =
      statement.kind === "assign"
        ? statement.targets
        : statement.kind === "annotated"
          ? [statement.target]
          : [];
    for (const field of targets.flatMap(namesIn)) {
      if (statement.kind === "annotated") annotated.push(field);
      const value = inside.find(field);
      if (statement.kind === "assign" || (statement.kind === "annotated" && statement.value !== undefined))
        made.names.set(field, value);
    }
  }
  made.names.set("__annotations__", annotated);
  return made;
}

function nameOf(value: unknown): string {
  return value instanceof PyFunction || value instanceof HostClass || value instanceof Namespace
    ? value.name
    : "object";
}

/** Decorators that change what is called; all others only add checks that nothing here needs. */
function decorated(value: PyFunction | PyClass, decorators: readonly Expression[], scope: Scope): unknown {
  let result: unknown = value;
  for (const decorator of decorators.toReversed()) {
    const of = decorator.kind === "call" ? decorator.of : decorator;
    const name = of.kind === "name" ? of.name : of.kind === "attribute" ? of.name : "";
    if (
      result instanceof PyFunction &&
      (name === "property" || name === "staticmethod" || name === "classmethod")
    ) {
      result = new Decorated(name, result);
    } else if (result instanceof PyClass && name === "dataclass") {
      addDataclass(result);
    } else {
      const known = scope.find(name);
      if (known instanceof PyFunction && known.name === name && of.kind === "name")
        result = callValue(evaluate(decorator, scope), [result]);
    }
  }
  return result;
}

/** An `__init__` over the annotated fields. */
function addDataclass(made: PyClass): void {
  const own = made.find("__annotations__");
  const fields: string[] = Array.isArray(own) ? own.map(String) : [];
  if (made.names.has("__init__")) return;
  made.names.set(
    "__init__",
    new PyFunction("__init__", ([self, ...args], named) => {
      if (!(self instanceof Instance)) return null;
      for (const [index, field] of fields.entries()) {
        const otherwise = made.find(field);
        const value = index < args.length ? args[index] : named.has(field) ? named.get(field) : otherwise;
        if (value === undefined) throw new PyError("TypeError", `missing argument: '${field}'`);
        self.fields.set(
          field,
          Array.isArray(value)
            ? value
            : value instanceof PyFunction && value.name === "<factory>"
              ? value.call([], new Map())
              : value,
        );
      }
      return self.method("__post_init__")?.() ?? null;
    }),
  );
}
