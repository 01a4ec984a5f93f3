#!/usr/bin/env python3
"""Wipe and rebuild ve/ from requirements/, offline. See: ./bootstrap.py --help"""
import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
# Python searches a script's directory first: a json.py there must not replace the standard one.
sys.path[:] = [path for path in sys.path if os.path.realpath(path) != HERE]
SOURCE = os.path.join(HERE, "requirements", "src")
WHEELS = [name for name in (os.listdir(SOURCE) if os.path.isdir(SOURCE) else [])
          if name.startswith("bootstrapper-") and name.endswith(".whl")]

if sys.version_info < (3, 11):  # even Python 2 reads this far, to say why it won't do
    sys.stderr.write("bootstrap.py: Python %d.%d is too old, 3.11 or later is needed\n"
                     "  next: python3.11 bootstrap.py\n" % sys.version_info[:2])
    sys.exit(2)
if not WHEELS and os.path.exists(os.path.join(HERE, os.pardir, "tools", "rolf_files.py")):
    # In bootstrapper's own repository nothing is vendored; a shop's own copy has its files.
    sys.stderr.write("bootstrap.py: Rolf hasn't got its vendored files yet: %s\n"
                     "  next: make -C %s rolf\n" % (SOURCE, os.path.dirname(HERE)))
    sys.exit(1)
if len(WHEELS) != 1:
    sys.stderr.write("bootstrap.py: %d files bootstrapper-*.whl in %s, one is needed\n  next: %s\n"
                     % (len(WHEELS), SOURCE, "move the one that apps.txt doesn't name elsewhere"
                        if WHEELS else "git checkout -- 'requirements/src/bootstrapper-*.whl'"))
    sys.exit(1)

WHEEL = os.path.join(SOURCE, WHEELS[0])
with open(WHEEL, "rb") as stream:
    POINTER = stream.read(64).startswith(b"version https://git-lfs.github.com/spec/")
if POINTER:
    sys.stderr.write("bootstrap.py: %s is a pointer of Git LFS, the file itself is not here\n"
                     "  next: git lfs pull\n" % WHEEL)
    sys.exit(1)

sys.path.insert(0, WHEEL)
try:
    from bootstrapper.start import start
except Exception as error:
    sys.stderr.write("bootstrap.py: %s can't be read: %s\n"
                     "  next: git stash push -- requirements/src/%s\n" % (WHEEL, error, WHEELS[0]))
    sys.exit(1)

sys.exit(start(["rebuild", "--project", HERE] + sys.argv[1:], program="bootstrap.py"))
