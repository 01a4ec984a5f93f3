"""Check the syntax of a Python recipe before a push runs it."""

import warnings
from functools import lru_cache
from threading import Lock

from bootstrapper.deploy.recipes.python_stage import is_python_2

_FILTERS = Lock()  # those of warnings are the whole process's


@lru_cache(maxsize=1024)
def syntax_problem(code: str) -> tuple[int, str]:
    """Return the line and what is wrong with it; (0, "") if nothing is. Nothing of the code is run."""
    try:
        with _FILTERS, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the run of the stage shows them
            compile(code.encode(), "recipe", "exec", dont_inherit=True)
    except SyntaxError as error:
        number = error.lineno or 1  # of an encoding that is unknown it has none
        lines = code.splitlines()
        line = lines[number - 1] if 0 < number <= len(lines) else ""
        if is_python_2(error.msg, line):
            return number, f"this is Python 2, and recipes run in Python 3: {error.msg}"
        return number, f"this is no Python: {error.msg}"
    except (ValueError, OverflowError, MemoryError, RecursionError):
        return 0, "nests deeper than Python can compile"
    return 0, ""
