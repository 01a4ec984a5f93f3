"""Complete the rendered project: packages, locks, .env, and the record of the template."""

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

sys.exit(main(template, typed=<< cookiecutter._template.__repr__() >>, answers={
<% for name, answer in cookiecutter.items() if not name.startswith("_") %>
    << name.__repr__() >>: << answer.__repr__() >>,
<% endfor %>
}))
