"""A worker process that unpacks wheels: it reads a task per line and prints an answer per line.

It runs the virtualenv's interpreter, whichever Python runs the rebuild, because each Python
writes bytecode of its own. When its parent dies, it exits at the next line; the directory that
it writes to is not used again.
"""

import errno
import gc
import json
import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from bootstrapper.errors import BootstrapperError
from bootstrapper.next_step import ANOTHER_VERSION
from bootstrapper.ve.system import modes
from bootstrapper.ve.unpack.unpacker import WheelUnpacker
from bootstrapper.ve.wheel.layout import InstallLayout
from bootstrapper.ve.wheel.wheel import BOMB_SIZE, WheelFile


@dataclass(frozen=True, kw_only=True)
class UnpackTask:
    """A wheel to unpack.

    `name` is its name in messages, `place` the directory of the entry, `site` the virtualenv's
    directory of packages, `version` Python's, and `largest` the limit of its size in bytes.
    """

    wheel: str
    name: str
    place: str
    site: str
    version: tuple[int, int]
    largest: int = BOMB_SIZE


def serve(tasks: Iterable[str], answers: TextIO) -> None:
    """Answer tasks until there are no more. Ignore Ctrl-C, which the parent handles."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # a collection would copy the memory that a fork shares with its parent
    with modes.umask():
        for line in tasks:
            print(json.dumps(_do(UnpackTask(**json.loads(line)))), file=answers, flush=True)


def _do(task: UnpackTask) -> dict[str, Any]:
    layout = InstallLayout(site=task.site, version=(task.version[0], task.version[1]))
    try:
        with WheelFile(Path(task.wheel), task.name, largest=task.largest) as wheel:
            os.mkdir(task.place)
            _expect_room(task.place, wheel.size)
            WheelUnpacker(wheel, Path(task.place), layout).run()
    except BootstrapperError as error:
        return {"failed": [error.where, error.fault, error.next_step]}
    except OSError as error:
        # EFBIG comes from the user's limits; other errors without a file name are the store's.
        nameless = task.name if error.errno == errno.EFBIG else task.place
        path = os.fspath(error.filename) if error.filename else nameless
        return {"errno": error.errno, "text": error.strerror, "path": path}
    except Exception as error:  # the parent needs an answer, whatever the wheel contains
        return {
            "failed": [
                task.name,
                f"can't be unpacked: {type(error).__name__} {error}",
                ANOTHER_VERSION,
            ]
        }
    return {}


def _expect_room(place: str, size: int) -> None:
    """Raise OSError if the disk has no room for so many bytes, instead of filling it."""
    disk = os.statvfs(place)
    if disk.f_blocks and size > disk.f_bavail * disk.f_frsize:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), place)
