"""The names of an archive's members, as far as wheels and tarballs have the same trouble."""

import errno

# shutil.rmtree of Python 3.11 and 3.12 can't remove what is a thousand directories deep.
DEEPEST = 100

# The system's refusals that only the names in an archive can be the cause of.
UNFIT = {errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}


def shortened(name: str) -> str:
    """A name for a message; an archive may hold ones of 65,535 bytes."""
    return name if len(name) <= 100 else f"{name[:60]}…{name[-30:]}"
