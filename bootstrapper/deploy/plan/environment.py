"""The environment and the command of a stage's process."""

import re
from collections.abc import Mapping
from pathlib import Path

from bootstrapper.deploy.definition.schema import InvalidValue
from bootstrapper.deploy.definition.setting import check_text
from bootstrapper.deploy.plan.plan import Plan, Stage

# A setting of the same name goes before one of these.
PROXIES = (
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
)
# All that comes from the deploying process; PATH gets the push's own ssh in front.
INHERITED = ("PATH", "HOME", "USER", "LANG", "TZ", "SSH_AUTH_SOCK", *PROXIES)

SUFFIXES = {"shell": ".sh", "python": ".py", "program": ""}
PYTHON_STAGE = "python_stage.py"


def environment(
    plan: Plan,
    *,
    host: str,
    outputs: Mapping[str, str],
    inherited: Mapping[str, str],
    checkout: Path,
    output_file: Path,
) -> dict[str, str]:
    """Return the environment of one stage's process, by the table in DESIGN and docs/reference.md.

    `host` is empty for a stage that runs once, `outputs` is what earlier stages wrote into
    ROLF_OUTPUT. Later groups below win: nothing can pose as a variable of the engine.
    """
    return {
        **{name: inherited[name] for name in INHERITED if name in inherited},
        **plan.settings,
        **plan.flags,
        **plan.secrets,
        **outputs,
        **({"REMOTE_HOST": host or plan.hosts[0]} if plan.hosts else {}),
        "CHECKOUT_DIR": str(checkout),
        "DEPLOYMENT": plan.deployment,
        "DEPLOYMENT_ID": plan.deployment_id or plan.deployment,
        "ROLF_PUSH_ID": str(plan.id),
        "ROLF_OUTPUT": str(output_file),
        "PUSH_COMMENT": plan.comment,
        "PUSH_UNI": plan.user,
        "PUSH_REF": plan.ref,
        "PUSH_COMMIT": outputs.get("PUSH_COMMIT", plan.commit),
        "RELEASE": str(plan.releases.get(host, plan.release)),
        "ROLLBACK_URL": plan.rollback_url,
    }


def file_name(index: int, stage: Stage) -> str:
    """Of the stage's code in the snapshot: `03-git-tag.sh`."""
    return f"{index + 1:02}-{safe(stage.name)}{SUFFIXES[stage.language]}"


def safe(name: str) -> str:
    """Return a stage's or a host's name, as part of a file name."""
    return re.sub(r"[^\w.+-]", "_", name)


def command(stage: Stage, file: Path, *, python: str) -> tuple[str, ...]:
    """Return the command that runs the stage's code; `python_stage.py` is in the same directory."""
    if stage.language == "shell":
        return ("bash", "-eo", "pipefail", str(file))
    if stage.language == "python":
        return (python, str(file.with_name(PYTHON_STAGE)), str(file))
    return (str(file),)


def read_output(text: str) -> tuple[dict[str, str], list[str]]:
    """Return the variables that a stage wrote, `NAME=value` one a line, and the lines that are none.

    Nor is one that no process can be given.
    """
    variables: dict[str, str] = {}
    odd = []
    for line in text.split("\n"):
        name, equals, value = line.partition("=")
        try:
            check_text(value)
        except InvalidValue:
            odd.append(line)
            continue
        if equals and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            variables[name] = value
        elif line.strip():
            odd.append(line)
    return variables, odd
