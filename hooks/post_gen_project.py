"""Give the new project its files: the work is vendor_fetch's, in the template's checkout."""

import os
import sys
from pathlib import Path

template = Path(<< cookiecutter._repo_dir.__repr__() >>)
if not template.is_absolute():
    # Cookiecutter stands in that directory while a hook runs (cookiecutter.hooks, `work_in`).
    template = Path(f"/proc/{os.getppid()}/cwd").resolve()

# A checkout that somebody works in is no place for a hook's bytecode.
sys.dont_write_bytecode = True
sys.path.insert(0, str(template))

from vendor_fetch.template.generation import main

sys.exit(main(template, database=<< cookiecutter.database.__repr__() >>))
