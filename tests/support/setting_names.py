"""Which upper-case names of a project's settings modules are no settings."""

import json
import subprocess
from pathlib import Path

# Run by the project's own Python: what does each module hold, and what do Django and others read?
CODE = """
import importlib, json, os, pkgutil, re, sys
from importlib.resources import files
from pathlib import Path

package = sys.argv[1]
settings = importlib.import_module(f"{package}.settings")
names = {}
for module in pkgutil.iter_modules(settings.__path__):
    loaded = importlib.import_module(f"{package}.settings.{module.name}")
    names[module.name] = [name for name in dir(loaded) if name.isupper()]

from django.conf import global_settings
sources = [path for app in Path().iterdir() if (app / "__init__.py").exists()
           for path in app.rglob("*.py") if "settings" not in path.parts]
for installed in ("django.core.mail", "csp", "whitenoise", *sys.argv[2:]):
    sources += Path(str(files(installed))).rglob("*.py")
text = "\\n".join(path.read_text() for path in sources)
read = {*dir(global_settings), *re.findall(r"\\b(?:app_)?settings\\.([A-Z_]+)\\b", text),
        *re.findall(r'getattr\\(\\s*settings,\\s*"([A-Z_]+)"', text),
        *re.findall(r'settings_name = "([A-Z_]+)"', text)}
# WhiteNoise reads WHITENOISE_ and the name of an attribute.
read |= {name for names in names.values() for name in names
         if name.startswith("WHITENOISE_") and name[11:].lower() in text}
print(json.dumps({module: sorted({*names} - read) for module, names in names.items()}))
"""


def names_that_nothing_reads(project: Path, package: str, *installed: str) -> dict[str, list[str]]:
    """Return the names of each settings module that neither Django, the project's own code nor
    the `installed` packages read as settings."""
    run = subprocess.run(
        ["ve/bin/python", "-c", CODE, package, *installed],
        cwd=project,
        text=True,
        check=False,
        capture_output=True,
        env={
            "PATH": "/usr/bin:/bin",
            "SECRET_KEY": "k" * 50,
            "DJANGO_SETTINGS_MODULE": f"{package}.settings.test",
        },
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, list[str]] = json.loads(run.stdout)
    return found
