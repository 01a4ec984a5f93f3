"""No secret leaves in any form, however it is split; all else leaves untouched."""

import base64
import html
import json
import os
import random
import re
import shlex
import string
import subprocess
import urllib.parse
from collections.abc import Callable

import pytest

from bootstrapper.deploy.masking.masker import SecretMasker, StreamMasker

SECRET = "s3cr3t/Pa+ss w0rd&'x\"Z$"
PLAIN = "q7XkP2vLr9TzW4mB"
KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nZmFzdGVyIHRoYW4\n-----END KEY-----\n"


def everything(masker: StreamMasker, *pieces: bytes) -> bytes:
    return b"".join(map(masker.feed, pieces)) + masker.flush()


def masked(secrets: dict[str, str], *pieces: bytes) -> bytes:
    return everything(SecretMasker(secrets).masker(), *pieces)


FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "quote": urllib.parse.quote,
    "quote, all": lambda secret: urllib.parse.quote(secret, safe=""),
    "quote_plus": urllib.parse.quote_plus,
    "quote, lower": lambda secret: re.sub(
        "%..", lambda code: code[0].lower(), urllib.parse.quote(secret, safe="")
    ),
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "PHP's JSON": lambda secret: json.dumps(secret)[1:-1].replace("/", r"\/"),
    "HTML": html.escape,
    "repr": lambda secret: repr(secret)[1:-1],
    "shlex": lambda secret: shlex.quote(f"{secret} ")[1:-2],
    "hex": lambda secret: secret.encode().hex(),
    "HEX": lambda secret: secret.encode().hex().upper(),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64, URL-safe": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_hidden_in_every_form(form: str) -> None:
    text = FORMS[form](SECRET)
    assert masked({"PASSWORD": SECRET}, f"<{text}>".encode()) == b"<[masked PASSWORD]>" or (
        masked({"PASSWORD": SECRET}, f"<{text}>".encode()) == b"<[masked PASSWORD]=>"
    )


@pytest.mark.parametrize("form", FORMS)
def test_and_when_it_is_split_at_any_byte(form: str) -> None:
    text = FORMS[form](SECRET).encode()
    for at in range(1, len(text)):
        out = masked({"PASSWORD": SECRET}, b"<" + text[:at], text[at:] + b">")
        assert out in (b"<[masked PASSWORD]>", b"<[masked PASSWORD]=>"), at
    one_by_one = (bytes([byte]) for byte in b"<" + text + b">")
    assert b"[masked PASSWORD]" in masked({"PASSWORD": SECRET}, *one_by_one)


