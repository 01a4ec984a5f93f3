"""A push keeps so much output and no more: the beginning, the end, and how much is left out."""

from pathlib import Path

import pytest

from bootstrapper.deploy.definition.schema import InvalidValue
from bootstrapper.deploy.definition.setting import parse
from bootstrapper.deploy.events import size
from bootstrapper.deploy.events.event import Note, Output, StageEnded, State, Stream
from bootstrapper.deploy.events.output_limit import OutputLimit
from tests.support.pushes import AT, out
from tests.support.shop import HERE, Shop, open_shop

LIMIT = 4_000_000


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = open_shop(tmp_path)
    shop.define(stages=["flood", "after"], settings=f'{HERE}\nOUTPUT_LIMIT = "4 MB"')
    shop.recipe("flood.sh", "# Floods\necho first; seq 1 4000000; echo last\n")
    shop.recipe("after.sh", "# Says a little\necho 'after it' >&2\n")
    return shop


def test_a_flood_keeps_its_beginning_and_end(shop: Shop) -> None:
    run = shop.run("deploy")
    assert run.returncode == 0, run.stderr
    log = shop.run("log").stdout.splitlines()
    assert log[:3] == ["first", "1", "2"]
    (at,) = (number for number, line in enumerate(log) if line.startswith("["))
    assert log[at].endswith("MB of output left out here: OUTPUT_LIMIT = 4 MB for the whole push]")
    assert log[-3:] == ["4000000", "last", "after it"]
    assert int(log[at - 1]) + 1 < int(log[at + 1]) < 4000000
    assert "the push has reached OUTPUT_LIMIT = 4 MB" in run.stdout
    journal = shop.project / ".deploy/pushes/1"
    assert sum(file.stat().st_size for file in journal.iterdir() if file.is_file()) < 2 * LIMIT


def test_short_lines_count_with_what_keeps_them(shop: Shop) -> None:
    shop.recipe("flood.sh", "# Floods\nfor i in {1..40000}; do echo >&2; echo; done\n")
    assert shop.run("deploy").returncode == 0
    assert (shop.project / ".deploy/pushes/1/events.jsonl").stat().st_size < 1.5 * LIMIT


def kept(limit: int, *sizes: int, stages: int = 1) -> tuple[int, list[bytes]]:
    """How many bytes go out for stages that say lines of these sizes, and the first of each."""
    passing = OutputLimit(limit)
    data = []
    for stage in range(stages):
        for number, length in enumerate(sizes):
            line = (b"%d-%d " % (stage, number)).ljust(length - 1, b"x") + b"\n"
            data += [
                each.data for each in passing.pass_on(out(line, stage)) if isinstance(each, Output)
            ]
        data += [
            each.data
            for each in passing.pass_on(StageEnded(at=AT, stage=stage, state=State.SUCCEEDED))
            if isinstance(each, Output)
        ]
    return sum(map(len, data)), data


@pytest.mark.parametrize(
    ("sizes", "stages"),
    [
        ([100_000] * 100, 1),
        ([100_000] * 100, 30),
        ([5_000_000], 1),
        ([5_000_000] * 3, 5),
        ([1000] * 20_000, 3),
    ],
)
def test_a_push_keeps_no_more_than_its_limit(sizes: list[int], stages: int) -> None:
    total, data = kept(LIMIT, *sizes, stages=stages)
    assert total <= LIMIT + 1000 * stages  # and the lines that say so
    assert data[-1].endswith(b"x\n")


def test_a_push_within_its_limit_keeps_all() -> None:
    total, data = kept(LIMIT, *[1000] * 2000)
    assert (total, len(data)) == (2_000_000, 2000)


def test_the_notes_of_a_push_come_at_once() -> None:
    passing = OutputLimit(1_000_000)
    first = list(passing.pass_on(out(b"x" * 900_000, stream=Stream.STDERR)))
    note = Note(at=AT, stage=0, text="timed out")
    assert [type(each) for each in first] == [Note]
    assert list(passing.pass_on(note)) == [note]


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [("200 MB", 200_000_000), ("1.5gb", 1_500_000_000), ("2000 kB", 2_000_000), ("1 MB", 10**6)],
)
def test_a_size_is_read(text: str, bytes_: int) -> None:
    assert size.parse(text) == bytes_
    assert parse("OUTPUT_LIMIT", text) == text


@pytest.mark.parametrize(
    "value", ["", "200", 200, "-1 MB", "1 kB", "lots", "1e9 MB", True, ["1 MB"]]
)
def test_a_wrong_limit_is_refused(value: object) -> None:
    with pytest.raises(InvalidValue, match='OUTPUT_LIMIT takes a size such as "200 MB" or "1 GB"'):
        parse("OUTPUT_LIMIT", value)


def test_a_long_rolf_output_is_cut(shop: Shop) -> None:
    shop.recipe(
        "flood.sh",
        '# Writes\necho A=1 > "$ROLF_OUTPUT"; '
        '{ yes B=2 || true; } | head -c 50000000 >> "$ROLF_OUTPUT"\n',
    )
    run = shop.run("deploy")
    assert run.returncode == 0
    assert "ROLF_OUTPUT is longer than 1 MB" in run.stdout
    assert shop.record(1)["outputs"] == {"A": "1", "B": "2"}
