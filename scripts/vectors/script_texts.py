"""Scripts that save streams, written as people write them: each has `make()`, `start(obj, resumed)` and `CASES`.

A function writes one kind of script with random numbers, and with one of several ways to say things.
"""

from __future__ import annotations

from collections.abc import Callable

from vectors.draws import Draws

HEADER = """import sys
import numpy as np
import jax
import jax.numpy as jnp
from flax import nnx
from datarax.checkpoint import IteratorCheckpoint, PipelineCheckpoint
BASE = sys.argv[1]

"""

SAVINGS = (
    """
ck = IteratorCheckpoint(BASE)
obj = make()
nxt, done = start(obj, False), 0
for step, consumed in CASES.items():
    while done < consumed:
        nxt()
        done += 1
    ck.save_to_directory(obj, step=step, keep=10, metadata={'consumed': consumed, 'run': 'fixture'})
""",
    """
checkpoint = IteratorCheckpoint(BASE)
subject = make()
pull = start(subject, resumed=False)
taken = 0
for step in CASES:
    for _ in range(CASES[step] - taken):
        pull()
    taken = CASES[step]
    checkpoint.save_to_directory(subject, step, keep=None)
""",
    """
with IteratorCheckpoint(BASE).handler as handler:
    obj = make()
    nxt = start(obj, False)
    done = 0
    for step, consumed in sorted(CASES.items()):
        for _ in range(done, consumed):
            nxt()
        done = consumed
        handler.save_to_directory(BASE, obj, step=step, keep=0, metadata={'step': step, 'note': f'after {consumed}', 'lr': 0.5, 'tags': ['a', None]})
""",
)


def _script(draws: Draws, body: str, cases: dict[int, int] | list[int], definitions_first: bool = True) -> str:
    pairs = cases if isinstance(cases, dict) else {count: count for count in sorted(set(cases))}
    if isinstance(cases, list) and draws.random() < 0.3:
        text = f"CASES = {{n: n for n in {list(pairs)}}}\n"
    else:
        text = f"CASES = {pairs}\n"
    return HEADER + body.strip("\n") + "\n\n" + text + draws.choice(SAVINGS)


def shuffle_sampler(draws: Draws) -> str:
    """The O(1) shuffle."""
    n, seed = draws.size(80), draws.edge_seed32()
    make = draws.choice(
        [
            f"ShuffleSampler(ShuffleSamplerConfig(dataset_size={n}, seed={seed}))",
            f"ShuffleSampler(config=ShuffleSamplerConfig(seed={seed}, dataset_size={n}))",
            f"ShuffleSampler(ShuffleSamplerConfig(dataset_size={n}, seed={seed}), rngs=nnx.Rngs({draws.seed32()}))",
        ]
    )
    start = draws.choice(
        [
            "    it = iter(s)\n    return lambda: int(next(it))",
            "    it = iter(s)\n\n    def nxt():\n        return int(next(it))\n\n    return nxt",
            "    it = s.__iter__()\n    return lambda: next(it)",
            "    return map(int, iter(s)).__next__",
            "    it = (int(i) for i in s)\n    return lambda: next(it)",
        ]
    )
    body = f"from datarax.samplers import ShuffleSampler, ShuffleSamplerConfig\n\ndef make():\n    return {make}\n\ndef start(s, resumed):\n{start}\n"
    return _script(draws, body, draws.consumed(n, n, 3))


