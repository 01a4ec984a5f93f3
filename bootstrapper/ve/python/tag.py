"""The wheel tags that an interpreter accepts, best first (PEP 425, 600, 656, 703)."""

from collections.abc import Iterator

# The legacy names of three glibc versions (PEP 600).
_LEGACY_MANYLINUX = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}
# manylinux1 and manylinux2010 exist for x86 only; other architectures began with manylinux2014.
_OLDEST_GLIBC = {"x86_64": 5, "i686": 5}


def cpython_tags(
    version: tuple[int, int], platforms: tuple[str, ...], *, abiflags: str = ""
) -> Iterator[str]:
    """Yield the tags that CPython `version` accepts, such as `cp312-cp312-linux_x86_64`, best first.

    `platforms` are platform tags, best first; `abiflags` is "t" for a free-threaded build, "d" for
    a debug build. The order is that of PEP 425 as pip applies it.
    """
    major, minor = version
    python = f"cp{major}{minor}"
    abis = [f"{python}{abiflags}"]
    if "d" in abiflags:  # a debug build also loads extensions of a release build
        abis.append(f"{python}{abiflags.replace('d', '')}")
    for abi in abis:
        for platform in platforms:
            yield f"{python}-{abi}-{platform}"
    # A free-threaded build has another ABI and can't load abi3 (PEP 703).
    stable = "t" not in abiflags
    if stable:
        for platform in platforms:
            yield f"{python}-abi3-{platform}"
    for platform in platforms:
        yield f"{python}-none-{platform}"
    if stable:
        for older in range(minor - 1, 1, -1):
            for platform in platforms:
                yield f"cp{major}{older}-abi3-{platform}"
    pythons = [
        f"py{major}{minor}",
        f"py{major}",
        *(f"py{major}{older}" for older in range(minor - 1, -1, -1)),
    ]
    for each in pythons:
        for platform in platforms:
            yield f"{each}-none-{platform}"
    yield f"{python}-none-any"
    for each in pythons:
        yield f"{each}-none-any"


def linux_platforms(
    machine: str, *, glibc: tuple[int, int] | None = None, musl: tuple[int, int] | None = None
) -> tuple[str, ...]:
    """Return the platform tags of a Linux machine such as `x86_64`, best first.

    `glibc` or `musl` is the version of its C library.
    """
    names = [f"linux_{machine}"]
    if glibc and glibc[0] == 2:
        for minor in range(glibc[1], _OLDEST_GLIBC.get(machine, 17) - 1, -1):
            names.append(f"manylinux_2_{minor}_{machine}")
            if (2, minor) in _LEGACY_MANYLINUX:
                names.append(f"{_LEGACY_MANYLINUX[2, minor]}_{machine}")
    if musl:
        names += [f"musllinux_{musl[0]}_{minor}_{machine}" for minor in range(musl[1], -1, -1)]
    return tuple(names)


def macos_platforms(machine: str, version: tuple[int, int]) -> tuple[str, ...]:
    """Return the platform tags of a Mac, best first. `machine` is `arm64` or `x86_64`.

    `version` is that of macOS. The order is that of packaging.tags.mac_platforms, which pip uses.
    """
    intel = machine == "x86_64"
    formats = ("intel", "fat64", "fat3", "universal2", "universal") if intel else ("universal2",)
    names = []
    # Since macOS 11, wheels name the major version alone (and ".0").
    for major in range(version[0], 10, -1):
        names += [f"macosx_{major}_0_{each}" for each in (machine, *formats)]
    # A universal2 wheel for macOS 10 runs on ARM, too: its ARM half needs macOS 11.
    for minor in range(16 if version[0] > 10 else version[1], 3, -1):
        names += [
            f"macosx_10_{minor}_{each}" for each in ((machine, *formats) if intel else formats)
        ]
    return tuple(names)


def generic_platform(platform: str) -> str:
    """Return the platform tag for `sysconfig.get_platform()` of a system other than Linux and macOS."""
    return platform.replace("-", "_").replace(".", "_").lower()
