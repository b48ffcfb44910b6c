// The part of Python's syntax that the scripts and programs of the vectors use.

export type Expression =
  | { readonly kind: "constant"; readonly value: number | bigint | string | boolean | null }
  | { readonly kind: "fstring"; readonly parts: readonly (string | Formatted)[] }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "attribute"; readonly of: Expression; readonly name: string }
  | { readonly kind: "item"; readonly of: Expression; readonly index: Expression }
  | { readonly kind: "slice"; readonly bounds: readonly (Expression | undefined)[] }
  | { readonly kind: "call"; readonly of: Expression; readonly args: readonly Argument[] }
  | { readonly kind: "list" | "tuple" | "set"; readonly items: readonly Expression[] }
  | { readonly kind: "star"; readonly of: Expression }
  | { readonly kind: "dict"; readonly pairs: readonly (readonly [key: Expression | undefined, Expression])[] }
  | {
      readonly kind: "comprehension";
      /** `generator` gives its elements when they are asked for. */
      readonly gives: "list" | "set" | "dict" | "generator";
      readonly of: Expression;
      readonly clauses: readonly Clause[];
    }
  | { readonly kind: "lambda"; readonly parameters: readonly Parameter[]; readonly body: Expression }
  | {
      readonly kind: "choice";
      readonly value: Expression;
      readonly test: Expression;
      readonly otherwise: Expression;
    }
  | { readonly kind: "named"; readonly name: string; readonly value: Expression }
  | { readonly kind: "unary"; readonly operator: string; readonly of: Expression }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: "comparison";
      readonly first: Expression;
      readonly rest: readonly { readonly operator: string; readonly right: Expression }[];
    }
  | { readonly kind: "yield"; readonly value: Expression | undefined; readonly isFrom: boolean };

/** `{of!conversion:spec}` of an f-string. */
export type Formatted = { readonly of: Expression; readonly conversion: string; readonly spec: string };

/** `for target in over if test …` of a comprehension. */
export type Clause = {
  readonly target: Target;
  readonly over: Expression;
  readonly tests: readonly Expression[];
};

/** `value`, `name=value`, `*value` or `**value`. */
export type Argument = { readonly name?: string; readonly spread?: "*" | "**"; readonly value: Expression };

/** A parameter of a function: `*name` and `**name` take what is left, `named` ones have no position. */
export type Parameter = {
  readonly name: string;
  readonly takes: "one" | "named" | "*" | "**";
  readonly otherwise?: Expression;
};

/** What can be assigned to: a name, an attribute, an item, or several of them. */
export type Target = Expression;

/** `import module as name`, or `from module import member as name`. */
export type Imported = { readonly module: string; readonly member?: string; readonly name: string };

export type Statement =
  | { readonly kind: "expression"; readonly value: Expression }
  | { readonly kind: "assign"; readonly targets: readonly Target[]; readonly value: Expression }
  | { readonly kind: "annotated"; readonly target: Target; readonly value: Expression | undefined }
  | {
      readonly kind: "update";
      readonly target: Target;
      readonly operator: string;
      readonly value: Expression;
    }
  | { readonly kind: "return"; readonly value: Expression | undefined }
  | { readonly kind: "raise"; readonly value: Expression | undefined }
  | { readonly kind: "assert"; readonly test: Expression }
  | { readonly kind: "del"; readonly targets: readonly Target[] }
  | { readonly kind: "outer"; readonly isGlobal: boolean; readonly names: readonly string[] }
  | FunctionDefinition
  | {
      readonly kind: "class";
      readonly name: string;
      readonly bases: readonly Expression[];
      readonly body: Block;
      readonly decorators: readonly Expression[];
    }
  | {
      readonly kind: "for";
      readonly target: Target;
      readonly over: Expression;
      readonly body: Block;
      readonly otherwise: Block;
    }
  | { readonly kind: "while"; readonly test: Expression; readonly body: Block; readonly otherwise: Block }
  | { readonly kind: "if"; readonly test: Expression; readonly body: Block; readonly otherwise: Block }
  | {
      readonly kind: "try";
      readonly body: Block;
      readonly handlers: readonly Handler[];
      readonly otherwise: Block;
      readonly last: Block;
    }
  | {
      readonly kind: "with";
      readonly items: readonly { readonly value: Expression; readonly target?: Target }[];
      readonly body: Block;
    }
  | { readonly kind: "import"; readonly imported: readonly Imported[] }
  | { readonly kind: "pass" | "break" | "continue" };

export type FunctionDefinition = {
  readonly kind: "def";
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly body: Block;
  readonly decorators: readonly Expression[];
  /** Whether a call gives a generator. */
  readonly yields: boolean;
};

/** `except of as name:`. */
export type Handler = {
  readonly of: Expression | undefined;
  readonly name: string | undefined;
  readonly body: Block;
};

export type Block = readonly Statement[];
