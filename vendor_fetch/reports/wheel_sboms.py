"""Read the SBOMs that wheels bring (PEP 770), and put what they list below the wheel's component."""

import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cyclonedx.model import ExternalReference, ExternalReferenceType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.bom_ref import BomRef
from cyclonedx.model.component import Component
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.spdx import is_supported_id

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.filename import canonical_name
from vendor_fetch.program import edit_and_sync
from vendor_fetch.project.project import APPS_IN

# Keys of CycloneDX whose values are texts, wherever they stand.
_TEXTS = {
    *("alg", "author", "bom-ref", "copyright", "cpe", "description", "expression", "group", "id"),
    *("mime-type", "name", "publisher", "purl", "ref", "scope", "type", "version"),
}
# Other formats, by their beginning. They are named in our SBOM, not merged.
_SPDX_TEXT = re.compile(rb"\s*(?:#.*\n\s*)*SPDXVersion:")
_XML = re.compile(rb"\s*<(?:\?xml|bom|rdf:RDF)\b")


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What one SBOM of a wheel adds to the wheel's component."""

    references: tuple[ExternalReference, ...] = ()
    components: tuple[Component, ...] = ()
    dependencies: tuple[Dependency, ...] = ()


def merge(component: Component, file: LockedFile, name: str, content: bytes) -> Merged:
    """Return what an SBOM of a wheel adds to the wheel's component.

    `name` is the member of the wheel `file`. CycloneDX JSON is merged; SPDX and XML become an external
    reference. Raise WorkFailed for an SBOM that can't be read.
    """
    place = f"{file.path}#{name}"
    reference = ExternalReference(
        type=ExternalReferenceType.BOM, url=XsUri(f"{quote(str(file.path))}#{quote(name)}")
    )
    if _SPDX_TEXT.match(content) or _XML.match(content):
        return Merged(references=(reference,))
    try:
        document = json.loads(content)
        if isinstance(document, dict) and ("spdxVersion" in document or "@context" in document):
            return Merged(references=(reference,))
        if not isinstance(document, dict) or document.get("bomFormat") != "CycloneDX":
            raise _unreadable(place, "neither CycloneDX nor SPDX")
        bom = _bom(document)
        subject = bom.metadata.component
        described = [*([subject] if subject else []), *bom.components]
        # The SBOM is about the wheel itself, or about a part of it, such as a crate.
        wheel = [each for each in described if _is_wheel(each, component)]
        components = [each for each in described if not _is_wheel(each, component)]
        _name_unknown_licenses(components)
        refs = {each.bom_ref.value: component.bom_ref for each in wheel if each.bom_ref.value}
        refs |= _new_refs(components, place)
        dependencies = tuple(_dependencies(bom, refs))
    except WorkFailed:
        raise
    except Exception as error:  # the library raises many types for a wrong document
        raise _unreadable(place, str(error) or type(error).__name__) from None
    return Merged(references=(reference,), components=tuple(components), dependencies=dependencies)


def _unreadable(place: str, fault: str) -> WorkFailed:
    return WorkFailed(
        place,
        f"this SBOM of the wheel can't be read: {fault[:200]}",
        edit_and_sync(APPS_IN, "ask for another version of the package"),
    )


def _bom(document: dict[str, Any]) -> Bom:
    """Return the parts of an SBOM that are merged; its tools and authors made the wheel."""
    metadata = document.get("metadata", {})
    if not isinstance(metadata, dict):
        raise ValueError("metadata is not an object")
    parts = {
        "components": document.get("components", []),
        "dependencies": document.get("dependencies", []),
        "metadata": {"component": metadata["component"]} if "component" in metadata else {},
    }
    _refuse_wrong_types(parts)
    with warnings.catch_warnings():
        # Older SBOMs have keys that version 1.6 has replaced.
        warnings.simplefilter("ignore")
        bom = Bom.from_json(parts)  # type: ignore[attr-defined]  # a decorator adds it
    if not isinstance(bom, Bom):
        raise ValueError("it is empty")
    return bom


def _refuse_wrong_types(node: object) -> None:
    """Raise ValueError if a text is none: the library takes every type, and fails at the end."""
    if isinstance(node, list):
        for each in node:
            _refuse_wrong_types(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in _TEXTS and not isinstance(value, str):
                raise ValueError(f"{key} is not a text")
            _refuse_wrong_types(value)


def _name_unknown_licenses(components: list[Component]) -> None:
    """Make an identifier that SPDX does not have a name: an SBOM with a wrong one is not valid."""
    for each in _nested(components):
        for license_ in each.licenses:
            identifier = license_.id if isinstance(license_, DisjunctiveLicense) else None
            if identifier and not is_supported_id(identifier):
                license_.name, license_.id = identifier, None


def _is_wheel(each: Component, component: Component) -> bool:
    return bool(
        each.purl
        and component.purl
        and each.purl.type == "pypi"
        and not each.purl.subpath
        and canonical_name(each.purl.name) == component.name
    )


def _new_refs(components: list[Component], place: str) -> dict[str, BomRef]:
    """Give each component a name that is unique in our SBOM; return the new ones by the old ones."""
    refs: dict[str, BomRef] = {}
    for number, each in enumerate(_nested(components)):
        old = each.bom_ref.value
        if old and old not in refs:
            refs[old] = each.bom_ref
            each.bom_ref.value = f"{place}#{old}"
        else:
            each.bom_ref.value = f"{place}#{old or ''}#{number}"
    return refs


def _nested(components: list[Component]) -> Iterator[Component]:
    for each in components:
        yield each
        yield from _nested(list(each.components))


def _dependencies(bom: Bom, refs: dict[str, BomRef]) -> Iterator[Dependency]:
    for each in bom.dependencies:
        new = refs.get(each.ref.value or "")
        if new:
            needed = (refs.get(one.ref.value or "") for one in each.dependencies)
            yield Dependency(
                ref=new,
                dependencies=[Dependency(ref=one) for one in needed if one and one is not new],
            )
