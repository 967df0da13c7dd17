"""The shapes of an attention, how they are written, and which are compared by default."""

from dataclasses import dataclass

DTYPES = ("f32", "f16", "bf16")

DEFAULT = """
heads=8,rows=4096,dim=64            heads=8,rows=4096,dim=64,causal
heads=8,rows=4096,dim=128           heads=8,rows=4096,dim=128,causal
heads=1,rows=16384,dim=64           heads=1,rows=16384,dim=64,causal
heads=1,rows=16384,dim=128          heads=1,rows=16384,dim=128,causal
heads=8,rows=4096,dim=96            heads=8,rows=4096,dim=256
heads=8,rows=4096,dim=192,value=128 heads=8,kv=2,rows=4096,dim=128,causal
heads=32,rows=128,dim=64            heads=32,rows=128,dim=128
heads=8,rows=1,keys=65536,dim=128
heads=8,rows=2048,dim=64,f16        heads=8,rows=2048,dim=64,bf16
"""


@dataclass(frozen=True)
class Shape:
    """Queries [1, heads, rows, dim], keys [1, kv, keys, dim], values [1, kv, keys, value]."""

    heads: int
    kv: int
    rows: int
    keys: int
    dim: int
    value: int
    causal: bool
    dtype: str

    @property
    def operations(self):
        """Floating-point operations: 4 · rows · keys · dim · heads when dim = value, half of them if causal."""
        return 2 * (self.dim + self.value) * self.rows * self.keys * self.heads / (2 if self.causal else 1)

    @property
    def score_bytes(self):
        """Bytes of all scores at once in float32, which is what an implementation without tiles holds."""
        return 4 * self.heads * self.rows * self.keys

    def __str__(self):
        heads = f"{self.heads} heads" if self.kv == self.heads else f"{self.heads}/{self.kv} heads"
        rows = f"S={self.rows}" if self.rows == self.keys else f"Sq={self.rows} Skv={self.keys}"
        dim = f"D={self.dim}" if self.dim == self.value else f"D={self.dim} Dv={self.value}"
        return f"{heads} {rows} {dim} {'causal' if self.causal else 'full'} {self.dtype}"


def parse(text):
    """Reads shapes apart by white space or semicolons, each of parts apart by commas."""
    return [_one(word) for word in text.replace(";", " ").split()]


def _one(word):
    numbers, causal, dtype = {}, False, "f32"
    for part in word.split(","):
        name, equals, number = part.partition("=")
        if part == "causal":
            causal = True
        elif part in DTYPES:
            dtype = part
        elif equals and name in ("heads", "kv", "rows", "keys", "dim", "value") and number.isdecimal() and int(number) > 0:
            numbers[name] = int(number)
        else:
            raise ValueError(
                f"'{part}' in shape '{word}' is not known; heads=, kv=, rows=, keys=, dim= or value= with a number, "
                f"causal, {', '.join(DTYPES)} are expected")
    for name in ("heads", "rows", "dim"):
        if name not in numbers:
            raise ValueError(f"shape '{word}' has no {name}=")
    kv, keys = numbers.get("kv", numbers["heads"]), numbers.get("keys", numbers["rows"])
    if numbers["heads"] % kv:
        raise ValueError(f"shape '{word}' has {numbers['heads']} heads and {kv} key heads; a multiple is expected")
    if causal and keys != numbers["rows"]:
        raise ValueError(f"shape '{word}' is causal with {numbers['rows']} rows and {keys} keys; "
                         "they must be equal, for the peers place the queries differently otherwise")
    return Shape(numbers["heads"], kv, numbers["rows"], keys, numbers["dim"],
                 numbers.get("value", numbers["dim"]), causal, dtype)
