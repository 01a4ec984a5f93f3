"""A permission: what the members of a group may do."""

from ..models import Grant
from .seen import SeenForm


class GrantForm(SeenForm):
    """Each level includes those before it."""

    class Meta:
        model = Grant
        fields = ["group", "level"]
        labels = {"level": "May"}
        help_texts = {"level": "Edit includes push, push includes view. "
                               "Without any, the deployment is invisible to the group."}
