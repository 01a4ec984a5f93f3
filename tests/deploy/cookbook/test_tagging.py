"""A pushed commit gets a tag, which is what a rollback returns to."""

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.recipe_runner import Push
from tests.support.repository import Repository, git

TAG = "push-production-1"


def fetched(push: Push, repository: Repository, recipe: str = "git-clone") -> None:
    push.settings["REPOSITORY"] = str(repository.bare)
    push.settings |= push.run(recipe).ok().output


def test_the_tag_is_annotated_at_the_pushed_commit_and_it_is_the_one_reported(
    here: Push, repository: Repository
) -> None:
    fetched(here, repository)
    pushed = repository.head
    repository.commit("index.html", "pushed by somebody else meanwhile")
    ran = here.run("git-tag").ok()
    assert ran.output == {"ROLLBACK_URL": TAG}
    assert ran.stdout == f"{TAG} at {pushed[:12]}\n"
    assert git(repository.bare, "cat-file", "-t", TAG) == "tag"
    assert git(repository.bare, "rev-parse", f"{TAG}^{{commit}}") == pushed
    reported = git(
        repository.bare, "for-each-ref", "--format=%(taggername) %(contents)", f"refs/tags/{TAG}"
    )
    assert reported == (
        f"anna push 1 of production by anna\n\n{here.settings['PUSH_COMMENT']}\n\n"
        f"Pushed-from: {socket.gethostname()}:{here.checkout}"
    )


def test_the_tag_is_pushed_by_ssh(by_ssh: Push, repository: Repository) -> None:
    host = by_ssh.settings["REMOTE_HOST"]
    by_ssh.settings["REPOSITORY"] = f"{host}:{repository.bare}"
    by_ssh.settings |= by_ssh.run("git-clone").ok().output
    by_ssh.run("git-tag").ok()
    assert git(repository.bare, "rev-parse", f"{TAG}^{{commit}}") == repository.head


def test_an_archive_is_tagged_as_well(here: Push, repository: Repository) -> None:
    fetched(here, repository, "git-archive")
    pushed = repository.head
    repository.commit("index.html", "pushed by somebody else meanwhile")
    here.run("git-tag").ok()
    assert git(repository.bare, "rev-parse", f"{TAG}^{{commit}}") == pushed


def test_a_resumed_push_finds_its_own_tag_and_goes_on(here: Push, repository: Repository) -> None:
    fetched(here, repository)
    first = here.run("git-tag").ok()
    fetched(here, repository)
    assert here.run("git-tag").ok().output == first.output


def test_tag_of_another_push_stays_and_this_one_gets_its_own(
    here: Push, repository: Repository
) -> None:
    repository.tag(TAG)
    there = repository.head
    for number, page in ((2, "second"), (3, "third")):
        pushed = repository.commit("index.html", page)
        here.settings["PUSH_COMMIT"] = ""
        fetched(here, repository)
        ran = here.run("git-tag").ok()
        assert ran.output == {"ROLLBACK_URL": f"{TAG}.{number}"}
        assert git(repository.bare, "rev-parse", f"{TAG}.{number}^{{commit}}") == pushed
    assert here.run("git-tag").ok().output == ran.output  # resumed
    assert git(repository.bare, "rev-parse", f"{TAG}^{{commit}}") == there


@pytest.mark.parametrize("recipe", ["git-clone", "git-archive"])
def test_two_applications_never_share_a_tag(
    here: Push, repository: Repository, tmp_path: Path, recipe: str
) -> None:
    other = replace(here, checkout=tmp_path / "other/checkout", settings=dict(here.settings))
    other.checkout.mkdir(parents=True)
    other.settings |= {
        "CHECKOUT_DIR": str(other.checkout),
        "ROLF_OUTPUT": str(other.checkout.parent / "output"),
    }
    for push in (here, other):
        fetched(push, repository, recipe)
    tags = [push.run("git-tag").ok().output["ROLLBACK_URL"] for push in (here, other)]
    assert tags == [TAG, f"{TAG}.2"]
    resumed = [push.run("git-tag").ok().output["ROLLBACK_URL"] for push in (other, here)]
    assert resumed == [f"{TAG}.2", TAG]
    for tag in tags:
        assert git(repository.bare, "rev-parse", f"{tag}^{{commit}}") == repository.head


