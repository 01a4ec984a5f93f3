"""Refuse answers that would make a broken project.

cookiecutter renders this file before it runs it. repr() makes Python literals of the answers.
"""

import os
import sys

if sys.version_info < (3, 11):
    sys.exit("cookiecutter: Python %d.%d is too old, this template needs 3.11 or later\n"
             "  next: pipx install --force --python python3.11 cookiecutter"
             % sys.version_info[:2])

import shlex
from pathlib import Path

template = Path(<< cookiecutter._repo_dir.__repr__() >>)
if not template.is_absolute():
    # While a hook runs, cookiecutter's working directory is the template (hooks.py, `work_in`).
    template = Path(f"/proc/{os.getppid()}/cwd").resolve()

# Leave no bytecode in the template's checkout.
sys.dont_write_bytecode = True
sys.path.insert(0, str(template))

try:
    from vendor_fetch.template.answers import main
except ImportError as error:
    sys.exit(f"{template}: files of the template are missing: {error}\n"
             f"  next: git -C {shlex.quote(str(template))} checkout -- .")

sys.exit(main(template, {
<% for name, answer in cookiecutter.items() if not name.startswith("_") %>
    << name.__repr__() >>: << answer.__repr__() >>,
<% endfor %>
}))
