"""Install single files into a virtualenv: as hardlinks, as reflinks, or as copies."""

import errno
import fcntl
import os
import shutil
from collections.abc import Callable

from bootstrapper.errors import WorkFailed

LINK_MODES = ("auto", "hardlink", "copy")
# Another file system, one without hardlinks, or too many hardlinks of this file.
_NO_HARDLINK = {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK}
_FICLONE = 0x40049409  # linux/fs.h
_NO_REFLINK = {errno.EXDEV, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOTTY, errno.EPERM, errno.ENOSYS}


class FileInstaller:
    """Installs files in one of the LINK_MODES.

    `install(source, target)` creates one file. In mode "auto", the first file that can't be
    hardlinked makes it copy that file and all later ones.
    """

    def __init__(self, mode: str) -> None:
        methods: dict[str, Callable[[str, str], None]] = {
            "auto": self._link_or_copy,
            "hardlink": self._link,
            "copy": copy,
        }
        self.install = methods[mode]

    @property
    def links(self) -> bool:
        """Whether files are hardlinked, as far as is known by now."""
        return self.install != copy

    def _link(self, source: str, target: str) -> None:
        if error := _refused_link(source, target):
            raise WorkFailed(
                source,
                f"can't be hardlinked into {os.path.dirname(target)} ({error.strerror})",
                "./bootstrap.py --link-mode copy",
            )

    def _link_or_copy(self, source: str, target: str) -> None:
        if error := _refused_link(source, target):
            if error.errno != errno.EMLINK:  # too many links of this one file
                self.install = copy
            copy(source, target)


def _refused_link(source: str, target: str) -> OSError | None:
    """Create a hardlink; return the error if none can be created here."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_HARDLINK:
            raise
        return error
    return None


def copy(source: str, target: str) -> None:
    """Copy a file with its mode and times; share its blocks where the file system can (FICLONE)."""
    with open(source, "rb") as original:
        status = os.fstat(original.fileno())
        file = os.open(
            target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, status.st_mode & 0o777
        )
        with open(file, "wb") as stream:
            try:
                fcntl.ioctl(file, _FICLONE, original.fileno())
            except OSError as error:
                if error.errno not in _NO_REFLINK:
                    raise
                shutil.copyfileobj(original, stream)
            stream.flush()
            os.fchmod(file, status.st_mode & 0o777)
            # Bytecode holds the modification time of its source, so the copy needs the same.
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
