"""Find the known word that a misspelt word resembles."""

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the one of the `known` words that resembles `word` most, or an empty string."""
    from difflib import get_close_matches  # only an error message needs it

    # difflib counts a letter of another case, or - for _, as a wrong letter.
    folded: dict[str, str] = {}
    for each in known:
        folded.setdefault(_fold(each), each)
    near = get_close_matches(_fold(word), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean "branch"?` if a known word resembles `word`, or an empty string."""
    word = nearest(word, known)
    return word and f'; did you mean "{word}"?'


def _fold(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")