@pytest.mark.parametrize("user", ["", "u", "us", "use", "user:", "anna:"])
def test_base64_of_user_and_secret_hides_the_secret_at_every_alignment(user: str) -> None:
    for after in ("", "x", "xy", "xyz"):
        text = base64.b64encode(f"{user}{PLAIN}{after}".encode())
        out = masked({"TOKEN": PLAIN}, b"Basic " + text + b"\n")
        assert out.count(b"[masked TOKEN]") == 1
        # What is left tells nothing of the secret: not even the characters that it shares.
        left = len(out) - len(b"Basic [masked TOKEN]\n")
        assert left <= -(-8 * len(user) // 6) + -(-8 * len(after) // 6) + 2


@pytest.mark.parametrize("width", [64, 76])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_base64_in_lines_hides_the_secret_however_it_is_split(width: int, newline: bytes) -> None:
    masking = SecretMasker({"TOKEN": PLAIN})
    for ahead in range(40, 100):
        text = base64.b64encode(b"." * ahead + PLAIN.encode() + b"." * 50)
        own = text[-(-8 * ahead // 6) : 8 * (ahead + len(PLAIN)) // 6]
        lines = newline.join(text[at : at + width] for at in range(0, len(text), width))
        for at in range(50, 150, 7):
            out = everything(masking.masker(), lines[:at], lines[at:])
            assert out.count(b"[masked TOKEN]") == 1, (ahead, at)
            left = out.replace(newline, b"")
            assert not [at for at in range(len(own) - 4) if own[at : at + 5] in left]


def test_what_bash_prints_of_a_secret_is_hidden() -> None:
    rng = random.Random(11)
    signs = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t"
    commands = (
        'printf %q "$S"',
        'echo "${S@Q}"',
        "declare -p S",
        'set -x; : "$S"',
        'set -x; T=$S; curl -H "Token: $S" 2>/dev/null',
    )
    for _ in range(12):
        secret = "".join(rng.choices(signs, k=8)) + PLAIN + "".join(rng.choices(signs, k=8))
        secret = secret.strip()
        for command in commands:
            run = subprocess.run(
                ["/bin/bash", "-c", command],
                env={"S": secret, "PATH": ""},
                capture_output=True,
                check=False,
            )
            out = masked({"S": secret}, run.stdout + run.stderr)
            assert b"[masked S]" in out, (command, secret, run)
            assert PLAIN.encode() not in out, (command, secret, run)


@pytest.mark.parametrize("secret", ["tab\tand\nline\x1b" + PLAIN, "żółć" + PLAIN, "Grüße" + PLAIN])
def test_what_bash_prints_of_odd_characters_is_hidden(secret: str) -> None:
    for locale in ("C", "C.UTF-8"):
        for command in ('printf %q "$S"', 'set -x; : "$S"', "echo \"$S\" | tr '\\n' ' '"):
            run = subprocess.run(
                ["bash", "-c", command],
                capture_output=True,
                check=False,
                env={"S": secret, "LC_ALL": locale, "PATH": os.environ["PATH"]},
            )
            out = masked({"S": secret}, run.stdout + run.stderr)
            assert PLAIN.encode() not in out, (command, locale, out)


def test_a_secret_in_latin_1_is_hidden() -> None:
    assert masked({"S": "Grüße-Grüße"}, "a Grüße-Grüße b".encode("latin-1")) == b"a [masked S] b"


def test_each_line_of_a_secret_of_many_is_hidden() -> None:
    out = masked({"KEY": KEY}, b"it is:\n" + KEY.encode() + b"end\n")
    assert out == b"it is:\n" + b"[masked KEY]\n" * 4 + b"end\n"
    assert masked({"KEY": KEY}, b"x\nZmFzdGVyIHRoYW4\r\ny") == b"x\n[masked KEY]\r\ny"


def test_a_secret_of_short_lines_is_hidden_as_a_whole() -> None:
    assert masked({"PIN": "1234\n5678"}, b"a 1234\n", b"5678\n") == b"a [masked PIN]\n"


def test_a_line_break_at_the_end_of_a_secret_is_none_of_it() -> None:
    assert masked({"S": PLAIN + "\n"}, f"<{PLAIN}>".encode()) == b"<[masked S]>"


def test_an_empty_secret_is_none_and_one_character_is_one() -> None:
    assert masked({"NONE": ""}, b"text") == b"text"
    assert masked({"X": "x"}, b"axbxx") == b"a[masked X]b[masked X][masked X]"


def test_of_secrets_that_overlap_the_longest_is_named_and_all_are_hidden() -> None:
    secrets = {"SHORT": "hunter", "LONG": "hunter2-and-more", "OTHER": "moreover"}
    assert masked(secrets, b"<hunter2-and-more>") == b"<[masked LONG]>"
    assert masked(secrets, b"<hunter2>") == b"<[masked SHORT]2>"
    for at in range(1, 20):
        text = b"hunter2-and-moreover"
        assert masked(secrets, b"<" + text[:at], text[at:] + b">") == b"<[masked LONG]>"


def test_no_more_is_held_back_than_may_be_the_beginning_of_a_secret() -> None:
    masker = SecretMasker({"TOKEN": PLAIN}).masker()
    assert masker.feed(b"a line\n") == b"a line\n"
    assert masker.feed(b"half a line") == b"half a line"
    assert masker.feed(b" and q7X") == b" and "
    assert masker.feed(b"") == b""
    assert masker.feed(b"y") == b"q7Xy"
    assert masker.feed(b"q7XkP2vLr9TzW4mB") == b"[masked TOKEN]"
    assert masker.feed(b".") == b"."
    assert masker.flush() == b""


def test_a_long_beginning_of_a_secret_at_the_end_is_masked_a_short_one_is_not() -> None:
    assert masked({"TOKEN": PLAIN}, b"x", PLAIN[:8].encode()) == b"x[masked TOKEN]"
    assert masked({"TOKEN": PLAIN}, b"x", PLAIN[:7].encode()) == b"x" + PLAIN[:7].encode()


def test_memory_stays_flat_where_a_secret_repeats_itself() -> None:
    masker = SecretMasker({"A": "aa"}).masker()
    for _ in range(100):
        masker.feed(b"a" * 1000)
        assert len(masker._held) <= 2


def test_random_splits_never_leak() -> None:
    rng = random.Random(7)
    alphabet = string.ascii_letters + string.digits + "+/&%-_ '\""
    for turn in range(60):
        secrets = {
            f"S{number}": "".join(rng.choices(alphabet, k=rng.randint(8, 40))).strip()
            for number in range(rng.randint(1, 6))
        }
        masking = SecretMasker(secrets)
        hidden = []
        text = b""
        for _ in range(40):
            text += "".join(rng.choices(alphabet + "\n", k=rng.randint(0, 60))).encode()
            form = rng.choice(list(FORMS.values()))(rng.choice(list(secrets.values()))).encode()
            hidden.append(form.rstrip(b"="))
            text += form
        pieces = []
        while text:
            size = rng.choice((1, 3, 20, 500))
            pieces.append(text[:size])
            text = text[size:]
        out = everything(masking.masker(), *pieces)
        leaked = [form for form in hidden if form in out]
        assert leaked == [], turn


def test_text_without_secrets_is_untouched_byte_for_byte() -> None:
    rng = random.Random(13)
    masking = SecretMasker({"TOKEN": PLAIN, "KEY": KEY, "PASSWORD": SECRET})
    for _ in range(50):
        text = bytes(rng.choices(range(256), k=rng.randint(0, 3000)))
        text += base64.encodebytes(text)
        pieces = []
        at = 0
        while at < len(text):
            size = rng.choice((1, 7, 100, 5000))
            pieces.append(text[at : at + size])
            at += size
        assert everything(masking.masker(), *pieces) == text


def test_messages_are_masked_whole() -> None:
    masking = SecretMasker({"TOKEN": PLAIN})
    assert masking.mask(f"fatal: https://x:{PLAIN}@host") == "fatal: https://x:[masked TOKEN]@host"
    assert SecretMasker({}).mask("as it is\udc80") == "as it is\udc80"


COLOURED = {
    "grep": b"\x1b[01;31m\x1b[Kcorrect horse\x1b[m\x1b[K battery staple",
    "each byte": b"\x1b[1m\x1b[K".join(bytes([byte]) for byte in b"correct horse battery staple"),
    "a link": b"correct \x1b]8;;http://example.org/a?b\x1b\\horse\x1b]8;;\x07 battery staple",
    "a cursor": b"correct horse\x1b[?25l\x1b[3C\x1b7 battery\x1b(B staple",
    "one byte apart": "correct\x9b31m horse battery staple".encode(),
    "base64": b"Y29ycmVjdCBob3Jz\x1b[31mZSBiYXR0ZXJ5IHN0YXBsZQ==",
}


@pytest.mark.parametrize("name", COLOURED)
def test_a_secret_with_colours_inside_is_hidden(name: str) -> None:
    masking = SecretMasker({"PASSWORD": "correct horse battery staple"})
    text = b"before " + COLOURED[name] + b" after\n"
    for size in (1, 2, 3, 7, len(text)):
        masker = masking.masker()
        out = b"".join(masker.feed(text[at : at + size]) for at in range(0, len(text), size))
        out += masker.flush()
        plain = re.sub(rb"(\x1b|\xc2\x9b)(\[|\])?[0-?]*[ -/]*[@-~]", b"", out)
        assert b"[masked PASSWORD]" in plain, (size, out)
        assert not re.search(rb"horse|battery|staple|bYXR0|ZSBi", plain), (size, out)
        assert plain.startswith(b"before ")
        assert plain.endswith(b" after\n")


def test_colours_of_a_masked_secret_stay() -> None:
    masker = SecretMasker({"PASSWORD": "correct horse"}).masker()
    out = masker.feed(b"\x1b[31mcorrect\x1b[m horse\n") + masker.flush()
    assert out == b"\x1b[31m[masked PASSWORD]\x1b[m\n"


def test_a_flood_of_colours_is_not_held_back() -> None:
    masker = SecretMasker({"PASSWORD": "correct horse"}).masker()
    fed = kept = 0
    for _ in range(200):
        data = b"corr" + b"\x1b[31m" * 1000
        fed += len(data)
        kept += len(masker.feed(data))
    assert fed - kept < 20_000