def test_a_resumed_push_keeps_the_history_of_its_checkout(
    here: Push, repository: Repository
) -> None:
    repository.commit("index.html", "second")
    fetched(here, repository)
    git(here.checkout, "fetch", "-q", "--unshallow", str(repository.bare))  # a recipe of its own
    known = git(here.checkout, "rev-list", "--count", "HEAD")
    assert int(known) > 1
    here.run("git-tag").ok()
    git(here.checkout, "tag", "-d", TAG)
    here.run("git-tag", PUSH_COMMENT="so that the tag is another one").ok()
    assert git(here.checkout, "rev-list", "--count", "HEAD") == known


def test_a_plain_tag_of_that_name_is_not_this_pushs_own(here: Push, repository: Repository) -> None:
    git(repository.bare, "tag", TAG, repository.head)
    fetched(here, repository)
    assert here.run("git-tag").ok().output == {"ROLLBACK_URL": f"{TAG}.2"}


def test_tag_of_a_deployment_with_dots_is_a_name(here: Push, repository: Repository) -> None:
    fetched(here, repository)
    here.settings["DEPLOYMENT"] = "v1..2 für alle"
    assert here.run("git-tag").ok().output == {"ROLLBACK_URL": "push-v1.-2-f-r-alle-1"}


def test_tag_is_pushed_alone_whatever_git_is_configured_to(
    here: Push, repository: Repository, tmp_path: Path
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "pre-push").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-push").chmod(0o755)
    Path(os.environ["HOME"], ".gitconfig").write_text(
        f"[core]\nhooksPath = {hooks}\n[push]\ngpgSign = true\nfollowTags = true\n"
        "[tag]\ngpgSign = true\n"
    )
    fetched(here, repository)
    here.run("git-tag").ok()
    assert git(repository.bare, "tag").split() == [TAG]


def test_a_repository_that_takes_no_tags_is_reported(here: Push, repository: Repository) -> None:
    fetched(here, repository)
    hook = repository.bare / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho tags are for the release team >&2\nexit 1\n")
    hook.chmod(0o755)
    here.run("git-tag").failed(
        "tags are for the release team", "  # this user needs the permission to push tags"
    )


def test_a_repository_that_is_gone_is_the_fault(here: Push, repository: Repository) -> None:
    fetched(here, repository)
    repository.bare.rename(repository.bare.with_name("elsewhere.git"))
    printed = (
        here.run("git-tag")
        .failed("does not appear to be a git repository", "  next: git ls-remote ")
        .stderr
    )
    assert "may push tags" not in printed
    assert printed.count("does not appear to be") == 1


def test_a_rollback_tags_nothing_and_keeps_its_tag(here: Push, repository: Repository) -> None:
    repository.tag("push-production-7")
    here.numbered(9)
    here.settings["ROLLBACK_URL"] = "push-production-7"
    fetched(here, repository)
    ran = here.run("git-tag").ok()
    assert ran.output == {"ROLLBACK_URL": "push-production-7"}
    assert git(repository.bare, "tag", "--list") == "push-production-7"


def test_a_checkout_without_git_never_tags_the_project_around_it(
    here: Push, repository: Repository
) -> None:
    git(here.checkout.parent, "init", "-q", "-b", "main")
    git(here.checkout.parent, "commit", "-q", "--allow-empty", "-m", "the project's own")
    here.settings["REPOSITORY"] = str(repository.bare)
    here.run("git-tag").failed("no git checkout")
    here.run("git-tag", PUSH_COMMIT=repository.head).ok()
    assert git(here.checkout.parent, "tag", "--list") == ""


def test_a_deployment_whose_name_is_no_name_for_a_tag_is_tagged_all_the_same(
    here: Push, repository: Repository
) -> None:
    fetched(here, repository)
    ran = here.run("git-tag", DEPLOYMENT="a b: c").ok()
    assert ran.output == {"ROLLBACK_URL": "push-a-b--c-1"}
    assert git(repository.bare, "tag", "--list") == "push-a-b--c-1"
