"""Where the files of a wheel go in a ve."""

from collections.abc import Mapping
from dataclasses import dataclass

from bootstrapper.ve.wheel import script
from bootstrapper.ve.wheel.script import EntryPoint
from bootstrapper.ve.wheel.wheel import Member, WheelFile

Source = Member | EntryPoint
"""What a file of a ve is made from: a file of a wheel, or one of its entry points."""

# What installing writes anew, whatever the wheel brought (PEP 376, PEP 627).
GENERATED = ("RECORD", "INSTALLER", "REQUESTED")


@dataclass(frozen=True, kw_only=True)
class InstallLayout:
    """The directories of a ve, relative to it: `site` is `lib/python3.12/site-packages`.

    `version` is the Python's, such as (3, 12).
    """

    site: str
    version: tuple[int, int]

    def directories(self, distribution: str) -> Mapping[str, str]:
        """The directory of each key of a wheel (as pip has them in a ve)."""
        python = self.site.split("/")[1]
        return {
            "purelib": self.site,
            "platlib": self.site,
            "scripts": "bin",
            "data": "",
            "headers": f"include/site/{python}/{distribution}",
        }

    def places(self, wheel: WheelFile) -> dict[str, Source]:
        """Every file that a wheel puts into a ve, by its path there; without those written anew.

        Where two of them have one path, the later wins: root, then .data, then scripts, then
        entry points.
        """
        directories = self.directories(wheel.name.name)
        entry_points = script.versioned(wheel.entry_points, self.version)
        anew = {f"{wheel.dist_info}/{name}" for name in GENERATED}
        members = [
            member
            for member in wheel.members
            if member.name not in anew
            and not (
                member.key == "scripts" and script.wraps_entry_point(member.path, entry_points)
            )
        ]
        members.sort(key=lambda member: (member.key == "scripts", member.name != member.path))
        places: dict[str, Source] = {
            f"{directories[member.key]}/{member.path}".lstrip("/"): member for member in members
        }
        places.update({f"bin/{each.name}": each for each in entry_points})
        return places
