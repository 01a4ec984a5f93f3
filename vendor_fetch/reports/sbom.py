"""Write a CycloneDX SBOM of the vendored files. The same files give the same bytes."""

import hashlib
import json
import os
import warnings
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    XsUri,
)
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import (
    DisjunctiveLicense,
    LicenseAcknowledgement,
    LicenseExpression,
)
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from bootstrapper.errors import InputError
from bootstrapper.plain_text import single_line
from bootstrapper.ve.project import project
from bootstrapper.ve.project.lockfile import LockedFile
from vendor_fetch.graph.chains import Chains
from vendor_fetch.program import retry_command
from vendor_fetch.reports.archive import read_contents
from vendor_fetch.reports.distributions import Distribution
from vendor_fetch.reports.licenses import License, shortened
from vendor_fetch.reports.wheel_sboms import Merged, merge

Licenses = Mapping[tuple[str, str], License]


def sbom(
    directory: Path, vendored: Iterable[Distribution], licenses: Licenses, chains: Chains
) -> str:
    """Return the SBOM of a project as CycloneDX 1.6 JSON.

    Each distribution is a component; its files are references of type `distribution` with their
    hashes. What a wheel's own SBOMs list stands below its component. The serial number depends on the
    content; there is a time only if SOURCE_DATE_EPOCH gives it. Raise WorkFailed for a file that
    can't be read, InputError for a wrong SOURCE_DATE_EPOCH.
    """
    root = _root(directory)
    components = {
        (each.name, each.version): _component(each, licenses[each.name, each.version])
        for each in vendored
    }
    bom = Bom(components=components.values())
    bom.metadata.component = root
    bom.metadata.tools.components.add(
        Component(type=ComponentType.APPLICATION, name="vendor_fetch", bom_ref="vendor_fetch")
    )
    bom.register_dependency(root, [components[node] for node in chains.roots])
    for node, needed in chains.edges.items():
        bom.register_dependency(components[node], [components[each] for each in sorted(needed)])
    for each in vendored:
        component = components[each.name, each.version]
        for file in each.files:
            for name, content in read_contents(directory / file.path).sboms.items():
                _add(bom, component, merge(component, file, name, content))
    return _text(bom, _time())


def _text(bom: Bom, time: str | None) -> str:
    with warnings.catch_warnings():
        # The library warns of a project without dependencies, and of replaced keys in SBOMs of wheels.
        warnings.simplefilter("ignore")
        document = json.loads(JsonV1Dot6(bom).output_as_string())
    # The library sets both itself: a random number, and the current time.
    document.pop("serialNumber")
    document["metadata"].pop("timestamp", None)
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    if time:
        document["metadata"]["timestamp"] = time
    document["serialNumber"] = uuid5(NAMESPACE_URL, f"sha256:{digest}").urn
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _time() -> str | None:
    """Return SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/)."""
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return None
    try:
        return datetime.fromtimestamp(int(text), UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        raise InputError(
            "SOURCE_DATE_EPOCH in the environment",
            f"{text!r} is not a number of seconds since 1970",
            f"env -u SOURCE_DATE_EPOCH {retry_command()}",
        ) from None


def _root(directory: Path) -> Component:
    table = project.table(project.read(directory), "project")
    return Component(
        type=ComponentType.APPLICATION,
        name=single_line(str(table.get("name", ""))) or directory.name,
        version=single_line(str(table.get("version", ""))) or None,
        bom_ref="project",
    )


def _component(distribution: Distribution, license_: License) -> Component:
    purl = PackageURL("pypi", None, distribution.name, distribution.version)
    [first, *others] = distribution.files
    return Component(
        type=ComponentType.LIBRARY,
        name=distribution.name,
        version=distribution.version,
        purl=purl,
        bom_ref=str(purl),
        # Scanners read the hashes of the component itself, which has no own ones if it is several
        # files.
        hashes=[] if others else _hashes(first),
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.DISTRIBUTION,
                url=XsUri(quote(str(file.path))),
                hashes=_hashes(file),
                comment=str(file.marker) if file.marker else None,
            )
            for file in distribution.files
        ],
        licenses=_licenses(license_),
    )


def _hashes(file: LockedFile) -> list[HashType]:
    return [HashType(alg=HashAlgorithm.SHA_256, content=each) for each in file.sha256[:1]]


def _licenses(license_: License) -> list[LicenseExpression | DisjunctiveLicense]:
    declared = LicenseAcknowledgement.DECLARED
    if license_.expression:
        return [LicenseExpression(license_.expression, acknowledgement=declared)]
    name = single_line(shortened(license_.stated))
    return [DisjunctiveLicense(name=name, acknowledgement=declared)] if name else []


def _add(bom: Bom, component: Component, merged: Merged) -> None:
    component.components.update(merged.components)
    component.external_references.update(merged.references)
    for dependency in merged.dependencies:
        known = next((each for each in bom.dependencies if each.ref == dependency.ref), None)
        if known:
            known.dependencies.update(dependency.dependencies)
        else:
            bom.dependencies.add(dependency)
