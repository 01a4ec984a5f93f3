"""Add the files that the rendered project still lacks: packages, locks and .env."""

import os
import sys
from pathlib import Path

template = Path(<< cookiecutter._repo_dir.__repr__() >>)
if not template.is_absolute():
    # While a hook runs, cookiecutter's working directory is the template (hooks.py, `work_in`).
    template = Path(f"/proc/{os.getppid()}/cwd").resolve()

# Leave no bytecode in the template's checkout.
sys.dont_write_bytecode = True
sys.path.insert(0, str(template))

from vendor_fetch.template.generation import main

sys.exit(main(template, database=<< cookiecutter.database.__repr__() >>))
