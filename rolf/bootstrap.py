#!/usr/bin/env python3
"""Rebuild ve/ from requirements/, offline. See: ./bootstrap.py --help"""
import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
# Python puts the directory of a script first on its search path, so that a file json.py here would
# replace the module of the standard library.
sys.path[:] = [path for path in sys.path if os.path.realpath(path) != HERE]
try:
    from shlex import quote
except ImportError:  # Python 2 reads this file far enough to report that it is too old
    from pipes import quote

if sys.version_info < (3, 11):
    sys.stderr.write("bootstrap.py: Python %d.%d is too old, 3.11 or later is needed\n"
                     "  next: python3.11 %s\n" % (sys.version_info[:2] + (quote(sys.argv[0]),)))
    sys.exit(2)

GIT = "git" if os.path.samefile(HERE, ".") else "git -C " + quote(HERE)
SOURCE = os.path.join(HERE, "requirements", "src")
WHEELS = [name for name in (os.listdir(SOURCE) if os.path.isdir(SOURCE) else [])
          if name.startswith("bootstrapper-") and name.endswith(".whl")]

if not WHEELS and os.path.exists(os.path.join(HERE, os.pardir, "tools", "rolf_files.py")):
    # The repository of bootstrapper has no vendored files. The repository of a shop has them.
    sys.stderr.write("bootstrap.py: there are no vendored files in %s yet\n"
                     "  next: make -C %s rolf\n" % (SOURCE, quote(os.path.dirname(HERE))))
    sys.exit(1)
if len(WHEELS) > 1:
    LOCK = open(os.path.join(HERE, "requirements", "apps.txt")).read()
    OTHERS = [os.path.join(SOURCE, name) for name in sorted(WHEELS) if name not in LOCK]
    sys.stderr.write("bootstrap.py: %d files bootstrapper-*.whl in %s, one is needed\n"
                     "  next: rm %s\n" % (len(WHEELS), SOURCE, " ".join(map(quote, OTHERS))))
    sys.exit(1)
if not WHEELS:
    sys.stderr.write("bootstrap.py: 0 files bootstrapper-*.whl in %s, one is needed\n"
                     "  next: %s checkout -- 'requirements/src/bootstrapper-*.whl'\n"
                     % (SOURCE, GIT))
    sys.exit(1)

WHEEL = os.path.join(SOURCE, WHEELS[0])
with open(WHEEL, "rb") as stream:
    POINTER = stream.read(64).startswith(b"version https://git-lfs.github.com/spec/")
if POINTER:
    sys.stderr.write("bootstrap.py: %s is a Git LFS pointer instead of the file\n"
                     "  next: %s lfs pull\n" % (WHEEL, GIT))
    sys.exit(1)

sys.path.insert(0, WHEEL)
try:
    from bootstrapper.start import start
except Exception as error:
    sys.stderr.write("bootstrap.py: %s can't be read: %s\n  next: %s stash push -- %s\n"
                     % (WHEEL, error, GIT, quote("requirements/src/" + WHEELS[0])))
    sys.exit(1)

sys.exit(start(["rebuild", "--project", HERE] + sys.argv[1:], program="bootstrap.py"))
