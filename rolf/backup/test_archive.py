"""A hostile or damaged file is refused in a sentence."""

import io
import json
import tarfile
from unittest import TestCase

from .archive import MANIFEST, Archive
from .errors import BackupError


def made(manifest, *members):
    """Return an archive of (name, kind, link) and of a manifest."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, kind, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            tar.addfile(info)
        data = json.dumps(manifest).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    file.seek(0)
    return file


class HostileArchive(TestCase):
    """What `manage.py restore` must not take."""

    def test_what_is_no_backup_is_refused(self):
        whole = {"format": 1, "files": {"media/a": {"sha256": "", "bytes": 0}}}
        out = {"format": 1, "files": {"../a": {"sha256": "", "bytes": 0}}}
        for file, fault in (
            (made(whole, ("media/a", tarfile.SYMTYPE, "/etc/passwd")), "is no file"),
            (made(whole, ("media/a", tarfile.LNKTYPE, "/etc/passwd")), "is no file"),
            (made(whole, ("media/a", tarfile.CHRTYPE, "")), "is no file"),
            (made(out, ("../a", tarfile.REGTYPE, "")), "leads out"),
            (made([1]), "is not that of a backup"),
            (made({"format": 1}), "are not those of its manifest"),
            (made({"format": 1, "files": []}), "are not those of its manifest"),
            (io.BytesIO(b"x" * 2000), "it is no backup of Rolf"),
        ):
            with self.subTest(fault), self.assertRaisesRegex(BackupError, fault):
                Archive(file, "file")
