"""Wheels with one fault each. Which fault and where is a matter of the seed alone."""

import random
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.support.archive import DEFLATED, ENCRYPTED, STORED, UTF8, Part, write, zeros
from tests.support.wheels import make_wheel

NAME = "tiny-1.0-py3-none-any.whl"
INFO = b"tiny-1.0.dist-info"
METADATA = b"Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
WHEEL = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
CANARY = "canary-of-a-climbing-member"

Mutation = Callable[[Path, random.Random], Path]
MUTATIONS: dict[str, Mutation] = {}


def mutation(function: Mutation) -> Mutation:
    MUTATIONS[function.__name__.replace("_", " ")] = function
    return function


def mutations(count: int) -> Iterator[tuple[str, int]]:
    """So many faults with their seeds; all kinds in turn."""
    kinds = list(MUTATIONS)
    return ((kinds[number % len(kinds)], number // len(kinds)) for number in range(count))


def make(directory: Path, kind: str, seed: int) -> Path:
    """Write the wheel with that fault."""
    return MUTATIONS[kind](directory, random.Random(f"{kind} {seed}"))


def right(directory: Path) -> Path:
    return make_wheel(
        directory,
        files={
            "tiny.py": "VERSION = '1.0'\ndef main() -> None:\n    print(VERSION)\n",
            "tiny_data/ünïcode.txt": "text\n" * 200,
            "tiny_data/binary.so": bytes(range(256)) * 20,
            "tiny-1.0.data/scripts/tiny-script": "#!python\nprint('script')\n",
            "tiny-1.0.data/data/share/tiny/readme": "shared\n",
        },
        entry_points="[console_scripts]\ntiny = tiny:main\n",
        executable=["tiny_data/binary.so"],
    )


def parts(
    *extra: Part,
    record: bytes = b"",
    wheel: bytes = WHEEL,
    info: bytes = INFO,
    source: bytes = b"VERSION = '1.0'\n",
) -> list[Part]:
    return [
        Part(name=b"tiny.py", content=source),
        *extra,
        Part(name=info + b"/METADATA", content=METADATA),
        Part(name=info + b"/WHEEL", content=wheel),
        Part(name=info + b"/RECORD", content=record),
    ]


def archive(directory: Path, *extra: Part, **details: bytes) -> Path:
    return write(directory / NAME, parts(*extra, **details))


def _changed(path: Path, change: Callable[[bytearray], object]) -> Path:
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)
    return path


def _flip(content: bytearray, chance: random.Random, begin: int, end: int) -> None:
    for _ in range(chance.randint(1, 6)):
        content[chance.randrange(begin, end)] ^= 1 << chance.randrange(8)


@mutation
def bits_flipped_anywhere(directory: Path, chance: random.Random) -> Path:
    return _changed(right(directory), lambda all_: _flip(all_, chance, 0, len(all_)))


@mutation
def bits_flipped_in_the_directory(directory: Path, chance: random.Random) -> Path:
    return _changed(
        right(directory), lambda all_: _flip(all_, chance, all_.index(b"PK\1\2"), len(all_))
    )


@mutation
def bits_flipped_in_a_header(directory: Path, chance: random.Random) -> Path:
    def change(all_: bytearray) -> None:
        starts = [at for at in range(len(all_)) if all_[at : at + 4] in (b"PK\3\4", b"PK\1\2")]
        start = chance.choice(starts)
        _flip(all_, chance, start, min(start + 46, len(all_)))

    return _changed(right(directory), change)


@mutation
def truncated(directory: Path, chance: random.Random) -> Path:
    def change(all_: bytearray) -> None:
        del all_[chance.randrange(len(all_)) :]

    return _changed(right(directory), change)


@mutation
def a_piece_is_missing(directory: Path, chance: random.Random) -> Path:
    def change(all_: bytearray) -> None:
        start = chance.randrange(len(all_))
        del all_[start : start + chance.randint(1, 200)]

    return _changed(right(directory), change)


@mutation
def a_piece_too_many(directory: Path, chance: random.Random) -> Path:
    def change(all_: bytearray) -> None:
        start = chance.randrange(len(all_))
        all_[start:start] = chance.randbytes(chance.randint(1, 200))

    return _changed(right(directory), change)


@mutation
def no_archive(directory: Path, chance: random.Random) -> Path:
    path = directory / NAME
    path.write_bytes(chance.choice([b"", b"PK", b"PK\5\6" + bytes(18), chance.randbytes(5000)]))
    return path


@mutation
def a_gigabyte_of_zeros(directory: Path, chance: random.Random) -> Path:
    packed, crc = zeros(1024)
    return archive(directory, Part(name=b"zeros", packed=packed, crc=crc, size=2**30))


@mutation
def a_gigabyte_that_says_it_is_small(directory: Path, chance: random.Random) -> Path:
    packed, crc = zeros(1024)
    name = chance.choice([b"zeros", b"zeros.py", INFO + b"/entry_points.txt"])
    return archive(
        directory, Part(name=name, packed=packed, crc=crc, size=chance.choice([0, 10, 2**20]))
    )


@mutation
def a_small_file_that_says_it_is_large(directory: Path, chance: random.Random) -> Path:
    return archive(
        directory,
        Part(
            name=b"small",
            content=b"small" * 50,
            size=chance.choice([251, 2**20, 60 * 2**20, 2**31, 2**32 - 2]),
        ),
    )


@mutation
def members_that_overlap(directory: Path, chance: random.Random) -> Path:
    packed, crc = zeros(16)
    number = chance.choice([2, 20, 2000])
    return archive(
        directory,
        *(
            Part(name=b"zeros%d" % each, packed=packed, crc=crc, size=16 * 2**20, again=each > 0)
            for each in range(number)
        ),
    )


@mutation
def many_members(directory: Path, chance: random.Random) -> Path:
    return archive(
        directory,
        *(
            Part(name=b"many/%d.txt" % each, method=STORED)
            for each in range(chance.choice([300, 1_000, 3_000, 20_000]))
        ),
    )


@mutation
def a_name_that_climbs(directory: Path, chance: random.Random) -> Path:
    name = (
        chance.choice(
            [
                "../",
                "../../../../../",
                "/tmp/",
                "tiny/../../",
                "./",
                "//",
                "tiny//",
                "tiny-1.0.data/data/../../",
                "tiny-1.0.data/scripts/../",
                "tiny-1.0.data/../",
                "tiny-1.0.dist-info/../../",
            ]
        )
        + CANARY
    )
    return archive(directory, Part(name=name.encode(), content=b"x"))


@mutation
def a_link_or_a_device(directory: Path, chance: random.Random) -> Path:
    kind = chance.choice([stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
    return archive(
        directory,
        Part(name=b"odd", content=b"/etc/passwd", mode=kind | 0o777),
        Part(name=b"odd/" + CANARY.encode(), content=b"x"),
    )


@mutation
def a_name_twice(directory: Path, chance: random.Random) -> Path:
    name = chance.choice([b"tiny.py", INFO + b"/RECORD", INFO + b"/WHEEL"])
    return archive(directory, Part(name=name, content=b"another\n"))


@mutation
def a_record_that_is_wrong(directory: Path, chance: random.Random) -> Path:
    return archive(
        directory,
        record=chance.choice(
            [
                b"tiny.py,sha256=AAAA,16\n",
                b"tiny.py,shake_128=AAAA,16\n",
                b"tiny.py,sha512=,\n",
                b"tiny.py,md5=AAAA,1\n",
                b'"tiny.py,sha256',
                b"\xff\xfe",
                b"tiny.py\0,,\n",
                b"",
                b"tiny.py,=,x\n",
                b"x" * 200_000,
                b"nothing,here,at,all,is,right\n",
                b",,\n" * 1000,
            ]
        ),
    )


@mutation
def a_name_that_is_too_long(directory: Path, chance: random.Random) -> Path:
    return archive(
        directory,
        Part(
            content=b"x",
            name=chance.choice(
                [
                    b"n" * 256,
                    b"n" * 60_000,
                    b"d/" * 1500 + b"n",
                    b"d/" * 30_000 + b"n",
                    b"\xc3\xa9" * 200,
                    b"d" * 250 + b".py",
                ]
            ),
        ),
    )


@mutation
def a_name_of_odd_characters(directory: Path, chance: random.Random) -> Path:
    name = chance.choice(
        [
            b"nul\0.py",
            b"\xff\xfe.txt",
            b"\xed\xa0\x80.txt",
            b"back\\slash.txt",
            b"new\nline.txt",
            b"tab\t.txt",
            b"space .txt ",
            b"\xf0\x9f\x90\x8d.py",
            b"-rf",
            b"\x1b[31m.txt",
            b'comma,".txt',
        ]
    )
    return archive(directory, Part(name=name, content=b"x", flags=chance.choice([0, UTF8])))


@mutation
def dist_info_twice_or_never(directory: Path, chance: random.Random) -> Path:
    other = Part(name=b"other-1.0.dist-info/METADATA", content=METADATA)
    return archive(
        directory,
        *[other] * chance.randrange(2),
        info=chance.choice(
            [
                b"dist-info",
                b"tiny.dist-info",
                b"other-1.0.dist-info",
                b"tiny-2.0.dist-info",
                b"tiny-1.0.dist-info/more",
                b"-.dist-info",
            ]
        ),
    )


@mutation
def encrypted_or_unknown(directory: Path, chance: random.Random) -> Path:
    flags, method = chance.choice(
        [
            (UTF8 | ENCRYPTED, DEFLATED),
            (UTF8, 99),
            (UTF8, 12),
            (UTF8, 14),
            (UTF8, 9),
            (UTF8 | 0x20, DEFLATED),
        ]
    )
    return archive(
        directory,
        Part(name=b"odd.txt", content=b"x" * 100, packed=b"x" * 50, flags=flags, method=method),
    )


@mutation
def a_wrong_crc(directory: Path, chance: random.Random) -> Path:
    name = chance.choice([b"odd.txt", b"odd.py", b"tiny-1.0.data/scripts/odd", INFO + b"/odd"])
    return archive(directory, Part(name=name, content=b"x" * chance.randrange(3000), crc=1))


@mutation
def a_file_where_a_directory_is(directory: Path, chance: random.Random) -> Path:
    one, other = chance.choice(
        [
            (b"odd", b"odd/file"),
            (b"odd/file/below", b"odd/file"),
            (b"tiny.py/below", b"odd"),
            (b"tiny-1.0.data/data/lib", b"odd"),
            (b"tiny-1.0.data/data/bin", b"odd"),
            (b"tiny-1.0.data/purelib/odd", b"odd/below"),
            (b"__pycache__", b"odd.py"),
            (b"tiny-1.0.data/scripts/odd/below", b"tiny-1.0.data/scripts/odd"),
        ]
    )
    return archive(directory, Part(name=one, content=b"x"), Part(name=other, content=b"y"))


@mutation
def entry_points_that_are_none(directory: Path, chance: random.Random) -> Path:
    return archive(
        directory,
        Part(
            name=INFO + b"/entry_points.txt",
            content=chance.choice(
                [
                    b"[console_scripts\n",
                    b"\xff",
                    b"no section\n",
                    b"[console_scripts]\n../x = tiny:main\n",
                    b"[console_scripts]\nx = tiny:main; import os\n",
                    b"[console_scripts]\nx\n",
                    b"\0",
                    b"[console_scripts]\n" + b"x" * 300 + b" = tiny:main\n",
                    b"[console_scripts]\nx = :\n",
                    b"[console_scripts]\npython = tiny:main\n",
                ]
            ),
        ),
    )


@mutation
def metadata_that_is_wrong(directory: Path, chance: random.Random) -> Path:
    return archive(
        directory,
        wheel=chance.choice(
            [
                b"",
                b"\xff\xff",
                b"Wheel-Version: 9.9\n",
                b"Wheel-Version:\n",
                b"\0" * 100,
                b"Wheel-Version: 1.0\n" * 5,
                b"Wheel-Version: 1.0\nRoot-Is-Purelib: maybe\n",
            ]
        ),
    )


@mutation
def a_source_that_is_hard_to_compile(directory: Path, chance: random.Random) -> Path:
    return archive(
        directory,
        source=chance.choice(
            [
                b"(" * 100_000,
                b"-" * 100_000 + b"1",
                b"x = " + b"[" * 90 + b"]" * 90,
                b"\0" * 1000,
                b"# coding: nonsense\n",
                b"\xff\xfe\xfd",
                b"x = '\n",
                b"x = " + b"9" * 10_000,
                b"a." * 50_000 + b"b",
                b"x = [" + b"1," * 300_000 + b"]\n",
                b"if 1:\n\tx\n        y\n",
                b"lambda: " * 5000 + b"1",
                b"\n" * 9_000_000,
            ]
        ),
    )
