/** A word of a Python program. `indent` and `dedent` begin and end a block, `newline` ends a statement. */
export type Token = {
  readonly kind: "name" | "number" | "string" | "operator" | "newline" | "indent" | "dedent" | "end";
  readonly text: string;
  readonly line: number;
};

const BLANK = /^[ \t]*(?:#.*)?$/;
const SPACES = /(?:[ \t]|\\\n)*(?:#.*)?/y;
const NUMBER = /0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/.source;
const QUOTED =
  /"""(?:[^\\]|\\[\s\S])*?"""|'''(?:[^\\]|\\[\s\S])*?'''|'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/
    .source;
const OPERATOR =
  /\*\*=|\/\/=|<<=|>>=|\.\.\.|\*\*|\/\/|->|<<|>>|:=|[-+*/%&|^@]=|[=!<>]=|[-+*/%=<>()[\]{},:.;&|^~@]/.source;
const WORD = new RegExp(
  `(?<number>${NUMBER})|(?<string>[fFrRbBuU]{0,2}(?:${QUOTED}))|(?<name>[\\p{L}_][\\p{L}\\p{N}_]*)|(?<operator>${OPERATOR})`,
  "uy",
);

/** Cuts a program, or a single expression, into tokens. Strings keep their quotes and escapes. */
export function tokenize(program: string): Token[] {
  const tokens: Token[] = [];
  const indents = [0];
  let position = 0;
  let line = 1;
  let depth = 0; // of open brackets, within which a line break means nothing
  const push = (kind: Token["kind"], text = "") => tokens.push({ kind, text, line });

  while (position < program.length) {
    if (depth === 0) {
      const end = program.indexOf("\n", position);
      const text = program.slice(position, end < 0 ? program.length : end);
      if (BLANK.test(text)) {
        position += text.length + 1;
        line++;
        continue;
      }
      const indent = text.length - text.trimStart().length;
      if (indent > (indents.at(-1) ?? 0)) {
        indents.push(indent);
        push("indent");
      }
      while (indent < (indents.at(-1) ?? 0)) {
        indents.pop();
        push("dedent");
      }
    }
    for (;;) {
      SPACES.lastIndex = position;
      position += SPACES.exec(program)?.[0].length ?? 0;
      if (position >= program.length) break;
      if (program[position] === "\n") {
        position++;
        if (depth === 0) push("newline");
        line++;
        break;
      }
      WORD.lastIndex = position;
      const groups = WORD.exec(program)?.groups;
      const [kind, text] = Object.entries(groups ?? {}).find(([, found]) => found !== undefined) ?? [];
      if (text === undefined)
        throw new SyntaxError(`line ${line}: ${program.slice(position, position + 20)}`);
      if (kind === "name" || kind === "number" || kind === "string" || kind === "operator") push(kind, text);
      if (kind === "operator" && "([{".includes(text)) depth++;
      if (kind === "operator" && ")]}".includes(text)) depth--;
      position += text.length;
      line += text.split("\n").length - 1;
    }
  }
  if (tokens.at(-1)?.kind !== "newline") push("newline");
  while (indents.pop() !== 0) push("dedent");
  push("end");
  return tokens;
}
