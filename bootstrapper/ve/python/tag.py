"""The wheel tags that an interpreter accepts, best first (PEP 425, 600, 656, 703)."""

from collections.abc import Iterator

# PEP 600: the older names of three glibc baselines.
_LEGACY_MANYLINUX = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}
# manylinux1 is x86 only, manylinux2010 too; other architectures began with 2014.
_OLDEST_GLIBC = {"x86_64": 5, "i686": 5}


def cpython_tags(
    version: tuple[int, int], platforms: tuple[str, ...], *, abiflags: str = ""
) -> Iterator[str]:
    """Tags of CPython `version`, such as `cp312-cp312-manylinux_2_28_x86_64`, best first.

    `platforms` are platform tags, best first; `abiflags` is "t" for a free-threaded build, "d"
    for a debug one. The order is that of PEP 425 as pip applies it.
    """
    major, minor = version
    python = f"cp{major}{minor}"
    abis = [f"{python}{abiflags}"]
    if "d" in abiflags:  # a debug build loads a release build's extensions, too
        abis.append(f"{python}{abiflags.replace('d', '')}")
    for abi in abis:
        for platform in platforms:
            yield f"{python}-{abi}-{platform}"
    # PEP 703: a free-threaded build has another ABI and can't load abi3.
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
    """Platform tags of a Linux machine such as `x86_64`, best first.

    `glibc` or `musl` is the version of the C library, when it is that one.
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


def generic_platform(platform: str) -> str:
    """The platform tag of `sysconfig.get_platform()` elsewhere than on Linux."""
    return platform.replace("-", "_").replace(".", "_").lower()
