"""The names of licenses in metadata, and the SPDX identifiers that they mean.

A name that fits several licenses ("BSD", "GPL") has no identifier here: the field License or the
text has to say which one is meant.
"""

import re

_OSI = "License :: OSI Approved :: "

# https://packaging.python.org is silent about most of these; PEP 639, appendix "Mapping License
# Classifiers to SPDX Identifiers", has those with one meaning.
_CLASSIFIERS = {
    "Academic Free License (AFL)": None,
    "Apache Software License": None,
    "Apple Public Source License": None,
    "Artistic License": None,
    "Blue Oak Model License (BlueOak-1.0.0)": "BlueOak-1.0.0",
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    "BSD License": None,
    "CEA CNRS Inria Logiciel Libre License, version 2.1 (CeCILL-2.1)": "CECILL-2.1",
    "CMU License (MIT-CMU)": "MIT-CMU",
    "Common Development and Distribution License 1.0 (CDDL-1.0)": "CDDL-1.0",
    "Common Public License": "CPL-1.0",
    "Eclipse Public License 1.0 (EPL-1.0)": "EPL-1.0",
    "Eclipse Public License 2.0 (EPL-2.0)": "EPL-2.0",
    "European Union Public Licence 1.0 (EUPL 1.0)": "EUPL-1.0",
    "European Union Public Licence 1.1 (EUPL 1.1)": "EUPL-1.1",
    "European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU General Public License (GPL)": None,
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 (LGPLv2)": None,
    "GNU Lesser General Public License v2 or later (LGPLv2+)": None,
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "GNU Library or Lesser General Public License (LGPL)": None,
    "Historical Permission Notice and Disclaimer (HPND)": "HPND",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 1.0 (MPL)": "MPL-1.0",
    "Mozilla Public License 1.1 (MPL 1.1)": "MPL-1.1",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Mulan Permissive Software License v2 (MulanPSL-2.0)": "MulanPSL-2.0",
    "Open Software License 3.0 (OSL-3.0)": "OSL-3.0",
    "PostgreSQL License": "PostgreSQL",
    "Python License (CNRI Python License)": "CNRI-Python",
    "Python Software Foundation License": "PSF-2.0",
    "SIL Open Font License 1.1 (OFL-1.1)": "OFL-1.1",
    "The Unlicense (Unlicense)": "Unlicense",
    "Universal Permissive License (UPL)": "UPL-1.0",
    "University of Illinois/NCSA Open Source License": "NCSA",
    "W3C License": "W3C",
    "zlib/libpng License": "Zlib",
    "Zero-Clause BSD (0BSD)": "0BSD",
    "Zope Public License": None,
}
CLASSIFIERS = {
    **{_OSI + name: identifier for name, identifier in _CLASSIFIERS.items()},
    "License :: CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
}
"""The identifier of each license classifier, or None for one that fits several licenses."""

# What a name that fits several licenses can mean: the beginnings of their identifiers.
FAMILIES = {
    f"{_OSI}Academic Free License (AFL)": ("AFL-",),
    f"{_OSI}Apache Software License": ("Apache-",),
    f"{_OSI}Apple Public Source License": ("APSL-",),
    f"{_OSI}Artistic License": ("Artistic-",),
    f"{_OSI}BSD License": ("BSD-", "0BSD"),
    f"{_OSI}GNU General Public License (GPL)": ("GPL-",),
    f"{_OSI}GNU Lesser General Public License v2 (LGPLv2)": ("LGPL-2.",),
    f"{_OSI}GNU Lesser General Public License v2 or later (LGPLv2+)": ("LGPL-2.",),
    f"{_OSI}GNU Library or Lesser General Public License (LGPL)": ("LGPL-",),
    f"{_OSI}Zope Public License": ("ZPL-",),
}
"""What an ambiguous classifier can mean: how the identifiers of the licenses begin."""

_NAMES = {
    "0BSD": ("zero clause bsd",),
    "AGPL-3.0-only": ("agplv3", "agpl v3", "gnu agplv3", "gnu agpl v3"),
    "AGPL-3.0-or-later": ("agplv3+", "agpl v3+", "agpl 3.0+"),
    "Apache-2.0": (
        "apache 2",
        "apache 2 license",
        "apache 2.0",
        "apache 2.0 license",
        "apache license 2",
        "apache license 2.0",
        "apache license v2",
        "apache license v2.0",
        "apache license version 2",
        "apache license version 2.0",
        "apache software license 2.0",
        "apache software license version 2.0",
        "apache v2",
        "apache v2.0",
        "apache-2",
        "apache2",
        "apache2.0",
        "asl 2",
        "asl 2.0",
    ),
    "BSD-2-Clause": (
        "2-clause bsd",
        "2-clause bsd license",
        "bsd 2 clause",
        "bsd 2-clause",
        "bsd 2-clause license",
        "simplified bsd",
        "simplified bsd license",
    ),
    "BSD-3-Clause": (
        "3-clause bsd",
        "3-clause bsd license",
        "bsd 3 clause",
        "bsd 3 clause license",
        "bsd 3-clause",
        "bsd 3-clause license",
        "bsd-3",
        "modified bsd",
        "modified bsd license",
        "new bsd",
        "new bsd license",
    ),
    "BSL-1.0": ("boost software license 1.0",),
    "GPL-2.0-only": ("gplv2", "gpl v2", "gnu gplv2"),
    "GPL-2.0-or-later": ("gplv2+", "gpl v2+", "gpl 2+", "gnu gplv2+"),
    "GPL-3.0-only": ("gplv3", "gpl v3", "gnu gplv3", "gnu gpl v3"),
    "GPL-3.0-or-later": ("gplv3+", "gpl v3+", "gpl 3+", "gnu gplv3+"),
    "ISC": ("isc license", "isc license (iscl)", "iscl"),
    "LGPL-2.1-only": ("lgplv2.1", "lgpl v2.1"),
    "LGPL-2.1-or-later": ("lgplv2.1+", "lgpl v2.1+", "lgpl 2.1+"),
    "LGPL-3.0-only": ("lgplv3", "lgpl v3", "gnu lgplv3"),
    "LGPL-3.0-or-later": ("lgplv3+", "lgpl v3+", "lgpl 3+"),
    "MIT": ("expat", "expat license", "mit licence", "mit license", "mit/expat"),
    "MPL-2.0": (
        "mozilla public license 2.0",
        "mozilla public license 2.0 (mpl 2.0)",
        "mozilla public license version 2.0",
        "mpl 2",
        "mpl 2.0",
        "mpl v2",
        "mpl v2.0",
        "mpl2",
    ),
    "PSF-2.0": ("psf license version 2", "python software foundation license version 2"),
    "Unlicense": ("the unlicense", "the unlicense (unlicense)", "unlicense"),
    "ZPL-2.1": ("zpl 2.1", "zope public license 2.1", "zope public license version 2.1"),
    "Zlib": ("zlib", "zlib license"),
}
_BY_NAME = {name: identifier for identifier, names in _NAMES.items() for name in names}


def identifier_of(name: str) -> str | None:
    """Return the SPDX identifier of a license's usual name, or None if it has several meanings."""
    plain = re.sub(r"[\s,_]+", " ", name.lower()).strip(" .\"'")
    return _BY_NAME.get(plain) or _BY_NAME.get(plain.removeprefix("the "))
