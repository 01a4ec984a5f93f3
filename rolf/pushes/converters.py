"""A push in an address: by the number that people say; by its row's key while it has none."""

from dataclasses import dataclass

from history.paging import DIGITS

KEYED = "asked-"


@dataclass(frozen=True)
class Address:
    """What an address says of a push: "7" is number 7 of its deployment, "asked-57" the key 57."""

    text: str

    @classmethod
    def of(cls, push):
        """Return the one that a push has now."""
        return cls(str(push.number) if push.number else f"{KEYED}{push.pk}")

    @property
    def lookup(self):
        """What a query of the deployment's pushes filters by."""
        field = "pk" if self.text.startswith(KEYED) else "number"
        return {field: int(self.text.removeprefix(KEYED))}

    @property
    def earlier(self):
        """The same as a key: addresses once had keys where they have numbers now."""
        return type(self)(f"{KEYED}{self.text.removeprefix(KEYED)}")


class Converter:
    """Django's path converter: an Address in a view; a Push where an address is made."""

    regex = f"(?:{KEYED})?[1-9][0-9]{{0,{DIGITS - 1}}}"

    def to_python(self, text):
        """Return the Address."""
        return Address(text)

    def to_url(self, push):
        """Return what stands in the address."""
        return Address.of(push).text
