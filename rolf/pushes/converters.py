"""How a URL names a push: by its number, or by its primary key while it has no number."""

from dataclasses import dataclass

from history.paging import DIGITS

KEYED = "asked-"


@dataclass(frozen=True)
class Address:
    """The part of a URL that names a push: "7" is its number, "asked-57" its primary key."""

    text: str

    @classmethod
    def of(cls, push):
        """Return the current address of a push."""
        return cls(str(push.number) if push.number else f"{KEYED}{push.pk}")

    @property
    def lookup(self):
        """Arguments for filter() on the pushes of the deployment."""
        field = "pk" if self.text.startswith(KEYED) else "number"
        return {field: int(self.text.removeprefix(KEYED))}

    @property
    def earlier(self):
        """The same digits as a primary key: older versions of Rolf had keys in all URLs."""
        return type(self)(f"{KEYED}{self.text.removeprefix(KEYED)}")


class Converter:
    """Django path converter: a view gets an Address, and reverse() takes a Push."""

    regex = f"(?:{KEYED})?[1-9][0-9]{{0,{DIGITS - 1}}}"

    def to_python(self, text):
        """Return the Address."""
        return Address(text)

    def to_url(self, push):
        """Return the text for the URL."""
        return Address.of(push).text
