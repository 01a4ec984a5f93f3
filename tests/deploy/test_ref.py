"""Names that others give (branches, tags, comments) never become options, commands or paths."""

import os
from pathlib import Path

import pytest

from bootstrapper.deploy.definition.schema import InvalidValue
from bootstrapper.deploy.definition.setting import check_address
from bootstrapper.deploy.machine.git import GitRepository
from bootstrapper.errors import InputError
from bootstrapper.git_ref import full_names, is_ref
from tests.support.shop import HERE, STAGES, Shop, git, open_shop

GOOD = (
    "main",
    "feature/x",
    "v1.0",
    "2.x",
    "refs/tags/v1.0",
    "refs/heads/main",
    "ünï",
    "a-b",
    "HEAD",
    "0123456789abcdef0123456789abcdef01234567",
    "a@b",
    "@b",
    "x.lock2",
    "x/y.z",
)
BAD = (
    "",
    "-",
    "-x",
    "--upload-pack=touch${IFS}/tmp/x;true",
    "--output=/tmp/x",
    "a..b",
    "a b",
    "a~1",
    "a^",
    "a:b",
    "a?",
    "a*",
    "a[b",
    "a\\b",
    "a@{1}",
    "@",
    "/a",
    "a/",
    "a//b",
    "a.",
    ".a",
    "a/.b",
    "a.lock",
    "a.lock/b",
    "a\nb",
    "a\tb",
    "a\x7fb",
    "a\0b",
    "+refs/heads/x:y",
)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop whose deployment is defined, with one push."""
    made = open_shop(tmp_path)
    made.define(settings=HERE)
    assert made.run("deploy").returncode == 0
    return made


@pytest.mark.parametrize("name", GOOD)
def test_ref_that_git_takes_is_one(name: str) -> None:
    assert is_ref(name)


@pytest.mark.parametrize("name", BAD)
def test_ref_that_git_does_not_take_is_none(name: str) -> None:
    assert not is_ref(name)


def test_tag_with_a_huge_number_stops_no_push(shop: Shop) -> None:
    git(shop.project, "push", "-q", "origin", "HEAD:refs/tags/push-production-20261128")
    shop.commit("two")
    assert shop.run("deploy").returncode == 0
    assert shop.record(2)["id"] == 2


def test_head_of_a_repository_can_be_pushed(shop: Shop) -> None:
    shop.commit("two")
    assert shop.run("deploy", "--ref", "HEAD").returncode == 0
    assert shop.page() == "two"


def test_ref_names_a_branch_before_a_tag() -> None:
    assert full_names("v1") == ("refs/heads/v1", "refs/tags/v1")
    assert full_names("refs/tags/v1") == ("refs/tags/v1",)


@pytest.mark.parametrize("ref", [name for name in BAD if name and "\0" not in name])
def test_deploy_refuses_a_ref_before_it_runs(shop: Shop, ref: str) -> None:
    refused = shop.run("deploy", f"--ref={ref}")
    assert refused.returncode == 2, refused.stdout
    assert "git has no branch, tag or commit by such a name" in refused.stderr
    assert "next: " in refused.stderr
    assert not (shop.project / ".deploy/pushes/2").exists()


def test_deploy_of_a_branch_that_is_an_option_runs_nothing(shop: Shop, tmp_path: Path) -> None:
    """One person names a branch so in the repository; another asks Rolf to push it."""
    made = tmp_path / "made"
    branch = f"--upload-pack=touch${{IFS}}{made};true"
    git(shop.project, "push", "-q", "origin", f"HEAD:refs/heads/{branch}")
    for ref in (branch, f"refs/heads/{branch}"):
        for stages in (STAGES, ("git-archive", *STAGES[2:])):
            shop.define(settings=HERE, stages=stages)
            shop.run("deploy", f"--ref={ref}")
            assert not made.exists()
    assert shop.run("deploy").returncode == 0


def test_deploy_takes_full_names_of_branches_and_tags(shop: Shop) -> None:
    git(shop.project, "tag", "-a", "-m", "first", "v1.0")
    git(shop.project, "push", "-q", "origin", "v1.0")
    shop.commit("two")
    for stages in (STAGES, ("git-archive", *STAGES[2:])):
        shop.define(settings=HERE, stages=stages)
        for ref, page in (("refs/tags/v1.0", "one"), ("refs/heads/main", "two"), ("v1.0", "one")):
            pushed = shop.run("deploy", f"--ref={ref}")
            assert pushed.returncode == 0, pushed.stdout + pushed.stderr
            assert shop.page() == page


def test_commits_of_a_target_are_no_options_of_git(shop: Shop, tmp_path: Path) -> None:
    """pushes.log on a host may be written by the site's user."""
    written = tmp_path / "written"
    asked = GitRepository(shop.project, os.environ)
    assert asked.commits(f"--output={written}", "main") is None
    assert asked.file_at(f"--output={written}", "page.txt") is None
    with pytest.raises(InputError):
        asked.resolve(str(shop.repository), f"--upload-pack=touch {written}")
    assert not list(tmp_path.glob("written*"))


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c id",
        "fd::17",
        "a::b",
        "-x",
        "--upload-pack=id",
        "ftp://h/x",
        "rsync://h/x",
        "HTTPS://h/x",
        "git+ext://h/x",
        "ssh://-oProxyCommand=id/x",
        "-oProxyCommand=id:x",
        "anna@-oProxyCommand=id:x",
        "https://h/x\n.git",
    ],
)
def test_repository_by_another_transport_is_refused(address: str) -> None:
    with pytest.raises(InvalidValue):
        check_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://ghp_s3cret@h/x.git",
        "https://anna:s3cret@h/x",
        "https://:s3cret@h/x",
        "http://anna%40x:s3cret@h:8080/x",
        "ssh://anna:s3cret@h/x",
        "git://anna:s3cret@h/x",
        "anna:s3cret@h:x.git",
        "https://h/x?private_token=s3cret",
        "https://h/x#s3cret",
        "https://anna:s3cret#x@h/x.git",
        "https://anna:x#s3cret@h/x",
        "https://anna:x@s3cret/w@h/x",
        "https://anna:x/s3cret@h/x.git",
        "https://s3cret/@h/x.git",
        "https:///s3cret@h/x",
        "https:/anna:s3cret@h/x",
        " https://s3cret@h/x.git",
        "https:\\\\s3cret@h\\x",
        "anna:x/s3cret@h:x",
        "https://h/x.git;token=s3cret",
        "ssh://anna:x/s3cret@h/x",
        "https://h:s3cret/x",
        "https://anna:x?s3cret@h/x",
    ],
)
def test_repository_with_a_secret_is_refused_without_it(address: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        check_address(address)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "git@h:x.git",
        "h:x",
        "/srv/x.git",
        "../my repository.git",
        "file:///srv/x.git",
        "ssh://git@h:22/x",
        "ssh://git@[::1]:22/x",
        "git://h/x",
        "https://h:8443/a%40b/x.git",
        "/srv/u:p@h:x",
        "dir/a:b@c",
        "svn+ssh://anna@h/x/trunk",
    ],
)
def test_repository_by_a_known_transport_is_taken(address: str) -> None:
    check_address(address)


