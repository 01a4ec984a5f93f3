"""The simulation of claims counts as the real claim loops did."""

from reliability.capacity.simulation import Times, claims

TIMES = Times(select=0.002, row=0.000002, update=0.003, fails=0.001)


def test_one_worker_never_fails_to_claim() -> None:
    found = claims(workers=1, waiting=200, cores=2, times=TIMES)
    assert (found.failed, found.selects) == (0, 201)


def test_many_workers_try_each_push() -> None:
    found = claims(workers=100, waiting=200, cores=2, times=TIMES)
    assert 19_000 < found.failed < 20_000


def test_workers_that_skip_never_fail() -> None:
    found = claims(workers=100, waiting=200, cores=2, times=TIMES, skips=True)
    assert (found.failed, found.selects) == (0, 300)
    assert found.seconds < claims(workers=100, waiting=200, cores=2, times=TIMES).seconds / 5
