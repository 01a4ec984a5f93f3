"""Pack a directory into a compressed tar file, and unpack it elsewhere.

The content comes from a repository and from stages, so it may have any links. `unpack` writes into
a new directory, creates symbolic links last, and follows none.

The stage user runs this file as a program, so it imports nothing but the standard library.
"""

import os
import shutil
import stat
import sys
import tarfile
from pathlib import Path, PurePosixPath

LEVEL = 1  # of gzip; git's objects are compressed already
PIECE = 1024 * 1024


class TooLarge(Exception):  # noqa: N818 - the checkout stays on its machine
    """A directory has more bytes than it may have."""


class Unsafe(Exception):  # noqa: N818
    """A device, or a member of an archive that `pack` never writes."""


def pack(directory, to, *, most, meanwhile=lambda: None):
    """Write a directory into the file `to`. Raise TooLarge beyond `most` bytes, or Unsafe.

    Call `meanwhile` before each member.
    """
    size = 0
    with tarfile.open(
        fileobj=to, mode="w:gz", compresslevel=LEVEL, format=tarfile.PAX_FORMAT
    ) as tar:
        for path in _walk(Path(directory)):
            meanwhile()
            info = tar.gettarinfo(path, str(path.relative_to(directory)))
            if info is None:
                continue  # a socket
            if info.ischr() or info.isblk():
                raise Unsafe(f"{info.name} is a device")
            info.uname = info.gname = ""
            size += info.size
            if size > most:
                raise TooLarge(f"the checkout has more than {most:,} bytes")
            if info.isreg():
                with path.open("rb") as file:
                    tar.addfile(info, file)
            else:
                tar.addfile(info)


def _walk(directory):
    """Yield what is below a directory, each directory before its content."""
    left = sorted(directory.iterdir(), reverse=True)
    while left:  # without a recursion, because a stage can create directories of any depth
        path = left.pop()
        yield path
        if path.is_dir() and not path.is_symlink():
            left += sorted(path.iterdir(), reverse=True)


def unpack(file, directory):
    """Unpack a file of `pack` into a new directory. Raise Unsafe, FileExistsError or OSError."""
    directory = Path(directory)
    directory.mkdir(mode=0o700)
    links, directories = [], []
    with tarfile.open(fileobj=file, mode="r:gz") as tar:
        for member in tar:
            path = directory / _inside(member.name)
            if member.isdir():
                path.mkdir(mode=0o700)
                directories.append((path, member))
            elif member.issym():
                links.append((path, member))
            elif member.islnk():
                os.link(directory / _inside(member.linkname), path, follow_symlinks=False)
            elif member.isfifo():
                os.mkfifo(path, 0o600)
                _set_times(path, member)
            elif member.isreg():
                _write(tar.extractfile(member), path)
                _set_times(path, member)
            else:
                raise Unsafe(f"{member.name} is no file, directory or link")
    for path, member in links:
        path.symlink_to(member.linkname)
    for path, member in reversed(directories):  # a directory may be read-only
        _set_times(path, member)


def _inside(name):
    """Return a relative path without "..". Raise Unsafe."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise Unsafe(f"{name!r} leads out of the checkout")
    return path


def _write(content, path):
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "wb") as to:
        shutil.copyfileobj(content, to, PIECE)


def _set_times(path, member):
    path.chmod(stat.S_IMODE(member.mode))
    os.utime(path, (member.mtime, member.mtime))


def main(argv):
    """Run `pack DIRECTORY BYTES >FILE` or `unpack DIRECTORY <FILE`, as the stage user does."""
    try:
        match argv:
            case ["pack", directory, most]:
                pack(directory, sys.stdout.buffer, most=int(most))
            case ["unpack", directory]:
                unpack(sys.stdin.buffer, directory)
    except (TooLarge, Unsafe, OSError) as error:
        return str(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
