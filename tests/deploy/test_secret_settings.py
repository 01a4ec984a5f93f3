"""Settings, flags and output variables that hold a secret: refused, or kept without it."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.shop import Shop, open_shop
from tests.support.traces import SECRETS, files, found_in


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path)


@pytest.mark.parametrize(
    ("address", "reported"),
    [
        (
            "https://anna:{}@git.example.org/shop.git",
            "REPOSITORY: https://…@git.example.org/shop.git has a password in it",
        ),
        (
            "https://anna:{}@127.0.0.1:1/shop.git",
            "REPOSITORY: https://…@127.0.0.1:1/shop.git has a password in it",
        ),
        # A token alone looks like anybody's name; that it is a secret's value gives it away.
        (
            "https://{}@git.example.org/shop.git",
            "REPOSITORY: https://…@git.example.org/shop.git has a password or token in it",
        ),
    ],
)
def test_a_password_in_the_repository_url_is_refused(
    shop: Shop, address: str, reported: str
) -> None:
    word = "pa55/w%rd"
    shop.define(settings='REMOTE_HOST = "."\nPASSWORD = { secret = true }')
    file = shop.project / "deploy/deployments.toml"
    file.write_text(
        file.read_text().replace(str(shop.repository), address.format(quote(word, safe="")))
    )
    run = shop.run("deploy", PASSWORD=word)
    assert run.returncode == 2
    assert f"deployments.toml:6: {reported}" in run.stderr
    assert "leave the password to git itself (git help credentials)" in run.stderr
    assert word not in run.stderr and quote(word, safe="") not in run.stderr
    assert not (shop.project / ".deploy").exists()


def test_a_secret_can_not_be_the_address_of_the_repository(shop: Shop) -> None:
    shop.define(settings='REMOTE_HOST = "."')
    file = shop.project / "deploy/deployments.toml"
    file.write_text(file.read_text().replace(json.dumps(str(shop.repository)), "{ secret = true }"))
    run = shop.run("deploy", REPOSITORY="https://anna:hidden-word@git.example.org/shop.git")
    assert run.returncode == 2
    assert "REPOSITORY can't be secret, as git shows it in ps" in run.stderr
    assert "hidden-word" not in run.stderr


def test_a_flag_that_holds_a_secret_is_refused(shop: Shop) -> None:
    shop.define(
        settings='REMOTE_HOST = "."\nPASSWORD = { secret = true }',
        deployment='flags.LOGIN = { description = "…", default = "none" }',
    )
    run = shop.run("deploy", "--flag", "LOGIN=anna:trombone", PASSWORD="trombone")
    assert run.returncode == 2
    assert "LOGIN holds a secret's value (anna:[masked PASSWORD])" in run.stderr


def test_what_a_stage_hands_on_reaches_later_stages_as_it_is(shop: Shop) -> None:
    shop.recipe(
        "one.sh",
        "# One.\necho A=x$WORD >>$ROLF_OUTPUT\nprintf '%s\\n' \"KEY=$KEY\" >>$ROLF_OUTPUT\n",
    )
    shop.recipe("two.sh", '# Two.\n[ "$A" = "x$WORD" ] && echo the same\n')
    shop.define(
        stages=["one", "two"],
        settings="\n".join(f"{name} = {{ secret = true }}" for name in ("WORD", "KEY")),
    )
    run = shop.run("deploy", **{name: SECRETS[name] for name in ("WORD", "KEY")})
    assert run.returncode == 0, run.stdout
    assert shop.log(1) == "the same\n"
    assert shop.record(1)["outputs"]["A"] == "x[masked WORD]"
    for path in files(shop.project / ".deploy"):
        assert found_in(path.read_bytes()) == [], path


@pytest.mark.parametrize(("value", "warned"), [("1234567", True), ("12345678", False)])
def test_a_short_secret_is_warned_of(shop: Shop, value: str, warned: bool) -> None:
    shop.define(stages=["say"], settings='REMOTE_HOST = "."\nPIN = { secret = true }')
    shop.recipe("say.sh", '# Says it\necho "$PIN"\n')
    for words in (["deploy"], ["deploy", "--dry-run"]):
        run = shop.run(*words, PIN=value)
        assert run.returncode == 0, run.stderr
        assert (
            "warning: deploy/deployments.toml:9: the secret PIN has fewer than 8 characters"
            in run.stderr
        ) is warned
        assert value not in run.stdout + run.stderr
