"""Where to look first in the log of a push that ended badly."""

import re

from bootstrapper.deploy.events.event import State

from .reading import lines

LOOKED_AT = 1000  # lines that are read for a word of alarm
BAD = (State.FAILED, State.LOST, State.CANCELLED)
# Much that is said on stderr is none: these words tell what is.
_ALARM = re.compile(
    rb"\b(?:error|errors|failed|failure|fatal|traceback|exception|denied|refused|cannot|can't|"
    rb"not found|no such)\b|error:", re.IGNORECASE)


def first_error(push):
    """Return the line where a push says why it ended badly; None where there is no such line.

    Of the stage that failed it is the first line on stderr with a word of alarm, else the first
    on stderr, else the last line with such a word, else the last.
    """
    stages = (push.record or {}).get("stages", [])
    for index, stage in enumerate(stages):
        mark = push.marks.get(str(index), {})
        if stage["state"] in BAD and "line" in mark:
            following = [push.marks[str(later)]["line"] for later in range(index + 1, len(stages))
                         if "line" in push.marks.get(str(later), {})]
            return _of_stage(push, mark, following[0] if following else push.log_lines)
    return None


def _of_stage(push, mark, end):
    if "error" in mark:
        said = lines(push, mark["error"], min(end - mark["error"], LOOKED_AT))
        alarms = [line.number for line in said
                  if line.stream == "stderr" and _ALARM.search(line.data)]
        return alarms[0] if alarms else mark["error"]
    first = max(mark["line"], end - LOOKED_AT)
    alarms = [line.number for line in lines(push, first, end - first) if _ALARM.search(line.data)]
    return alarms[-1] if alarms else max(mark["line"], end - 1)
