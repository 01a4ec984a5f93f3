"""A process that unpacks wheels: one task a line comes in, one answer a line goes back.

It is the interpreter that the ve is made of, whatever Python runs the rebuild, because bytecode
must be its own. When its parent dies it ends at the next line, and what it still writes goes to
a directory that nobody uses again.
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
from bootstrapper.ve.system import modes
from bootstrapper.ve.unpack.unpacker import WheelUnpacker
from bootstrapper.ve.wheel.layout import InstallLayout
from bootstrapper.ve.wheel.wheel import BOMB_SIZE, WheelFile


@dataclass(frozen=True, kw_only=True)
class UnpackTask:
    """A wheel to unpack: see Unpacking. `name` is what messages call it, `largest` the limit
    of its size in bytes.
    """

    wheel: str
    name: str
    place: str
    site: str
    version: tuple[int, int]
    largest: int = BOMB_SIZE


def serve(tasks: Iterable[str], answers: TextIO) -> None:
    """Answer tasks until there are no more. Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # what a fork shares with its parent would be copied by a look at it
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
        # The limit of a file's size is the user's; other errors without a name are the store's.
        nameless = task.name if error.errno == errno.EFBIG else task.place
        path = os.fspath(error.filename) if error.filename else nameless
        return {"errno": error.errno, "text": error.strerror, "path": path}
    except Exception as error:  # the parent waits for an answer, whatever a wheel does to us
        return {
            "failed": [
                task.name,
                f"can't be unpacked: {type(error).__name__} {error}",
                "vendor another version of it: make vendor",
            ]
        }
    return {}


def _expect_room(place: str, size: int) -> None:
    """Raise OSError if so many bytes can't fit: then the disk need not be filled to find out."""
    disk = os.statvfs(place)
    if disk.f_blocks and size > disk.f_bavail * disk.f_frsize:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), place)
