"""An empty ve, as virtualenv makes it: made once for an interpreter, then copied."""

import hashlib
import json
import os
import re
from pathlib import Path

from bootstrapper.ve.interpreter import Interpreter
from bootstrapper.ve.seal import intact, opened, sealed, traces
from bootstrapper.ve.store import Store
from bootstrapper.ve.toolbox import Toolbox

# virtualenv quotes what it writes into shell scripts; a path like this needs no quoting, so one
# may be put in place of another.
_PLAIN = re.compile(r"[A-Za-z0-9_./+@-]+")
_PROMPT = "the-name-of-the-project"
_VE = "ve"
_SEAL = "seal"  # the traces of its files, under a seal


def create(place: Path, *, living: Path, interpreter: Interpreter, toolbox: Toolbox,
           store: Store) -> None:
    """Make an empty ve at `place` that believes that it is at `living`; no pip is in it.

    Raises WorkFailed if virtualenv does, or OSError.
    """
    prompt = living.parent.name
    if not _PLAIN.fullmatch(f"{living}{store.home}"):
        toolbox.create(place, interpreter, prompt=prompt)
        # Of the path, only the part that is ours to change: that one needs no quoting.
        _copy(place, place, {f"{place.parent.name}/": ""})
        return
    kept = store.place("bare", _key(interpreter, toolbox))
    if not store.find(kept, _whole):
        with store.unfinished() as directory:
            made = directory / "bare"
            toolbox.create(made / _VE, interpreter, prompt=_PROMPT)
            _copy(made / _VE, made / _VE, {os.fspath(made): os.fspath(kept)})
            seal = json.dumps(traces(f"{made}/{_VE}")).encode()
            (made / _SEAL).write_bytes(sealed(seal))
            store.adopt(made, kept)
    place.mkdir()
    _copy(kept / _VE, place, {f"{kept}/{_VE}": os.fspath(living), _PROMPT: prompt})


def _whole(kept: Path) -> Path:
    """Itself, if it is as it was made. Raises OSError or ValueError."""
    if not intact(f"{kept}/{_VE}", json.loads(opened((kept / _SEAL).read_bytes()))):
        raise ValueError(f"{kept} is damaged")
    return kept


def _key(interpreter: Interpreter, toolbox: Toolbox) -> str:
    """What an empty ve depends on: the interpreter, and virtualenv with all it needs."""
    status = interpreter.executable.stat()
    facts = [os.fspath(interpreter.executable), status.st_size, status.st_mtime_ns,
             interpreter.environment["python_full_version"], sorted(toolbox.sha256.items())]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _copy(source: Path, target: Path, replacements: dict[str, str]) -> None:
    """Copy a directory with texts replaced in its files; onto itself, that is all it does."""
    for entry in os.scandir(source):
        place = target / entry.name
        if entry.is_symlink():
            if source != target:
                place.symlink_to(os.readlink(entry))
        elif entry.is_dir():
            place.mkdir(exist_ok=True)
            _copy(Path(entry), place, replacements)
        else:
            before = content = Path(entry).read_bytes()
            for old, new in replacements.items():
                content = content.replace(os.fsencode(old), os.fsencode(new))
            if source != target or content != before:
                place.write_bytes(content)
                place.chmod(entry.stat().st_mode & 0o777)