def epoch_aware(draws: Draws) -> str:
    """Epochs with and without a shuffle."""
    n, epochs, shuffle = draws.size(), draws.choice([1, 2, 3, -1, -1]), draws.random() < 0.7
    seeds = draws.choice([f"nnx.Rngs({draws.seed32()})", f"nnx.Rngs(default={draws.seed32()}, sample={draws.seed32()})", f"nnx.Rngs(0, aug={draws.seed32()})"])
    rngs = f", rngs={seeds}" if shuffle or draws.random() < 0.3 else ""
    fields = [f"num_records={n}", f"num_epochs={epochs}", f"seed={draws.edge_seed32()}"]
    if not shuffle:
        fields.append("shuffle=False")
    draws.shuffle(fields)
    make = draws.choice(
        [
            f"    return EpochAwareSamplerModule(EpochAwareSamplerConfig({', '.join(fields)}){rngs})",
            f"    config = EpochAwareSamplerConfig({', '.join(fields)})\n    return EpochAwareSamplerModule(config{rngs})",
            f"    options = dict({', '.join(fields)})\n    return EpochAwareSamplerModule(EpochAwareSamplerConfig(**options){rngs})",
        ]
    )
    start = draws.choice(
        [
            "    it = s if resumed else iter(s)      # iter() would start over\n    return lambda: int(next(it))",
            "    if not resumed:\n        s = iter(s)\n    return lambda: int(next(s))",
            "    it = iter(s) if not resumed else s\n    def nxt():\n        value = next(it)\n        return int(value)\n    return nxt",
        ]
    )
    body = f"from datarax.samplers import EpochAwareSamplerConfig, EpochAwareSamplerModule\n\ndef make():\n{make}\n\ndef start(s, resumed):\n{start}\n"
    return _script(draws, body, draws.consumed(None if epochs < 0 else n * epochs, n, 3))


def sequential(draws: Draws) -> str:
    """Indices in order."""
    n, epochs = draws.size(), draws.choice([1, 2, 4, -1])
    start = draws.choice(["    it = iter(s)\n    return lambda: next(it)", "    return lambda: next(s)", "    it = iter(s)\n    return lambda: [next(it), 'index'][0]"])
    body = f"""from datarax.samplers import SequentialSamplerConfig, SequentialSamplerModule

N, EPOCHS = {n}, {epochs}

def make():
    return SequentialSamplerModule(SequentialSamplerConfig(num_records=N, num_epochs=EPOCHS))

def start(s, resumed):
{start}
"""
    return _script(draws, body, draws.consumed(None if epochs < 0 else n * epochs, n, 3))


def sliding_window(draws: Draws) -> str:
    """Windows of indices."""
    n, window, epochs = draws.randint(6, 40), draws.randint(1, 6), draws.choice([1, 2, -1])
    drop = draws.choice(["", ", drop_incomplete=False", ", drop_incomplete=True"])
    element = draws.choice(["np.asarray(next(it)).tolist()", "[int(i) for i in next(it)]", "next(it).tolist()", "list(map(int, next(it)))"])
    body = f"""from datarax.samplers import SlidingWindowSampler, SlidingWindowSamplerConfig

def make():
    return SlidingWindowSampler(SlidingWindowSamplerConfig(num_records={n}, window_size={window}, stride={draws.randint(1, 5)}, num_epochs={epochs}{drop}))

def start(s, resumed):
    it = s if resumed else iter(s)
    return lambda: {element}
"""
    return _script(draws, body, draws.consumed(None, 8, 3))


def range_sampler(draws: Draws) -> str:
    """A range; Python starts it anew."""
    arguments = draws.choice([f"start={draws.randint(1, 40)}", f"start={draws.randint(0, 9)}, stop={draws.randint(12, 50)}, step={draws.randint(1, 3)}", f"start={draws.randint(20, 40)}, stop={draws.randint(-5, 5)}, step=-{draws.randint(1, 3)}"])
    body = f"""from datarax.samplers import RangeSampler, RangeSamplerConfig

def make():
    return RangeSampler(RangeSamplerConfig({arguments}))

def start(s, resumed):
    it = iter(s)
    return lambda: next(it)
"""
    return _script(draws, body, [0])


