"""Reasons to refuse a push, when a user asks for it and again when a worker begins it."""

from deployments.prepare import Refused


class Moved(Refused):
    """The ref is no longer at the commit that the user saw, but at `commit`."""

    def __init__(self, ref, shown, commit):
        """Name both commits."""
        self.commit = commit
        super().__init__(
            [f"{ref} is at {commit[:8]} now, no longer at {shown[:8]}. Nothing was pushed."]
        )


def refuse_locked(deployment):
    """Raise Refused if a user has locked the deployment."""
    if deployment.locked_by:
        why = f": {deployment.lock_reason}" if deployment.lock_reason else "."
        raise Refused([f"The deployment is locked by {deployment.locked_by}{why}"])


def refuse_moved(push, commit):
    """Raise Moved if the push has a commit that the user saw, and its ref is now at another."""
    if push.commit and push.commit != commit:
        raise Moved(push.ref, push.commit, commit)
