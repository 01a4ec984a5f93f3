"""The audit event of a change: what was changed, never a value that could be a secret."""

import audit

# Fields whose values the audit log has, by kind: names, levels and truth values.
SHOWN = {
    "group": ("members",),
    "permission": ("group", "level"),
    "token": ("level", "expires"),
    "user": ("groups", "superuser", "active"),
}


def record_event(change, user):
    """Record the audit event of a Change that `user` made."""
    before, after = change.before or {}, change.after or {}
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    details = {"fields": changed}
    for name in set(SHOWN.get(change.kind, ())) & set(changed):
        details |= _difference(name, before.get(name), after.get(name))
    deployment = str(change.deployment) if change.deployment_id else ""
    target = change.name if change.name == deployment else f"{deployment} {change.name}".strip()
    audit.record(_action(change, before, after), user=user, target=target, **details)


def _action(change, before, after):
    """Return the dotted name of the change."""
    kind, verb = change.kind, change.verb
    if kind == "setting" and (before.get("secret") or after.get("secret")):
        return f"secret.{'replaced' if verb == 'changed' else verb}"
    if kind == "deployment" and before.get("lock_reason", "") != after.get("lock_reason", ""):
        return "deployment.locked" if after.get("lock_reason") else "deployment.unlocked"
    if kind == "user" and verb == "changed" and before["password_set"] != after["password_set"]:
        return "user.password"
    return f"{kind}.{verb}"


def _difference(name, before, after):
    """Return the details of a field: the new value, or what was added and removed."""
    if isinstance(before or after, list):
        old, new = set(before or ()), set(after or ())
        return {f"{name}_added": sorted(new - old), f"{name}_removed": sorted(old - new)}
    return {name: after if isinstance(after, bool) or after is None else str(after)}