def _columns(draws: Draws, n: int) -> tuple[str, list[str]]:
    columns = {
        "x": draws.choice([f"np.arange({n}) * 10", f"np.arange({n}, dtype=np.int32) * 3 + 1", f"np.arange({n}, dtype=np.int64)", f"np.array([i * i for i in range({n})])", f"np.linspace(0.0, 1.0, {n})"]),
        "name": draws.choice([f"np.arange({n}, dtype=np.float32) / 4", f"np.ones({n}, dtype=np.float64)", f"np.arange({n}) % 2 == 0", f"np.arange({2 * n}).reshape({n}, 2)", f"np.zeros(({n}, 3), dtype=np.uint8)"]),
    }
    names = ["x"] if draws.random() < 0.4 else ["x", "name"]
    return "{" + ", ".join(f"'{name}': {columns[name]}" for name in names) + "}", names


def memory_get_batch(draws: Draws) -> str:
    """Batches of a source."""
    n, size, shuffle = draws.size(30), draws.randint(1, 9), draws.random() < 0.8
    data, names = _columns(draws, n)
    seeds = draws.choice([f"nnx.Rngs({draws.seed32()})", f"nnx.Rngs(default={draws.seed32()})", f"nnx.Rngs(default={draws.seed32()}, shuffle={draws.seed32()})", f"nnx.Rngs({draws.seed32()}, shuffle={draws.seed32()})"])
    rngs = f", rngs={seeds}" if shuffle else ""
    call = draws.choice([f"s.get_batch({size})", f"s.get_batch(batch_size={size})"])
    as_list = draws.choice(["b['{0}'].tolist()", "np.asarray(b['{0}']).tolist()"])
    whole = "{" + ", ".join(f"'{name}': {as_list.format(name)}" for name in names) + "}"
    element = draws.choice([whole, "{k: v.tolist() for k, v in b.items()}", "{k: np.asarray(v).tolist() for k, v in b.items()}", as_list.format("x")])
    start = draws.choice(
        [
            f"    def nxt():\n        b = s.get_batch({size})\n        return {element}\n    return nxt",
            f"    def nxt():\n        b = {call}\n        return {element}\n\n    return nxt",
        ]
    )
    body = f"""from datarax.sources import MemorySource, MemorySourceConfig

def make():
    return MemorySource(MemorySourceConfig(shuffle={shuffle}), {data}{rngs})

def start(s, resumed):
{start}
"""
    return _script(draws, body, draws.consumed(None, -(-n // size), 3))


def memory_iter(draws: Draws) -> str:
    """Records of a source, from the beginning."""
    n, shuffle = draws.size(30), draws.random() < 0.7
    rngs = f", rngs=nnx.Rngs({draws.seed32()})" if shuffle else ""
    body = f"""from datarax.sources import MemorySource, MemorySourceConfig

def make():
    data = {{'x': np.arange({n}) * 10}}
    return MemorySource(MemorySourceConfig(shuffle={shuffle}), data=data{rngs})

def start(s, resumed):
    it = iter(s)
    return lambda: int(next(it)['x'])
"""
    return _script(draws, body, [0])


def mix_sources(draws: Draws) -> str:
    """A mixture of sources, from the beginning."""
    lengths = [draws.randint(1, 20) for _ in range(draws.randint(2, 3))]
    weights = draws.choice([tuple(draws.randint(1, 4) for _ in lengths), tuple(round(draws.random() + 0.1, 2) for _ in lengths)])
    body = f"""from datarax.sources import MemorySource, MemorySourceConfig, MixDataSourcesConfig, MixDataSourcesNode

def make():
    sources = [MemorySource(MemorySourceConfig(), {{'x': 100 * i + np.arange(n)}}) for i, n in enumerate({lengths})]
    return MixDataSourcesNode(MixDataSourcesConfig(num_sources={len(lengths)}, weights={weights}), sources)

def start(s, resumed):
    it = iter(s)
    return lambda: int(next(it)['x'])
"""
    return _script(draws, body, [0])


def pipeline(draws: Draws) -> str:
    """iter(Pipeline) over a memory source."""
    n, size, shuffle = draws.size(120), draws.randint(1, 9), draws.random() < 0.8
    seeds = draws.choice([f"nnx.Rngs({draws.seed32()})", f"nnx.Rngs(default={draws.seed32()}, aug={draws.seed32()})", f"nnx.Rngs({draws.seed32()}, dropout={draws.seed32()}, aug=4)"])
    share = draws.random() < 0.3
    source_rngs = "" if not shuffle else ", rngs=rngs" if share else f", rngs=nnx.Rngs({draws.seed32()})"
    stages = draws.choice(["[]", "[]", "[AddOne()]", f"[Scale({draws.randint(2, 5)}), AddOne()]"])
    classes = ""
    if "AddOne" in stages:
        classes += draws.choice(
            [
                "class AddOne(nnx.Module):\n    def __call__(self, batch):\n        return {'x': batch['x'] + 1}\n\n",
                "class AddOne(nnx.Module):\n    def __call__(self, b, **kwargs):\n        return {**b, 'x': b['x'] + 1}\n\n",
                'class AddOne(nnx.Module):\n    """x + 1"""\n    def __call__(self, batch):\n        out = dict(batch)\n        out[\'x\'] = out[\'x\'] + 1\n        return out\n\n',
            ]
        )
    if "Scale" in stages:
        classes += "class Scale(nnx.Module):\n    def __init__(self, factor):\n        super().__init__()\n        self.factor = factor\n\n    def __call__(self, batch):\n        return {**batch, 'x': batch['x'] * self.factor}\n\n"
    element = draws.choice(["np.asarray(next(it)['x']).tolist()", "[int(v) for v in next(it)['x']]", "next(it)['x'].tolist()"])
    data = draws.choice([f"{{'x': np.arange({n}, dtype=np.int32) * 3}}", f"{{'x': np.arange({n}) * 10}}"])
    body = f"""from datarax.pipeline.pipeline import Pipeline
from datarax.sources import MemorySource, MemorySourceConfig

{classes}def make():
    rngs = {seeds}
    src = MemorySource(MemorySourceConfig(shuffle={shuffle}), {data}{source_rngs})
    return iter(Pipeline(source=src, stages={stages}, batch_size={size}, rngs=rngs))

def start(it, resumed):
    return lambda: {element}
"""
    batches = -(-n // size)
    if draws.random() < 0.4:
        interval = draws.randint(1, 4)
        steps = [step for step in range(1, min(batches, 12) + 1) if step % interval == 0]
        return f"""{HEADER}{body}
CASES = {{{", ".join(f"{step}: {step}" for step in steps[-5:])}}}
pc = PipelineCheckpoint(BASE)
it = make()
nxt = start(it, False)
for step in range(1, {min(batches, 12)} + 1):
    nxt()
    pc.save_to_step(it, step, interval={interval})
"""
    return _script(draws, body, [count for count in {0, 1, batches // 2, batches} if count < 60])


def pipeline_mix(draws: Draws) -> str:
    """iter(Pipeline) over a mixture."""
    lengths = [draws.randint(2, 20) for _ in range(draws.randint(2, 3))]
    size = draws.randint(1, 7)
    body = f"""from datarax.pipeline.pipeline import Pipeline
from datarax.sources import MemorySource, MemorySourceConfig
from datarax.sources.mixed_source import MixDataSourcesConfig, MixDataSourcesNode

def source(first, length):
    return MemorySource(MemorySourceConfig(), {{'x': first + np.arange(length)}})

def make():
    lengths = {lengths}
    sources = [source(100 * i, lengths[i]) for i in range(len(lengths))]
    mix = MixDataSourcesNode(MixDataSourcesConfig(num_sources=len(sources), weights={tuple(draws.randint(1, 4) for _ in lengths)}), sources)
    return iter(Pipeline(source=mix, stages=[], batch_size={size}, rngs=nnx.Rngs({draws.seed32()})))

def start(it, resumed):
    return lambda: np.asarray(next(it)['x']).tolist()
"""
    batches = -(-sum(lengths) // size)
    return _script(draws, body, [0, 1, batches // 2, batches])


def _grain(draws: Draws, body: str, cases: list[int]) -> str:
    """A script over Grain, which has several names."""
    header, name = draws.choice([("import grain", "grain"), ("import grain.python as pygrain", "pygrain"), ("import grain.python as grain", "grain"), ("import grain as pg", "pg")])
    return _script(draws, header + "\n\n" + body.replace("grain.", f"{name}."), cases)


def grain_map(draws: Draws) -> str:
    """Map datasets."""
    n, seed = draws.randint(3, 50), draws.seed32()
    chain = draws.choice(
        [
            f"grain.MapDataset.range({n}).shuffle(seed={seed}).repeat({draws.randint(1, 3)})",
            f"grain.MapDataset.range({n}).shuffle({seed}).batch({draws.randint(1, 5)}, drop_remainder=True)",
            f"grain.MapDataset.range(1, {n + 5}).seed({seed}).shuffle().map(lambda x: x * 2 + 1).repeat()",
            f"grain.MapDataset.source([10 * i for i in range({n})]).shuffle(seed={seed})",
            f"grain.MapDataset.source(list(range(100, 100 + {n}))).seed({seed}).shuffle()[1::2].repeat(num_epochs=3)",
            f"grain.MapDataset.range({n}).filter(lambda x: x % 3 != 1).map(str)",
            f"grain.MapDataset.range({n}).slice(slice({draws.randint(0, 2)}, None, {draws.randint(1, 3)})).shuffle(seed={seed % 1000}).repeat(2, reseed_each_epoch=False)",
            f"grain.MapDataset.range({n}).map_with_index(lambda i, x: {{'i': i, 'x': x * 10}}).shuffle(seed={seed})",
            f"grain.MapDataset.range({n}).random_map(lambda x, rng: (x, int(rng.integers(0, 100))), seed={seed})" if draws.random() < 0.0 else f"grain.MapDataset.range(0, {3 * n}, 3).map(lambda x: (x, -x)).shuffle(seed={seed})",
        ]
    )
    make = draws.choice([f"    return iter({chain}.to_iter_dataset())", f"    ds = {chain}\n    return ds.to_iter_dataset().__iter__()", f"    ds = (\n        {chain}\n    )\n    return iter(ds.to_iter_dataset())", f"    return iter({chain})"])
    tail = "    def plain(e):\n        return e.tolist() if hasattr(e, 'tolist') else e\n    return lambda: plain(next(it))" if "batch" in chain else "    return lambda: next(it)"
    if "(x, " in chain:
        tail = "    return lambda: list(next(it))"
    body = f"def make():\n{make}\n\ndef start(it, resumed):\n{tail}\n"
    return _grain(draws, body, draws.consumed(None, max(2, n // 2), 3))


def grain_iter(draws: Draws) -> str:
    """Iter datasets."""
    n, seed = draws.randint(4, 40), draws.seed32() % 2**31
    head = draws.choice([f"grain.MapDataset.range({n}).to_iter_dataset()", f"grain.MapDataset.range({n}).shuffle(seed={seed}).to_iter_dataset()", f"grain.MapDataset.source(range({n})).repeat(2).to_iter_dataset()"])
    body, element = draws.choice(
        [
            (f"    ds = {head}\n    ds = ds.filter(lambda x: x % 2 == 0)\n    ds = ds.map(lambda x: x // 2)\n    return iter(ds)", "next(it)"),
            (f"    ds = {head}.batch({draws.randint(1, 4)})\n    return iter(ds)", "next(it).tolist()"),
            (f"    ds = {head}.batch({draws.randint(2, 4)}, drop_remainder=True).map(lambda b: b.sum())\n    return iter(ds)", "int(next(it))"),
            (f"    return iter(grain.experimental.WindowShuffleIterDataset({head}, window_size={draws.randint(2, 7)}, seed={seed}))", "next(it)"),
            (f"    return iter(grain.experimental.RepeatIterDataset({head}, num_epochs={draws.randint(1, 3)}))", "next(it)"),
            (f"    return iter(grain.experimental.LimitIterDataset({head}, count={draws.randint(1, 12)}))", "next(it)"),
            (f"    a = {head}\n    b = grain.MapDataset.range(100, {100 + n}).to_iter_dataset()\n    return iter(grain.experimental.ZipIterDataset([a, b], strict=False))", "list(next(it))"),
            (f"    ds = {head}\n    return iter(ds.map_with_index(lambda i, x: [i, x]))", "next(it)"),
            (f"    return iter({head}.map(lambda x: {{'x': x, 'even': x % 2 == 0, 'text': f'n{{x}}'}}))", "next(it)"),
            (f"    parts = [grain.MapDataset.range(100 * i, 100 * i + {draws.randint(2, 6)}).to_iter_dataset() for i in range({draws.randint(1, 5)})]\n    return iter(grain.experimental.InterleaveIterDataset(parts, cycle_length={draws.randint(1, 3)}))", "next(it)"),
            (f"    ds = {head}.batch(3)\n    return iter(grain.experimental.RebatchIterDataset(ds, batch_size={draws.randint(1, 5)}, drop_remainder=False))", "np.asarray(next(it)).tolist()"),
        ]
    )
    return _grain(draws, f"def make():\n{body}\n\ndef start(it, resumed):\n    return lambda: {element}\n", draws.consumed(None, max(2, n // 2), 3))


def grain_mix(draws: Draws) -> str:
    """Mixtures, of lists and of dicts."""
    a, b, seed = draws.randint(5, 40), draws.randint(5, 30), draws.seed32()
    weights = draws.choice([[0.75, 0.25], [1, 2], [3.0, 1.5]])
    body = draws.choice(
        [
            f"""    a = grain.MapDataset.range({a}).shuffle(seed={seed}).repeat(2).to_iter_dataset()
    b = grain.MapDataset.range(1000, {1000 + b}).seed(5).shuffle().to_iter_dataset().batch(2)
    return iter(grain.IterDataset.mix([a, b.map(lambda x: [int(v) for v in x])], weights={weights}))""",
            f"""    parents = {{'b': grain.MapDataset.range({b}), 'a': grain.MapDataset.range(100, {100 + a}).shuffle(seed={seed})}}
    its = {{k: v.to_iter_dataset() for k, v in parents.items()}}
    return iter(grain.IterDataset.mix(its, {{'a': {weights[0]}, 'b': {weights[1]}}}))""",
            f"""    datasets = [grain.MapDataset.range(i * 100, i * 100 + n) for i, n in enumerate(({a}, {b}))]
    return iter(grain.MapDataset.mix(datasets, weights={weights}).shuffle(seed={seed}).to_iter_dataset())""",
            f"""    first, second = grain.MapDataset.range({a}), grain.MapDataset.range(200, {200 + b})
    return iter(grain.MapDataset.concatenate([first, second]).seed({seed}).shuffle().repeat(2).to_iter_dataset())""",
            f"""    ds = [grain.MapDataset.range({a}).map(lambda x, k=k: x + k).to_iter_dataset() for k in (0, 500, 900)]
    return iter(grain.IterDataset.mix(ds))""",
        ]
    )
    return _grain(draws, f"def make():\n{body}\n\ndef start(it, resumed):\n    return lambda: next(it)\n", draws.consumed(None, 10, 3))


def grain_transforms(draws: Draws) -> str:
    """Transforms as classes."""
    n, seed = draws.randint(5, 40), draws.seed32()
    body = f"""class Square(grain.transforms.Map):
    def map(self, element):
        return element ** 2

class KeepOdd(grain.transforms.Filter):
    def filter(self, x: int) -> bool:
        return bool(x % 2)

class Add(grain.transforms.Map):
    def __init__(self, amount: int = {draws.randint(1, 9)}):
        self._amount = amount

    def map(self, x):
        return x + self._amount

def make():
    ds = grain.MapDataset.range({n}).shuffle(seed={seed}).filter(KeepOdd()).map(Square()).map(Add())
    return iter(ds.to_iter_dataset())

def start(it, resumed):
    return lambda: int(next(it))
"""
    return _script(draws, "import grain\n\n" + body, draws.consumed(None, max(2, n // 4), 3))


def grain_data_loader(draws: Draws) -> str:
    """A DataLoader in a wrapper, as its own state is bytes."""
    n, epochs, batch = draws.randint(4, 25), draws.choice(["1", "2", "None"]), draws.randint(1, 4)
    operations = draws.choice(["[]", f"[grain.transforms.Batch(batch_size={batch})]", f"[grain.transforms.Batch({batch}, drop_remainder=True)]"])
    state = draws.choice(
        [
            ("{'text': self.it.get_state().decode()}", "self.it.set_state(state['text'].encode())"),
            ("{'loader': self.it.get_state().decode('utf-8'), 'count': self.count}", "self.it.set_state(state['loader'].encode('utf-8'))\n        self.count = int(state['count'])"),
            ("json.loads(self.it.get_state().decode())", "self.it.set_state(json.dumps(state).encode())"),
        ]
    )
    shard = draws.choice(["grain.sharding.NoSharding()", f"grain.sharding.ShardOptions(shard_index={draws.randint(0, 1)}, shard_count=2, drop_remainder={draws.random() < 0.5})"])
    body = f"""import json
import grain

class Loader:
    def __init__(self):
        sampler = grain.samplers.IndexSampler(num_records={n}, shard_options={shard}, shuffle=True, num_epochs={epochs}, seed={draws.seed32()})
        loader = grain.DataLoader(data_source=[10 * i for i in range({n})], sampler=sampler, operations={operations}, worker_count=0)
        self.it = iter(loader)
        self.count = 0

    def __iter__(self):
        return self

    def __next__(self):
        value = next(self.it)
        self.count += 1
        return value

    def get_state(self):
        return {state[0]}

    def set_state(self, state):
        {state[1]}

def make():
    return Loader()

def start(it, resumed):
    return lambda: np.asarray(next(it)).tolist()
"""
    return _script(draws, body, draws.consumed(None, 3, 3))


def user_iterator(draws: Draws) -> str:
    """A class of the script itself."""
    n, seed, step = draws.randint(2, 30), draws.randrange(1, 1000), draws.randint(1, 9)
    classes = [
        f"""class Stream:
    def __init__(self, n={n}, step={step}):
        self.n, self.step, self.i = n, step, 0
    def __iter__(self):
        return self
    def __next__(self):
        if self.i >= self.n:
            raise StopIteration
        self.i += 1
        return self.i * self.step
    def get_state(self):
        return {{'i': self.i, 'n': np.int64(self.n), 'text': f'i={{self.i}}', 'step': self.step, 'half': self.i / 2, 'more': {{}}, 'pair': (self.i, 'x')}}
    def set_state(self, state):
        self.i = state['i']
        self.n = int(state['n'])
""",
        f"""class Stream:
    '''A linear congruential generator.'''
    A: int = 1103515245
    C = 12345

    def __init__(self, seed: int = {seed}) -> None:
        self.state = {{'x': seed, 'count': 0, 'history': []}}

    def __iter__(self):
        return self

    def __next__(self):
        x = (self.A * self.state['x'] + self.C) & 0x7fffffff
        self.state['x'] = x
        self.state['count'] += 1
        self.state['history'].append(x % 100)
        self.state['history'] = self.state['history'][-3:]
        return [x, *self.state['history']]

    def get_state(self):
        return dict(self.state)

    def set_state(self, state):
        self.state = {{**state, 'history': list(state['history'])}}
""",
        f"""class Base:
    limit = {n}
    def __init__(self):
        self.pos = 0
        self.epoch = 0
    def __iter__(self):
        return self
    def get_state(self):
        return {{k: v for k, v in self.__dict__.items()}}
    def set_state(self, s):
        for k, v in s.items():
            setattr(self, k, v)

class Stream(Base):
    def __init__(self):
        super().__init__()
        self.order = list(range(self.limit))
    def __next__(self):
        if self.pos == len(self.order):
            self.pos = 0
            self.epoch += 1
            self.order = self.order[::-1]
        value = self.order[self.pos]
        self.pos += 1
        return {{'value': value, 'epoch': self.epoch}}
""",
        f"""class Stream:
    def __init__(self):
        self.key = jax.random.key({seed})
        self.count = 0
    def __iter__(self):
        return self
    def __next__(self):
        self.key, sub = jax.random.split(self.key)
        self.count += 1
        return int(jax.random.randint(sub, (), 0, {10 * n}))
    def get_state(self):
        return {{'key': self.key, 'count': jnp.int32(self.count), 'seen': np.arange(self.count + 1), 'flag': self.count % 2 == 0}}
    def set_state(self, state):
        self.key = state['key']
        self.count = int(state['count'])
""",
        f"""class Stream:
    def __init__(self):
        self.fib = [0, 1]
        self.lines = iter('abc' * {n})
        self.offset = 0
    def __next__(self):
        a, b = self.fib[-2:]
        if a > 10**18:
            self.fib = [0, 1]
            a, b = 0, 1
        self.fib = [b, a + b]
        self.offset += 1
        return a if a % 2 else str(a)
    def __iter__(self):
        return self
    def get_state(self):
        return {{'fib': list(self.fib), 'offset': self.offset, 'none': None, 'u': 2**64 - 1, 'f': float('inf'), 'nested': [{{'a': [1, (2, 3)]}}]}}
    def set_state(self, s):
        self.fib = [int(v) for v in s['fib']]
        self.offset = s.get('offset', 0)
""",
        f"""class Stream:
    def __init__(self):
        self.t = 0
        self.total = 0.0
    def __iter__(self):
        return self
    def __next__(self):
        self.t += 1
        self.total += self.t / 4
        if self.t > {n}:
            raise StopIteration()
        kind = 'fizz' if self.t % 3 == 0 else ('buzz' if self.t % 5 == 0 else None)
        return {{'t': self.t, 'kind': kind, 'total': self.total, 'name': '{{}}-{{:03d}}'.format('s', self.t), 'ok': 0 < self.t <= 10 and kind is not None}}
    def get_state(self):
        return {{'t': self.t, 'total': self.total, 'sampler_repr': repr('S'), 'shard_count': 1}}
    def set_state(self, s):
        self.t, self.total = s['t'], s['total']
""",
    ]
    start = draws.choice(["    return lambda: next(s)", "    it = iter(s)\n    return lambda: next(it)", "    return s.__next__", "    def nxt():\n        return next(s)\n    return nxt"])
    body = f"{draws.choice(classes)}\ndef make():\n    return Stream()\n\ndef start(s, resumed):\n{start}\n"
    if draws.random() < 0.5:
        counts = sorted(draws.sample(range(0, 9), 2))
        return f"""{HEADER}{body}
ck = IteratorCheckpoint(BASE)
s = make()
nxt = start(s, False)
for _ in range({counts[0]}):
    nxt()
ck.save_to_directory(s, step={counts[0]}, metadata={{'epoch': 1, 'lr': 0.001, 'note': 'caf\\u00e9', 'ok': True}})
for _ in range({counts[1] - counts[0]}):
    nxt()
ck.save_to_directory(s)          # unversioned: <B>/checkpoint
CASES = {{{counts[0]}: {counts[0]}, {draws.randint(20, 99)}: {counts[1]}}}
"""
    cases = {count: count for count in draws.consumed(None, max(1, min(n, 8) // 2), 2)}
    text = _script(draws, body, cases)
    return text + f"CASES[{draws.randint(100, 200)}] = 0      # not there\n"


SCRIPTS: tuple[Callable[[Draws], str], ...] = (
    shuffle_sampler,
    epoch_aware,
    sequential,
    sliding_window,
    range_sampler,
    memory_get_batch,
    memory_iter,
    mix_sources,
    pipeline,
    pipeline_mix,
    grain_map,
    grain_iter,
    grain_iter,
    grain_mix,
    grain_transforms,
    grain_data_loader,
    user_iterator,
    user_iterator,
)
