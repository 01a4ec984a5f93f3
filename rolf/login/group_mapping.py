"""Which outside groups become groups of Rolf, and under which names.

A directory may have ten thousand groups. Only those that pass the filter are ever stored:

    LOGIN_GROUPS_PREFIX=rolf-                   the names that begin with it
    LOGIN_GROUPS_LIST=web-team,admins           these names; or JSON: ["with, comma", "admins"]
    LOGIN_GROUPS_PATTERN=cn=rolf-([^,]+),.*     names that the regular expression matches as a whole
    LOGIN_GROUPS_RENAME={"web-team": "Web"}     the names in Rolf, as JSON; a name in it passes, too

A name passes if one of them accepts it. If the regular expression has a group, then what the group
matched is the name. The table is asked first for the outside name, then for what was matched.
A group of Rolf that the table names is filled by the outside groups of the table only.
Without any of these settings, no outside group becomes one of Rolf's.
"""

import re
import unicodedata
from dataclasses import dataclass, field

LONGEST = 150  # characters; django.contrib.auth.models.Group.name


@dataclass(frozen=True, kw_only=True)
class GroupMapping:
    """The filter and the table. `pattern` is compiled."""

    prefix: str = ""
    names: frozenset[str] = frozenset()
    pattern: re.Pattern | None = None
    rename: dict[str, str] = field(default_factory=dict)

    def inside(self, outside):
        """Return the names of Rolf's groups for the names of outside groups, as a set."""
        return {name for each in outside if (name := self.name(each)) is not None}

    def name(self, outside):
        """Return the name in Rolf of an outside group, or None if it has none."""
        given = unicodedata.normalize("NFC", outside).strip()
        matched = self.pattern.fullmatch(given) if self.pattern else None
        short = given
        if matched and matched.re.groups:
            short = (matched[1] or "").strip()
        passes = (
            matched
            or given in self.names
            or given in self.rename
            or (self.prefix and given.startswith(self.prefix))
        )
        if not passes:
            return None
        name = self.rename.get(given, self.rename.get(short, short))
        listed = {given, short} & (self.names | self.rename.keys())
        if not listed and self.is_explicit(name):
            return None  # the settings say which outside groups fill it, and not this one
        return name if _is_possible(name) else None

    def is_explicit(self, name):
        """Return whether the settings name this group of Rolf, and not only a pattern of names."""
        return name in self.rename.values() or (
            name in self.names and self.rename.get(name, name) == name
        )


def _is_possible(name):
    """Return whether Rolf can have a group of that name."""
    return 0 < len(name) <= LONGEST and name.isprintable()