def test_submodule_by_another_transport_runs_nothing(shop: Shop, tmp_path: Path) -> None:
    made = tmp_path / "made"
    (shop.project / ".gitmodules").write_text(
        f'[submodule "x"]\n\tpath = x\n\turl = "ext::touch {made}"\n'
    )
    (shop.project / "x").mkdir()
    git(
        shop.project,
        "update-index",
        "--add",
        "--cacheinfo",
        f"160000,{git(shop.project, 'rev-parse', 'HEAD')},x",
    )
    shop.commit("with a submodule")
    home = shop.project.parent / "home"
    (home / ".gitconfig").write_text('[protocol "ext"]\n\tallow = always\n')
    pushed = shop.run("deploy")
    assert pushed.returncode == 1
    assert "transport 'ext' not allowed" in pushed.stdout
    assert not made.exists()


@pytest.mark.parametrize("recipe", ["git-clone", "git-archive"])
def test_git_settings_of_the_user_do_not_change_files(tmp_path: Path, recipe: str) -> None:
    shop = open_shop(tmp_path)
    shop.define(settings=HERE, stages=["clear-checkout", recipe, *STAGES[2:]])
    (shop.project / "link").symlink_to("page.txt")
    (shop.project / "run").write_text("#!/bin/sh\n")
    (shop.project / "run").chmod(0o755)
    shop.commit("one\ntwo\n")
    attributes = tmp_path / "attributes"
    attributes.write_text("*.txt eol=crlf\n")
    template = tmp_path / "template/hooks"
    template.mkdir(parents=True)
    (template / "post-checkout").write_text("#!/bin/sh\necho >hooked\n")
    (template / "post-checkout").chmod(0o755)
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    (home / ".gitconfig").write_text(
        f"[core]\nautocrlf = true\neol = crlf\nsymlinks = false\nfileMode = false\n"
        f"attributesFile = {attributes}\nhooksPath = {template}\n"
        f"[init]\ntemplateDir = {template.parent}\n[log]\nshowSignature = true\n"
    )
    pushed = shop.run("deploy")
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    live = shop.live / "current"
    assert (live / "page.txt").read_bytes() == b"one\ntwo\n"
    assert (live / "link").is_symlink()
    assert os.access(live / "run", os.X_OK)
    assert not (live / "hooked").exists()


