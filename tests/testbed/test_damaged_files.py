"""Files damaged in every way we could think of, and in hundreds that chance did: one sentence with the file's name.

Whatever a reader makes of damage, it is a readable array or an InputError that names the file, in one line.
"""

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
from safetensors.numpy import save

from testbed import InputError, Optimum, files, fit

X = np.random.default_rng(0).standard_normal((30, 4))


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def npz(compress, **arrays):
    stream = io.BytesIO()
    (np.savez_compressed if compress else np.savez)(stream, **arrays)
    return stream.getvalue()


def header(text, data=b"\0" * 64):
    """A .npy with a header of one's own."""
    text = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def tensors(text, data=b""):
    """A .safetensors with a header of one's own."""
    return struct.pack("<Q", len(text)) + text.encode() + data


GOOD = {
    "a.npy": npy(X),
    "a.npz": npz(False, X=X, weights=np.full(30, 1 / 30)),
    "b.npz": npz(True, X=X, weights=np.full(30, 1 / 30)),
    "a.safetensors": save({"X": X, "weights": np.full(30, 1 / 30), "other": np.ones(3, np.float16)}),
}


def damaged(raw, rng):
    """A few bytes changed, lost, repeated, or replaced by what numbers in headers turn into."""
    raw = bytearray(raw)
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(len(raw) if rng.random() < 0.5 else min(len(raw), 200)))
        if rng.random() < 0.2:
            at = max(0, len(raw) - 1 - int(rng.integers(150)))  # where a zip keeps its directory
        kind = rng.integers(6)
        if kind == 0:
            raw[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            raw[at] = int(rng.integers(256))
        elif kind == 2:
            del raw[at : at + int(rng.integers(1, 20))]
        elif kind == 3:
            raw[at:at] = rng.choice([b"(" * 300, b"9" * 40, b"'", b"\0" * 8, b"\xff" * 8, b"{", b"-1", b"1e9"])
        elif kind == 4:
            del raw[at:]
        else:
            raw[at : at + 4] = struct.pack("<i", int(rng.integers(-(2**31), 2**31)))
        if not raw:
            break
    return bytes(raw)


def read(path):
    """What a command does with data: the header, then every row."""
    data = files.load_data(path)
    return {name: np.asarray(value) for name, value in data.items()}


def one_sentence(path, call):
    """Whether the call refused; if so, in one line that names the file."""
    try:
        call(path)
    except InputError as error:
        assert path.name in str(error) and len(str(error).splitlines()) == 1
        return True
    return False


@pytest.mark.parametrize("seeds", [range(250), pytest.param(range(250, 1500), marks=pytest.mark.slow)],
                         ids=["some", "many"])
@pytest.mark.parametrize("name", GOOD)
def test_chance_damage(tmp_path, name, seeds):
    path = tmp_path / name
    refused = 0
    for seed in seeds:
        path.write_bytes(damaged(GOOD[name], np.random.default_rng(seed)))
        refused += one_sentence(path, read)
    assert refused > len(seeds) / 4  # the others hold other numbers, which a .npy cannot tell


@pytest.mark.parametrize("seeds", [range(60), pytest.param(range(60, 600), marks=pytest.mark.slow)],
                         ids=["some", "many"])
def test_chance_damage_of_an_optimum(tmp_path, seeds):
    path = tmp_path / "o.npz"
    fit(X, 3, 0.5, restarts=1).save(path)
    good = path.read_bytes()
    for seed in seeds:
        path.write_bytes(damaged(good, np.random.default_rng(seed)))
        one_sentence(path, Optimum.load)


HUGE = 2**62
HEADERS = {
    "an open bracket": "{'descr': '<f8', 'fortran_order': False, 'shape': (30, 4",
    "an open string": "{'descr': '<f8, 'fortran_order': False, 'shape': (30, 4)}",
    "an open triple string": "{'descr': '''<f8, 'fortran_order': False, 'shape': (30, 4)}",
    "a call": "{'descr': exit(), 'fortran_order': False, 'shape': (30, 4)}",
    "brackets beyond counting": "(" * 5000,
    "a shape beyond memory": f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({HUGE}, {HUGE})}}",
    "a shape beyond the file": "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 4)}",
    "a negative shape": "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 4)}",
    "a shape of words": "{'descr': '<f8', 'fortran_order': False, 'shape': ('a', 4)}",
    "three dimensions": "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2, 2)}",
    "no rows": "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4)}",
    "an unknown dtype": "{'descr': '<q9', 'fortran_order': False, 'shape': (2, 2)}",
    "objects": "{'descr': '|O', 'fortran_order': False, 'shape': (2, 2)}",
    "complex numbers": "{'descr': '<c16', 'fortran_order': False, 'shape': (2, 2)}",
    "truth values": "{'descr': '|b1', 'fortran_order': False, 'shape': (2, 2)}",
    "a null byte": "{'descr': '<f8\0', 'fortran_order': False, 'shape': (2, 2)}",
    "nothing": "",
}


