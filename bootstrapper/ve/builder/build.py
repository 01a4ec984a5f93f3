"""Turn tarballs into wheels: take each from the store, and build those that it does not have."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.project.selection import select_files
from bootstrapper.ve.standards.filename import Tarball
from bootstrapper.ve.store.built_wheels import BuiltWheel, BuiltWheelCache
from bootstrapper.ve.store.context import Context


def build_wheels(
    context: Context, files: Sequence[LockedFile], tools: Sequence[LockedFile]
) -> Mapping[PurePosixPath, BuiltWheel]:
    """Return a wheel for each tarball among `files`, by the tarball's path.

    `tools` are all lines of tools.txt. Raise WorkFailed with the end of the log of a failed build.
    """
    tarballs = [file for file in files if isinstance(file.distribution, Tarball)]
    if not tarballs:
        return {}
    tools = select_files(tools, context.interpreter, project=context.project.directory)
    cache = BuiltWheelCache(context.store, context.interpreter, tools)
    vendored = {str(file.path): file.sha256[0] for file in files}
    found = {file.path: cache.find(file, vendored) for file in tarballs}
    built = {path: wheel for path, wheel in found.items() if wheel}
    if missing := [file for file in tarballs if file.path not in built]:
        # Most rebuilds build nothing, so they do not import the builder.
        from bootstrapper.ve.builder.wheel_builder import WheelBuilder

        built |= WheelBuilder(context, files, tools, cache).build(missing)
    return built
