"""Recognize the text of a common license.

A text counts only if all of it is that license: the words of the license in their order, below
nothing but its title and copyright lines. So a text with an additional condition, and a file with
several licenses, are not recognized.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cache

# A title with more words, or with one of the words below, says something about the terms.
_LONGEST_TITLE = 80  # words
_TERMS = re.compile(
    r"\b(?:licen[cs]\w*|permi\w*|grant\w*|redistribut\w*|patents?|commercial\w*|only|except\w*"
    r"|unless|not|no|must|may|shall|use|used|uses|under|either|third|portions?|parts?|following"
    r"|terms|conditions?|gpl\w*|lgpl\w*|agpl\w*|gnu|apache|mozilla|mit|bsd|isc|zlib|or)\b"
)
_NAME = r"(?:\w+ ){1,24}?"
_WITHOUT_WARRANTY = (
    "the software is provided as is without warranty of any kind express or implied including but "
    "not limited to the warranties of merchantability fitness for a particular purpose and "
    rf"non ?infringement in no event shall {_NAME}be liable for any claim damages or other "
    "liability whether in an action of contract tort or otherwise arising from out of or in "
    "connection with the software or the use or other dealings in the software"
)
_MIT_GRANT = (
    "permission is hereby granted free of charge to any person obtaining a copy of this software "
    "and associated documentation files the software to deal in the software without restriction "
    "including without limitation the rights to use copy modify merge publish distribute "
    "sublicense and or sell copies of the software and to permit persons to whom the software is "
    "furnished to do so"
)
_ITEM = r"(?:(?:[1-4abcd]|i{1,3}|iv|o) )?"
_BSD_CONDITIONS = (
    "redistribution and use in source and binary forms(?: of the software as well as documentation)?"
    " with or without modification are permitted provided that the following conditions are met "
    f"{_ITEM}redistributions of source code must retain the above copyright notice this list of "
    f"conditions and the following disclaimer {_ITEM}redistributions in binary form must reproduce "
    "the above copyright notice this list of conditions and the following disclaimer in the "
    "documentation and or other materials provided with the distribution "
)
_BSD_ENDORSEMENT = (
    rf"{_ITEM}(?:neither the names? of {_NAME}nor the names of {_NAME}may|"
    rf"the names? of {_NAME}may not) be used to endorse or promote products derived from this "
    "software without specific prior written permission "
)
_BSD_DISCLAIMER = (
    rf"this software is provided by {_NAME}as is and any express or implied warranties including "
    "but not limited to the implied warranties of merchantability and fitness for a particular "
    rf"purpose are disclaimed in no event shall {_NAME}be liable for any direct indirect "
    "incidental special exemplary or consequential damages including but not limited to "
    "procurement of substitute goods or services loss of use data or profits or business "
    "interruption however caused and on any theory of liability whether in contract strict "
    "liability or tort including negligence or otherwise arising in any way out of the use of "
    "this software even if advised of the possibility of such damages?"
)
_ISC_DISCLAIMER = (
    rf"the software is provided as is and {_NAME}disclaims? all warranties with regard to this "
    "software including all implied warranties of merchantability and fitness in no event shall "
    rf"{_NAME}be liable for any special direct indirect or consequential damages or any damages "
    "whatsoever resulting from loss of use data or profits whether in an action of contract "
    "negligence or other tortious action arising out of or in connection with the use or "
    "performance of this software"
)
_ISC_GRANT = (
    "permission to use copy modify and(?: or)? distribute this software for any purpose with or "
    "without fee is hereby granted "
)
# Words of whole licenses, without punctuation, and their usual titles.
_SHORT = {
    "MIT": (
        r"(?:the )?(?:mit|expat|mit expat) licen[cs]e(?: mit)?|licen[cs]e",
        rf"{_MIT_GRANT} subject to the following conditions the above copyright notice and this "
        "permission notice(?: including the next paragraph)? shall be included in all copies or "
        f"substantial portions of the software {_WITHOUT_WARRANTY}",
    ),
    "MIT-0": (
        r"(?:the )?mit no attribution(?: licen[cs]e)?|mit 0|licen[cs]e",
        f"{_MIT_GRANT} {_WITHOUT_WARRANTY}",
    ),
    "BSD-2-Clause": (
        r"(?:the )?(?:bsd )?(?:2 clause|simplified|freebsd)(?: bsd)? licen[cs]e"
        r"|(?:the )?bsd licen[cs]e|licen[cs]e",
        _BSD_CONDITIONS + _BSD_DISCLAIMER,
    ),
    "BSD-3-Clause": (
        r"(?:the )?(?:bsd )?(?:3 clause|new|modified|revised)(?: bsd)? licen[cs]e"
        r"|(?:the )?bsd licen[cs]e|licen[cs]e",
        _BSD_CONDITIONS + _BSD_ENDORSEMENT + _BSD_DISCLAIMER,
    ),
    "ISC": (
        r"(?:the )?isc licen[cs]e(?: iscl)?|licen[cs]e",
        f"{_ISC_GRANT}provided that the above copyright notice and this permission notice appear in "
        f"all copies {_ISC_DISCLAIMER}",
    ),
    "0BSD": (
        r"(?:bsd )?(?:0 clause|zero clause)(?: bsd)?(?: licen[cs]e)?(?: 0bsd)?|0bsd",
        f"{_ISC_GRANT}{_ISC_DISCLAIMER}",
    ),
    "Unlicense": (
        r"(?:the )?unlicense",
        "this is free and unencumbered software released into the public domain anyone is free to "
        "copy modify publish use compile sell or distribute this software either in source code "
        "form or as a compiled binary for any purpose commercial or non commercial and by any "
        "means in jurisdictions that recognize copyright laws the author or authors of this "
        "software dedicate any and all copyright interest in the software to the public domain we "
        "make this dedication for the benefit of the public at large and to the detriment of our "
        "heirs and successors we intend this dedication to be an overt act of relinquishment in "
        "perpetuity of all present and future rights to this software under copyright law "
        f"{_WITHOUT_WARRANTY} for more information please refer to https? (?:www )?unlicense org",
    ),
    "PSF-2.0": (
        r"(?:psf|python software foundation) license(?: agreement)? version 2",
        r"1 this license agreement is between the python software foundation psf and the individual "
        r"or organization licensee accessing and otherwise using (?:\w+ ){1,12}in source or binary "
        r"form and its associated documentation 2 subject to the terms and conditions of this "
        r"license agreement psf hereby grants licensee a nonexclusive royalty free world wide "
        r"license to reproduce analyze test perform and or display publicly prepare derivative "
        r"works distribute and otherwise use (?:\w+ ){1,12}alone or in any derivative version "
        r"provided however that psf s license agreement and psf s notice of copyright i e "
        r"copyright (?:\w+ ){1,60}are retained in (?:\w+ ){1,12}alone or in any derivative version "
        r"prepared by licensee 3 in the event licensee prepares a derivative work that is based on "
        r"or incorporates (?:\w+ ){1,12}or any part thereof and wants to make the derivative work "
        r"available to others as provided herein then licensee hereby agrees to include in any such "
        r"work a brief summary of the changes made to (?:\w+ ){1,12}4 psf is making "
        r"(?:\w+ ){1,12}available to licensee on an as is basis psf makes no representations or "
        r"warranties express or implied by way of example but not limitation psf makes no and "
        r"disclaims any representation or warranty of merchantability or fitness for any particular "
        r"purpose or that the use of (?:\w+ ){1,12}will not infringe any third party rights 5 psf "
        r"shall not be liable to licensee or any other users of (?:\w+ ){1,12}for any incidental "
        r"special or consequential damages or loss as a result of modifying distributing or "
        r"otherwise using (?:\w+ ){1,12}or any derivative thereof even if advised of the "
        r"possibility thereof 6 this license agreement will automatically terminate upon a material "
        r"breach of its terms and conditions 7 nothing in this license agreement shall be deemed to "
        r"create any relationship of agency partnership or joint venture between psf and licensee "
        r"this license agreement does not grant permission to use psf trademarks or trade name in a "
        r"trademark sense to endorse or promote products or services of licensee or any third party "
        r"8 by copying installing or otherwise using (?:\w+ ){1,12}licensee agrees to be bound by "
        r"the terms and conditions of this license agreement",
    ),
}


@dataclass(frozen=True, kw_only=True)
class _LongText:
    """A license that is recognized by the sha256 of its words from `first` to `last`.

    `before` and `after` are patterns of what may stand around them: the title, and the appendix that
    says how to apply the license. `after` is limited to `appendix` words.
    """

    identifier: str
    before: str
    first: str
    last: str
    sha256: tuple[str, ...]
    after: str = ""
    appendix: int = 0


_FSF = r"copyright (?:\w+ ){5,40}?changing it is not allowed"
_END = "end of terms and conditions"
# Each sha256 is that of the text at the license's steward; the second one of GPL-2.0 is the text
# before 2007, whose preamble names the Library General Public License.
_LONG = (
    _LongText(
        identifier="Apache-2.0",
        before=r"(?:licen[cs]e )?apache license version 2 0 january 2004 https? www apache org "
        r"licenses(?: license 2 0)?",
        first="terms and conditions for use reproduction and distribution 1 definitions",
        last="of your accepting any such warranty or additional liability",
        sha256=("c876a853e3837603a39d56da29306b74786b34411bf636ce5072eb840e764cab",),
        after=rf"(?:{_END})?(?: appendix how to apply the apache license to your work .*"
        r"limitations under the license)?",
        appendix=200,
    ),
    _LongText(
        identifier="GPL-2.0-only",
        before=rf"(?:the )?gnu general public license version 2 june 1991 {_FSF}",
        first="preamble the licenses for most software are designed",
        last=_END,
        sha256=(
            "98e760555ff723908d803b23140ebd264fee15e7615bf9486faa0f8f6596c34f",
            "23617391f91c958832800380186c35afe0a201bd147f93710145218c6681e2da",
        ),
        after=r"(?:how to apply these terms to your new programs .*)?",
        appendix=500,
    ),
    _LongText(
        identifier="GPL-3.0-only",
        before=rf"(?:the )?gnu general public license version 3 29 june 2007 {_FSF}",
        first="preamble the gnu general public license is a free copyleft license",
        last=_END,
        sha256=("fad6d14122ae5943ea05f9e4d48194524a0b701f034fd22c7dded3e6c296c742",),
        after=r"(?:how to apply these terms to your new programs .*)?",
        appendix=470,
    ),
    _LongText(
        identifier="LGPL-2.1-only",
        before=rf"(?:the )?gnu lesser general public license version 2 1 february 1999 {_FSF}"
        " this is the first released version of the lesser gpl it also counts as the successor of "
        "the gnu library public license version 2 hence the version number 2 1",
        first="preamble the licenses for most software are designed",
        last=_END,
        sha256=("73ac55304afe4c219acdd0cb7683daf4fe3772c9b493da4a095d93a7789311d5",),
        after=r"(?:how to apply these terms to your new libraries .*)?",
        appendix=470,
    ),
    _LongText(
        identifier="LGPL-3.0-only",
        before=rf"(?:the )?gnu lesser general public license version 3 29 june 2007 {_FSF}",
        first="this version of the gnu lesser general public license incorporates",
        last="permanent authorization for you to choose that version for the library",
        sha256=("3c109b32fc12cedb18f514c338498353cbbafbc7ad3aa3aed8c864396943f25a",),
    ),
    _LongText(
        identifier="MPL-2.0",
        before=r"(?:licen[cs]e )?mozilla public license(?: version)? 2 0",
        first="1 definitions 1 1 contributor",
        last="exhibit b of this license must be attached",
        sha256=("8f27174c93cb7f68399e5e71af858fdef9c2151b9de96b0dd9bab40a165711b3",),
        after=r"(?:exhibit a source code form license notice .*)?",
        appendix=130,
    ),
    _LongText(
        identifier="ZPL-2.1",
        before=r"zope public license zpl version 2 1",
        first="a copyright notice accompanies this license document",
        last="even if advised of the possibility of such damage",
        sha256=("088ff7d7554601cc3767fcc6cf2707d1c8e0e6ed45602b7362fc221a74b0110d",),
    ),
)


def recognize(text: str) -> str | None:
    """Return the SPDX identifier of a text that is one common license, or None.

    The text of a GPL does not say whether later versions may be chosen. It counts as `-only`, whose
    terms apply in either case.
    """
    words = _words(text)
    for identifier, (title, body) in _SHORT.items():
        found = _pattern(body).search(words)
        if found and not words[found.end() :].strip() and _is_title(words[: found.start()], title):
            return identifier
    return next((each.identifier for each in _LONG if _is_whole(words, each)), None)


def _words(text: str) -> str:
    """Return the words of a text, in lower case, with one space between them."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


@cache
def _pattern(body: str) -> re.Pattern[str]:
    return re.compile(body)


def _is_title(words: str, title: str) -> bool:
    """Return whether the words before a license are its title and copyright lines."""
    rest = re.sub(rf"\b(?:{title})\b", "", words.replace("all rights reserved", ""))
    return len(rest.split()) <= _LONGEST_TITLE and not _TERMS.search(rest)


def _is_whole(words: str, license_text: _LongText) -> bool:
    start, end = words.find(license_text.first), words.rfind(license_text.last)
    if start < 0 or end < start:
        return False
    end += len(license_text.last)
    body, after = words[start:end], words[end:].strip()
    title = re.search(license_text.before, words[:start])
    return (
        hashlib.sha256(body.encode()).hexdigest() in license_text.sha256
        and title is not None
        and not words[title.end() : start].strip()
        and _is_title(words[: title.start()], "licen[cs]e")
        and len(after.split()) <= license_text.appendix
        and re.fullmatch(license_text.after, after) is not None
    )
