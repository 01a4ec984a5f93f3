"""A distribution of Perl, as a CPAN mirror has it, and the snapshot that Carton makes of it."""

import io
import tarfile
import time
from pathlib import Path


def perl_distribution(path: Path, greeting: str) -> None:
    """A distribution of one module, as a CPAN mirror has it."""
    files = {
        "Makefile.PL": "use ExtUtils::MakeMaker;\n"
        "WriteMakefile(NAME => 'Greeting', VERSION => '0.01');\n",
        "MANIFEST": "MANIFEST\nMakefile.PL\nlib/Greeting.pm\n",
        "lib/Greeting.pm": f"package Greeting;\nour $VERSION = '0.01';\n"
        f"sub text {{ {greeting} }}\n1;\n",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"Greeting-0.01/{name}")
            member.size, member.mtime = len(text), int(time.time())
            archive.addfile(member, io.BytesIO(text.encode()))


SNAPSHOT = """\
# carton snapshot format: version 1.0
DISTRIBUTIONS
  Greeting-0.01
    pathname: A/AN/ANNA/Greeting-0.01.tar.gz
    provides:
      Greeting 0.01
    requirements:
      ExtUtils::MakeMaker 0
"""
