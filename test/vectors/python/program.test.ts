import { describe, expect, it } from "vitest";
import { scriptNames } from "../script-names.js";
import { definitionsOf, evaluateExpression } from "./evaluate.js";
import { callValue } from "./objects.js";
import { MissingName, PyArray, PyError, StopIteration } from "./values.js";

/** What `run()` of a program gives. */
function resultOf(program: string): unknown {
  return callValue(definitionsOf(program, scriptNames())("run"), []);
}

/** The result of a function's body. */
function returned(...lines: string[]): unknown {
  return resultOf(`def run():\n${lines.map((line) => `    ${line}`).join("\n")}\n`);
}

const value = (text: string) => evaluateExpression(text, scriptNames());

describe("expressions", () => {
  const cases: [text: string, expected: unknown][] = [
    ["7 // -2, -7 % 3, 2 ** 70 % 1000, 1 << 40, 0x7f & ~3", [-4, 2, 424, 2 ** 40, 124]],
    ["0 < 3 <= 3 != 4, 5 not in [1, 2], None is None, 1 is not None", [true, true, true, true]],
    ["[x * y for x in range(4) if x % 2 for y in (1, 10)]", [1, 10, 3, 30]],
    [
      "{k: v for k, v in zip('ab', [1, 2])}",
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
    ],
    ["[*range(2), *(5, 6)][::-1]", [6, 5, 1, 0]],
    ["'abcdef'[1:-1:2], [1, 2, 3, 4][-2:]", ["bd", [3, 4]]],
    ['f\'{1 + 1:03d}|{0.5:.2f}|{"x"!r}|{{}}|{"a":>3}\'', "002|0.50|'x'|{}|  a"],
    ["'%d-%s' % (3, 'x') + '{}/{n:>2}'.format(1, n=2)", "3-x1/ 2"],
    ["(lambda a, b=2, *c, d=4, **e: [a, b, c, d, e['f']])(1, 2, 3, f=5)", [1, 2, [3], 4, 5]],
    ["{**{'a': 1}, 'a': 2}", new Map([["a", 2]])],
    [
      "sorted([3, 1, 2], key=lambda x: -x), max([1, 5], default=0), sum([[1], [2]], [])",
      [[3, 2, 1], 5, [1, 2]],
    ],
    ["(np.arange(4, dtype=np.int32) * 3 + 1).tolist()", [1, 4, 7, 10]],
    [
      "np.arange(6).reshape(3, 2)[1:].tolist()",
      [
        [2, 3],
        [4, 5],
      ],
    ],
    ["next(iter([]), 'none')", "none"],
    ["jax.random.randint(jax.random.key(0), (), 0, 10)", 9],
  ];

  it.each(cases)("%s", (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  it("know arrays by their dtype", () => {
    expect(value("np.arange(3, dtype=np.float32) / 3")).toEqual(
      new PyArray([0, Math.fround(1 / 3), Math.fround(2 / 3)], [3], "float32"),
    );
  });

  it("give what is missing as a missing name", () => {
    expect(() => value("np.fft(1)")).toThrow(MissingName);
  });
});

describe("functions", () => {
  it("yield", () => {
    expect(
      resultOf(
        "def some(n):\n    for i in range(n):\n        if i == 3:\n            break\n        yield i\n    yield from 'ab'\n\ndef run():\n    return list(some(9))\n",
      ),
    ).toEqual([0, 1, 2, "a", "b"]);
  });

  it("take the elements of a generator only when they are asked for", () => {
    expect(returned("it = (x * x for x in itertools.count())", "next(it), next(it)", "return next(it)")).toBe(
      4,
    );
  });

  it("change names outside of them", () => {
    expect(
      returned("n = 1", "def more():", "    nonlocal n", "    n += 1", "more(); more()", "return n"),
    ).toBe(3);
  });

  it("handle exceptions", () => {
    expect(
      returned(
        "out = []",
        "try:",
        "    {}['a']",
        "except (IndexError, KeyError) as e:",
        "    out.append(1)",
        "finally:",
        "    out.append(2)",
        "return out",
      ),
    ).toEqual([1, 2]);
    expect(() => returned("raise ValueError('no')")).toThrow(PyError);
    expect(() => returned("return next(iter(()))")).toThrow(StopIteration);
  });

  it("assign to several targets and to items", () => {
    expect(
      returned(
        "(a, b), *c = (1, 2), 3, 4",
        "d = {}",
        "d['x'] = [a, b]",
        "d['x'][0] += 5",
        "return c + d['x']",
      ),
    ).toEqual([3, 4, 6, 2]);
  });
});

describe("classes", () => {
  it("inherit, with properties and super()", () => {
    const program = [
      "class A:",
      "    size = 2",
      "    def __init__(self, n): self.n = n",
      "    @property",
      "    def double(self): return self.n * self.size",
      "class B(A):",
      "    def __init__(self):",
      "        super().__init__(n=4)",
      "    @staticmethod",
      "    def one(): return 1",
      "def run():",
      "    b = B()",
      "    setattr(b, 'n', b.n + B.one())",
      "    return [b.double, isinstance(b, A), {k: v for k, v in b.__dict__.items()}]",
    ];
    expect(resultOf(program.join("\n"))).toEqual([10, true, new Map([["n", 5]])]);
  });

  it("are iterated over", () => {
    const program = [
      "class Count:",
      "    def __init__(self): self.i = 0",
      "    def __iter__(self): return self",
      "    def __next__(self):",
      "        if self.i == 3: raise StopIteration",
      "        self.i += 1",
      "        return self.i",
      "def run(): return [x for x in Count()]",
    ];
    expect(resultOf(program.join("\n"))).toEqual([1, 2, 3]);
  });

  it("have the fields of a dataclass", () => {
    const program =
      "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n    y: int = 2\ndef run():\n    return P(1).y + P(x=5).x\n";
    expect(resultOf(program)).toBe(7);
  });
});

it("other names of modules and of what is in them are known", () => {
  const program =
    "import grain.python as pg\nfrom itertools import islice as some\ndef run():\n    return list(some(pg.MapDataset.range(9).to_iter_dataset(), 2))\n";
  expect(resultOf(program)).toEqual([0, 1]);
});
