"""A plan as JSON in a push's row, and back."""

from bootstrapper.deploy.plan.plan import Plan
from bootstrapper.errors import InputError


def with_code(plan):
    """Return the plan's snapshot, each stage with its code: all of it but the secrets."""
    snapshot = plan.snapshot()
    for stage, kept in zip(plan.stages, snapshot["stages"], strict=True):
        kept["code"] = stage.code
    return snapshot


def restored(push, secrets):
    """Return the plan that a push's snapshot keeps. Raises InputError if it can't be one now."""
    snapshot = push.snapshot
    lacking = [name for name in snapshot["secret_names"] if name not in secrets]
    if lacking:
        raise InputError(str(push), f"it had the secret {lacking[0]}, which has no value now",
                         "give the deployment that setting again")
    code = {index: stage.get("code") for index, stage in enumerate(snapshot["stages"])}
    if None in code.values():
        raise InputError(str(push), "it is so old that its stages' code is no longer kept",
                         "push the commit anew")
    bare = {**snapshot, "stages": [{name: value for name, value in stage.items()
                                    if name != "code"} for stage in snapshot["stages"]]}
    return Plan.restored(bare, code, {name: secrets[name] for name in snapshot["secret_names"]})
