"""Which variables a shell recipe can't do without, as far as its text tells.

Single-quoted text (it is awk's, or for a shell on the other side), comments, what the code sets
itself, what has a default (`${NAME:-…}`) and what it asks to be empty (`[ -z "$NAME" ]`,
`[ "$NAME" = "" ]`) don't count.
"""

import re

# bash(1), "Shell Variables", and what login(1) sets.
_OF_BASH = """
_ BASH BASHOPTS BASHPID BASH_ARGC BASH_ARGV BASH_COMMAND BASH_ENV BASH_LINENO BASH_REMATCH
BASH_SOURCE BASH_SUBSHELL BASH_VERSINFO BASH_VERSION COLUMNS COMP_WORDS DIRSTACK EPOCHREALTIME
EPOCHSECONDS EUID FUNCNAME GROUPS HISTFILE HOSTNAME HOSTTYPE IFS LC_ALL LINENO LINES LOGNAME
MACHTYPE MAPFILE OLDPWD OPTARG OPTERR OPTIND OSTYPE PIPESTATUS POSIXLY_CORRECT PPID PS4 PWD
RANDOM REPLY SECONDS SHELL SHELLOPTS SHLVL SRANDOM TERM TMPDIR UID
"""
_BASH = frozenset(_OF_BASH.split())

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_USE = re.compile(rf"\$(?:({_NAME})|\{{({_NAME})(?!:?[-=+])[^A-Za-z0-9_])")
_SET = re.compile(
    rf"(?:^|[\s;&|({{`])(?:({_NAME})\+?=|(?:for|select)\s+({_NAME})\s"
    rf"|(?:read|mapfile|readarray)\s+(?:-\S+\s+)*((?:{_NAME}[ \t]*)+)"
    rf"|printf\s+-v\s+({_NAME}))", re.MULTILINE)
_EMPTY = re.compile(
    rf"-[nz]\s+\"?\$\{{?({_NAME})\}}?"
    rf"|\[\s+\"?\$\{{?({_NAME})\}}?\"?\s+\]"
    rf"|[\"x]\$\{{?({_NAME})\}}?\"?\s+!?==?\s+(?:\"\"|''|x|\"?1\"?)(?=[\s\]])")
_UNQUOTED = re.compile(
    r"\\."  # a character made plain
    r"|'[^']*'"
    r"|(?:(?<=[\s;&|()])|^)#[^\n]*"
    r'|"(?:\\.|[^"\\])*"'
    r"|.", re.DOTALL | re.MULTILINE)


def used(code: str) -> list[str]:
    """Their names, in the order in which they come up."""
    told = "".join(_told(match[0]) for match in _UNQUOTED.finditer(code))
    exempt = {name for pattern in (_SET, _EMPTY) for match in pattern.finditer(told)
              for group in match.groups() if group for name in group.split()}
    names = (match[1] or match[2] for match in _USE.finditer(told))
    return [name for name in dict.fromkeys(names) if name not in exempt | _BASH]


def _told(piece: str) -> str:
    """A piece of the code, without what isn't for this shell."""
    if piece.startswith(("\\", "#")):
        return "  " if piece != "\\\n" else piece
    if piece.startswith("'"):
        return "''"
    return re.sub(r"\\.", "  ", piece, flags=re.DOTALL) if piece.startswith('"') else piece
