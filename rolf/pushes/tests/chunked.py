"""Logs for tests: any bytes, cut into chunks anywhere, as a worker may have stored them."""

from itertools import pairwise

from pushes.models import LogChunk, Push


def push_with_log(
    deployment, data, *, cuts=(), source=(0, "stdout", 1_700_000_000.0, ""), **fields
):
    """Return a push whose log is `data`, in chunks that end at the `cuts`."""
    push = Push.objects.create(
        deployment=deployment,
        state=fields.pop("state", "succeeded"),
        user_name="ben",
        log_lines=data.count(b"\n"),
        log_bytes=len(data),
        **fields,
    )
    edges = [0, *sorted(cut for cut in set(cuts) if 0 < cut < len(data)), len(data)]
    line = 0
    for sequence, (begin, end) in enumerate(pairwise(edges)):
        piece = data[begin:end]
        LogChunk.objects.create(
            push=push,
            sequence=sequence,
            offset=begin,
            first_line=line,
            last_line=line + piece.count(b"\n"),
            data=piece,
            spans=[[len(piece), *source]],
        )
        line += piece.count(b"\n")
    return push
