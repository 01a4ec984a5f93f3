"""Find out the license of each vendored distribution, and compare it with the allowed ones."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

from bootstrapper.errors import InputError
from vendor_fetch.program import program_command
from vendor_fetch.project.pyproject import setting_error
from vendor_fetch.reports import spdx
from vendor_fetch.reports.archive import Contents, read_contents
from vendor_fetch.reports.distributions import Distribution
from vendor_fetch.reports.license_names import CLASSIFIERS, FAMILIES, identifier_of
from vendor_fetch.reports.license_text import recognize
from vendor_fetch.reports.settings import Settings

# Values of the field License that say nothing.
_EMPTY = {"", "unknown", "none", "n/a", "see license file", "license.txt", "license"}
# Classifiers that say something about a license and do not name it.
_ABOUT_LICENSES = {"License :: OSI Approved", "License :: DFSG approved"}
# The longest part of a statement that a report shows.
_SHOWN = 60


@dataclass(frozen=True, kw_only=True)
class License:
    """The license of a distribution.

    `expression` is an SPDX expression, or None if the license is not known. `source` says where it
    comes from: `expression`, `classifier`, `field`, `text` or `override`. `stated` is what the
    metadata says, in its own words.
    """

    expression: str | None
    source: str = ""
    stated: str = ""


@dataclass(frozen=True, kw_only=True)
class LicensedDistribution:
    """A distribution, its license, and the reason why the project does not allow it, or ""."""

    distribution: Distribution
    license: License
    refusal: str = ""


def licenses(project: Path, vendored: Iterable[Distribution]) -> dict[tuple[str, str], License]:
    """Return the licenses of distributions, by name and version, without overrides.

    Raise WorkFailed for an unreadable file.
    """
    return {
        (each.name, each.version): _combined(
            [license_of(read_contents(project / file.path)) for file in each.files]
        )
        for each in vendored
    }


def overridden(
    found: Mapping[tuple[str, str], License], settings: Settings, directory: Path
) -> dict[tuple[str, str], License]:
    """Return the licenses with the overrides of the project. Raise InputError for a wrong one."""
    overrides = {}
    for name, override in settings.overrides.items():
        expression = spdx.normalized(override.license)
        if expression is None:
            raise setting_error(
                directory,
                name,
                f"[tool.vendor_fetch.licenses] {name}: {override.license!r} is not an SPDX license "
                "expression",
                f'{name} = {{ license = "MIT OR Apache-2.0", reason = "…" }}',
            )
        overrides[name] = License(expression=expression, source="override", stated=override.reason)
    return {
        (name, version): overrides.get(name, license_)
        for (name, version), license_ in found.items()
    }


def allowed_licenses(
    options: Iterable[str], settings: Settings, directory: Path
) -> set[str] | None:
    """Return the allowed licenses: those of `--allow`, or else of the project; None allows all.

    Raise InputError for a text that is no license.
    """
    words = [word.strip() for option in options for word in option.split(",")]
    if not words and settings.allowed_licenses is None:
        return None
    allowed: set[str] = set()
    for word in words or settings.allowed_licenses or ():
        expression = spdx.normalized(word)
        if expression is None or " AND " in expression:
            fault = f"{word!r} is not the SPDX identifier of a license"
            if words:
                raise InputError(
                    "--allow", fault, f"{program_command('licenses', '--allow', 'MIT')}  # such as"
                )
            raise setting_error(
                directory,
                "allowed-licenses",
                f"allowed-licenses: {fault}",
                'allowed-licenses = ["MIT", "BSD-3-Clause"]',
            )
        allowed |= spdx.identifiers(expression)
    return allowed


def judged(
    vendored: Iterable[Distribution],
    found: Mapping[tuple[str, str], License],
    allowed: set[str] | None,
    *,
    fail_unknown: bool,
) -> Iterator[LicensedDistribution]:
    """Yield each distribution with its license, and with the reason why it is not allowed.

    An unknown license is not among the allowed ones. `fail_unknown` refuses it if all are allowed.
    """
    for each in vendored:
        license_ = found[each.name, each.version]
        refusal = ""
        if license_.expression is None:
            if allowed is not None or fail_unknown:
                refusal = "its license is not known"
                if license_.stated:
                    refusal += f": its metadata says {shortened(license_.stated)!r}"
        elif allowed is not None:
            refusal = spdx.refusal(license_.expression, allowed)
        yield LicensedDistribution(distribution=each, license=license_, refusal=refusal)


def license_of(contents: Contents) -> License:
    """Return the license that a vendored file states.

    The first of these decides: License-Expression (PEP 639), the classifiers, the field License, the
    license texts. Several classifiers count as licenses that apply together (AND), unless the field
    says how they are joined.
    """
    fields = contents.metadata
    stated = _one_line(fields.get("License-Expression", ""))
    if expression := spdx.normalized(stated):
        return License(expression=expression, source="expression", stated=stated)
    classifiers = _classifiers(fields)
    field = str(fields.get("License", "")).strip()
    by_field = _of_field(field)
    by_text = _of_texts(contents.license_texts)
    if classifiers:
        found = _of_classifiers(classifiers, by_field, by_text)
    elif by_field:
        found = License(expression=by_field, source="field", stated=_one_line(field))
    elif by_text:
        found = License(expression=by_text, source="text")
    else:
        found = License(expression=None)
    if found.expression is None:
        own_words = "; ".join(each.rpartition(" :: ")[2] for each in classifiers)
        words = "" if field.lower() in _EMPTY else _one_line(field)
        # A field with a whole text says less in a table than the classifiers.
        first, second = (own_words, words) if "\n" in field else (words, own_words)
        return License(expression=None, stated=stated or first or second)
    return found


def shortened(text: str) -> str:
    """Return the beginning of a statement, for a table or a message."""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _classifiers(fields: Message) -> list[str]:
    """Return the classifiers that name a license."""
    found = (_one_line(each) for each in fields.get_all("Classifier", []))
    return [each for each in found if each.startswith("License ::") and each not in _ABOUT_LICENSES]


def _of_classifiers(classifiers: list[str], by_field: str | None, by_text: str | None) -> License:
    stated = "; ".join(each.rpartition(" :: ")[2] for each in classifiers)
    parts, sources = [], {"classifier"}
    for each in classifiers:
        identifier = CLASSIFIERS.get(each)
        if identifier is None:
            identifier, source = _member(each, (("field", by_field), ("text", by_text)))
            if identifier is None:
                return License(expression=None)
            sources.add(source)
        parts.append(identifier)
    expression = spdx.joined_by_and(parts)
    if len(set(parts)) > 1 and by_field and spdx.identifiers(by_field) == set(parts):
        return License(expression=by_field, source="field", stated=stated)
    source = next(each for each in ("text", "field", "classifier") if each in sources)
    return License(expression=expression, source=source, stated=stated)


def _member(
    classifier: str, candidates: Iterable[tuple[str, str | None]]
) -> tuple[str | None, str]:
    """Return the first candidate that an ambiguous classifier can mean, and its source."""
    beginnings = FAMILIES.get(classifier, ())
    for source, expression in candidates:
        if (
            expression
            and expression.startswith(beginnings)
            and len(spdx.identifiers(expression)) == 1
        ):
            return expression, source
    return None, ""


def _of_field(field: str) -> str | None:
    """Return the expression that the field License means: an identifier, a name, or a whole text."""
    if "\n" in field:
        return recognize(field)
    return spdx.normalized(field) or identifier_of(field)


def _of_texts(texts: Mapping[str, str]) -> str | None:
    """Return the license that all of the texts are; None if they differ or one is not recognized."""
    found = {recognize(text) for text in texts.values()}
    return found.pop() if len(found) == 1 else None


def _combined(found: list[License]) -> License:
    """Return the license of a distribution whose files state these."""
    expressions = [each.expression for each in found]
    if None in expressions:
        return next(each for each in found if each.expression is None)
    if len(set(expressions)) == 1:
        return found[0]
    return License(
        expression=spdx.joined_by_and(filter(None, expressions)),
        source=found[0].source,
        stated="; ".join(dict.fromkeys(each.stated for each in found if each.stated)),
    )


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
