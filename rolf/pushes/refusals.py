"""Why a push is refused: its deployment is locked, or its branch has moved."""

from deployments.prepare import Refused


class Moved(Refused):
    """The ref is at another commit than the one that was shown: `commit`."""

    def __init__(self, ref, shown, commit):
        """Say which."""
        self.commit = commit
        super().__init__([f"{ref} is at {commit[:8]} now, no longer at {shown[:8]}. Nothing was "
                          "pushed."])


def refuse_closed(deployment):
    """Raise Refused where nobody may push now."""
    if deployment.closed_by:
        why = f": {deployment.closed}" if deployment.closed else "."
        raise Refused([f"It is closed by {deployment.closed_by}{why}"])


def refuse_moved(push, commit):
    """Raise Moved where a push was asked for with another commit than its ref is at now."""
    if push.commit and push.commit != commit:
        raise Moved(push.ref, push.commit, commit)