@pytest.mark.parametrize("case", HEADERS)
@pytest.mark.parametrize("inside", [False, True], ids=["npy", "npz"])
def test_headers_of_npy(tmp_path, case, inside):
    raw = header(HEADERS[case])
    path = tmp_path / ("a.npz" if inside else "a.npy")
    if inside:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("X.npy", raw)
    else:
        path.write_bytes(raw)
    assert one_sentence(path, read)


def entry(dtype="F64", shape=(2, 2), offsets=(0, 32), name="X"):
    return f'{{"{name}": {{"dtype": "{dtype}", "shape": {list(shape)}, "data_offsets": {list(offsets)}}}}}'


TENSORS = {
    "an open bracket": tensors('{"X": {"dtype": "F64"'),
    "a list": tensors("[1, 2]"),
    "brackets beyond counting": tensors("[" * 100_000),
    "no entry": tensors('{"X": 3}', b"\0" * 32),
    "no offsets": tensors('{"X": {"dtype": "F64", "shape": [2, 2]}}', b"\0" * 32),
    "a tensor twice": tensors(entry()[:-1] + ", " + entry()[1:], b"\0" * 32),
    "bytes that are no letters": struct.pack("<Q", 4) + b"\xff\xfe\xfd\xfc",
    "a header beyond the file": struct.pack("<Q", 1 << 60),
    "a negative shape": tensors(entry(shape=(-2, -2)), b"\0" * 32),
    "a shape of fractions": tensors(entry(shape=(2.0, 2)), b"\0" * 32),
    "a shape beyond its bytes": tensors(entry(shape=(1 << 40, 1 << 40)), b"\0" * 32),
    "bytes beyond the file": tensors(entry(shape=(2, 4), offsets=(0, 64)), b"\0" * 32),
    "offsets backwards": tensors(entry(offsets=(32, 0)), b"\0" * 32),
    "float4": tensors(entry("F4", offsets=(0, 2)), b"\0" * 32),
    "complex numbers": tensors(entry("C64"), b"\0" * 32),
    "truth values": tensors(entry("BOOL", offsets=(0, 4)), b"\0" * 32),
    "one dimension": tensors(entry(shape=(4,)), b"\0" * 32),
    "another name, and more of them": tensors(entry(name="Y")[:-1] + ", " + entry(name="Z")[1:], b"\0" * 32),
    "an infinity": tensors(entry(), np.array([1, np.inf, 2, 3.0]).tobytes()),
    "no rows": tensors(entry(shape=(0, 2), offsets=(0, 0))),
}


@pytest.mark.parametrize("case", TENSORS)
def test_headers_of_safetensors(tmp_path, case):
    path = tmp_path / "a.safetensors"
    path.write_bytes(TENSORS[case])
    assert one_sentence(path, read)


def rewritten(raw, field, value):
    """An archive with a field of its headers overwritten: (offset in the local header, in the central one)."""
    raw = bytearray(raw)
    local, central = raw.index(b"PK\x03\x04"), raw.index(b"PK\x01\x02")
    raw[local + field[0] : local + field[0] + 2] = struct.pack("<H", value)
    raw[central + field[1] : central + field[1] + 2] = struct.pack("<H", value)
    return bytes(raw)


FLAGS, METHOD = (6, 8), (8, 10)
ARCHIVES = {
    "encrypted": (FLAGS, 1),
    "patched data": (FLAGS, 0x20),
    "strong encryption": (FLAGS, 0x40),
    "an unknown method": (METHOD, 97),
    "deflate64": (METHOD, 9),
    "bad lzma": (METHOD, zipfile.ZIP_LZMA),
    "bad bzip2": (METHOD, zipfile.ZIP_BZIP2),
    "bad deflate": (METHOD, zipfile.ZIP_DEFLATED),
}


@pytest.mark.parametrize("case", ARCHIVES)
def test_archives(tmp_path, case):
    path = tmp_path / "a.npz"
    path.write_bytes(rewritten(npz(False, X=X), *ARCHIVES[case]))
    assert one_sentence(path, read)
    assert one_sentence(path, Optimum.load)


def test_a_member_that_promises_more_than_it_holds(tmp_path):
    raw = npy(np.zeros((4, 4)))[:-8]
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("X.npy", raw)
    assert one_sentence(tmp_path / "a.npz", read)


def test_damage_says_why(tmp_path):
    """zlib's own word for it, so that a reader can tell a bad download from a foreign file."""
    raw = bytearray(GOOD["b.npz"])
    at = raw.index(b"X.npy") + 60
    raw[at : at + 8] = b"\xff" * 8
    (tmp_path / "b.npz").write_bytes(raw)
    with pytest.raises(InputError, match=r"b\.npz: array X cannot be read: .*(Error|CRC)") as caught:
        read(tmp_path / "b.npz")
    assert not isinstance(caught.value, zlib.error)