def test_proxy_of_the_user_is_used_for_the_repository(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    shop.define(settings=HERE)
    definition = shop.project / "deploy/deployments.toml"
    definition.write_text(
        definition.read_text().replace(f'"{shop.repository}"', '"http://repository.invalid/x.git"')
    )
    refused = shop.run("deploy", http_proxy="http://127.0.0.1:9", no_proxy="")
    assert refused.returncode == 1
    assert "127.0.0.1" in refused.stderr  # not: Could not resolve host: repository.invalid


def test_two_applications_share_a_repository_and_their_tags(shop: Shop, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(shop.repository), "other project")
    other = Shop(
        project=tmp_path / "other project", repository=shop.repository, live=tmp_path / "other live"
    )
    for name, value in (("user.name", "Ben"), ("user.email", "ben@example.org")):
        git(other.project, "config", name, value)
    other.define(settings=HERE)
    for project in (shop.project, other.project):
        (project / ".git/info/exclude").write_text("deploy/\n.deploy/\n")
    for page, pushing in (("two", shop), ("three", other), ("four", other), ("five", shop)):
        git(pushing.project, "pull", "-q", "--ff-only", "origin", "main")
        pushing.commit(page)
        pushed = pushing.run("deploy")
        assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    assert sorted(git(shop.repository, "tag").split()) == [
        f"push-production-{number}" for number in range(1, 6)
    ]
    assert other.run("rollback").returncode == 0
    assert (other.page(), shop.page()) == ("three", "five")
    assert shop.run("rollback").returncode == 0
    assert shop.page() == "two"


def test_fresh_clone_and_fresh_target_get_new_tags(shop: Shop, tmp_path: Path) -> None:
    shop.commit("two")
    git(tmp_path, "clone", "-q", str(shop.repository), "fresh")
    fresh = Shop(project=tmp_path / "fresh", repository=shop.repository, live=tmp_path / "fresh l")
    fresh.define(settings=HERE)
    for number in (2, 3):
        pushed = fresh.run("deploy")
        assert pushed.returncode == 0, pushed.stdout + pushed.stderr
        assert fresh.record(number)["rollback_url"] == f"push-production-{number}"
