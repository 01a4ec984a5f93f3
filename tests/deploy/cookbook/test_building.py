"""build-checkout: what git does not hold is built in the checkout."""

from tests.support.recipe_runner import Push


def test_build_command_makes_files_of_the_checkout(here: Push) -> None:
    here.run("build-checkout", BUILD_COMMAND='mkdir out && echo "$PUSH_UNI" >out/who').ok()
    assert (here.checkout / "out/who").read_text() == "anna\n"


def test_build_command_that_fails_ends_the_stage(here: Push) -> None:
    here.run("build-checkout", BUILD_COMMAND="false | true\ntouch made").failed(
        "BUILD_COMMAND: failed in "
    )
    assert not (here.checkout / "made").exists()


def test_build_command_that_asks_gets_no_answer(here: Push) -> None:
    here.run("build-checkout", BUILD_COMMAND="read -r answer; touch made").failed("BUILD_COMMAND")
    assert not (here.checkout / "made").exists()
