const TOKEN = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Whether two JSON texts say the same: integers digit by digit, floats as doubles (1 is 1.0), objects whatever the order of their
 * keys. Python's `NaN` and infinities are `{"$float": "NaN"}` and so on.
 */
export function sameJson(ours: string, theirs: string): boolean {
  return canonical(ours) === canonical(theirs);
}

function canonical(text: string): string {
  const marked = text.replace(TOKEN, (token) => {
    if (token.startsWith('"')) return token;
    if (/[a-zA-Z]{3}/.test(token)) return `{"$float":"${token}"}`;
    return /^-?\d+$/.test(token) ? `{"$int":"${token}"}` : `{"$int":"${doubleText(token)}"}`;
  });
  return written(JSON.parse(marked));
}

function doubleText(token: string): string {
  const number = Number(token);
  return Object.is(number, -0) ? "-0" : String(number);
}

function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${written(member)}`).join(",")}}`;
}
