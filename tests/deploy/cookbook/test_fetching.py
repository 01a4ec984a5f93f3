"""What is pushed gets into the checkout: by git or Subversion, exactly that commit."""

import subprocess
from pathlib import Path

import pytest

from tests.support.recipe_runner import Push
from tests.support.repository import Repository, git

FETCHING = pytest.mark.parametrize("recipe", ["git-clone", "git-archive"])


def files(directory: Path) -> set[str]:
    return {
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def test_clearing_leaves_an_empty_checkout(here: Push) -> None:
    (here.checkout / ".hidden").mkdir()
    (here.checkout / ".hidden" / "file").touch()
    (here.checkout / "a link").symlink_to(here.target)
    (here.target / "kept").touch()
    here.run("clear-checkout").ok()
    assert list(here.checkout.iterdir()) == []
    assert (here.target / "kept").exists()
    assert here.run("clear-checkout").ok().stdout == ""


@FETCHING
def test_the_branch_is_fetched_and_its_commit_reported(
    here: Push, repository: Repository, recipe: str
) -> None:
    repository.commit("a page/ünï.html", "second")
    (here.checkout / "left over").touch()
    ran = here.run(recipe, REPOSITORY=str(repository.bare)).ok()
    assert files(here.checkout) == {"index.html", "a page/ünï.html"}
    assert ran.output == {"PUSH_COMMIT": repository.head}
    assert repository.head[:7] in ran.stdout


def test_a_clone_has_no_history(here: Push, repository: Repository) -> None:
    repository.commit("index.html", "second")
    ran = here.run("git-clone", REPOSITORY=str(repository.bare)).ok()
    assert git(here.checkout, "rev-list", "--count", "HEAD") == "1"
    assert "index.html: second (Anna, 20" in ran.stdout


@pytest.mark.parametrize("unadvertised", ["true", "false"])
def test_the_exact_commit_is_cloned_though_the_branch_has_moved_on(
    here: Push, repository: Repository, unadvertised: str
) -> None:
    git(repository.bare, "config", "uploadpack.allowAnySHA1InWant", unadvertised)
    git(repository.bare, "config", "protocol.version", "0")
    Path(repository.bare.parent / "home/.gitconfig").write_text("[protocol]\nversion = 0\n")
    wanted = repository.commit("index.html", "second")
    repository.commit("index.html", "third")
    ran = here.run("git-clone", REPOSITORY=str(repository.bare), PUSH_COMMIT=wanted).ok()
    assert (here.checkout / "index.html").read_text() == "second"
    assert ran.output == {"PUSH_COMMIT": wanted}


def test_a_commit_is_cloned_by_its_abbreviated_name(here: Push, repository: Repository) -> None:
    wanted = repository.commit("index.html", "second")
    repository.commit("index.html", "third")
    here.run(
        "git-clone", REPOSITORY=str(repository.bare), PUSH_REF=wanted[:8], PUSH_COMMIT=wanted
    ).ok()
    assert (here.checkout / "index.html").read_text() == "second"


@FETCHING
def test_a_rollback_fetches_the_tag_that_it_returns_to(
    here: Push, repository: Repository, recipe: str
) -> None:
    repository.tag("push-production-1")
    first = repository.head
    repository.commit("index.html", "second")
    ran = here.run(
        recipe, REPOSITORY=str(repository.bare), ROLLBACK_URL="push-production-1", PUSH_COMMIT=first
    ).ok()
    assert (here.checkout / "index.html").read_text() == "first"
    assert ran.output == {"PUSH_COMMIT": first}


def test_submodules_are_cloned_too(here: Push, repository: Repository) -> None:
    library = Repository.create(repository.bare.parent / "library.git")
    git(
        repository.work,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        library.bare,
        "library",
    )
    repository.commit("index.html", "second")
    library.commit("index.html", "not that of the submodule")
    # Since CVE-2022-39253 git clones no submodule from a directory by itself.
    Path(repository.bare.parent / "home/.gitconfig").write_text("[protocol.file]\nallow=always\n")
    here.run("git-clone", REPOSITORY=str(repository.bare)).ok()
    assert (here.checkout / "library/index.html").read_text() == "first"


def test_it_is_cloned_by_ssh(by_ssh: Push, repository: Repository) -> None:
    host = by_ssh.settings["REMOTE_HOST"]
    by_ssh.run("git-clone", REPOSITORY=f"{host}:{repository.bare}").ok()
    assert files(by_ssh.checkout) == {"index.html"}


def test_an_interrupted_clone_is_begun_again(here: Push, repository: Repository) -> None:
    here.run("git-clone", REPOSITORY=str(repository.bare)).ok()
    (here.checkout / ".git/index.lock").touch()
    (here.checkout / ".git/shallow.lock").touch()
    here.run("git-clone", REPOSITORY=str(repository.bare)).ok()


def test_a_repository_that_is_gone_is_reported(here: Push, repository: Repository) -> None:
    ran = here.run("git-clone", REPOSITORY=f"{repository.bare} gone").failed(
        f"{repository.bare} gone", "  next: git ls-remote"
    )
    assert ran.output == {}


def test_a_branch_that_is_missing_is_reported(here: Push, repository: Repository) -> None:
    here.run("git-clone", REPOSITORY=str(repository.bare), PUSH_REF="nowhere").failed("nowhere")
    here.run("git-archive", REPOSITORY=str(repository.bare), PUSH_REF="nowhere").failed("nowhere")


def test_an_archive_of_a_branch_that_has_moved_on_is_refused(
    here: Push, repository: Repository
) -> None:
    wanted = repository.head
    moved = repository.commit("index.html", "second")
    here.run("git-archive", REPOSITORY=str(repository.bare), PUSH_COMMIT=wanted).failed(
        f"main is now at {moved}, but this push is of {wanted}"
    )
    assert files(here.checkout) == set()


def test_a_clone_of_a_commit_that_is_nowhere_fails(here: Push, repository: Repository) -> None:
    here.run("git-clone", REPOSITORY=str(repository.bare), PUSH_COMMIT="0123456789" * 4).failed(
        "reference is not a tree: 0123456789"
    )


@pytest.fixture
def subversion(tmp_path: Path) -> str:
    store = tmp_path / "subversion"
    subprocess.run(["svnadmin", "create", store], check=True)
    (tmp_path / "import").mkdir()
    for text in ("first", "second"):
        (tmp_path / "import/index.html").write_text(text)
        place = f"file://{store}/my%20site"
        if text == "first":
            subprocess.run(
                ["svn", "import", "-q", "-m", text, tmp_path / "import", place], check=True
            )
            continue
        work = tmp_path / "svn work"
        subprocess.run(["svn", "checkout", "-q", place, work], check=True)
        (work / "index.html").write_text(text)
        subprocess.run(["svn", "commit", "-q", "-m", text, work], check=True)
    return place


@pytest.mark.needs("svn", "svnadmin")
def test_subversion_is_exported_and_a_rollback_exports_that_revision_again(
    here: Push, subversion: str
) -> None:
    (here.checkout / "left over").touch()
    ran = here.run("svn-export", REPOSITORY=subversion).ok()
    assert files(here.checkout) == {"index.html"}
    assert (here.checkout / "index.html").read_text() == "second"
    assert ran.output == {"PUSH_COMMIT": "2", "ROLLBACK_URL": f"{subversion}@2"}
    assert ran.stdout == f"revision 2 of {subversion}\n"
    here.run("svn-export", REPOSITORY=subversion, ROLLBACK_URL=f"{subversion}@1").ok()
    assert (here.checkout / "index.html").read_text() == "first"


@pytest.mark.needs("svn")
def test_a_subversion_that_cannot_be_read_is_reported(here: Push, tmp_path: Path) -> None:
    address = f"file://{tmp_path}/nothing"
    here.run("svn-export", REPOSITORY=address).failed(address)


@pytest.mark.parametrize("recipe", ["git-clone", "git-archive"])
@pytest.mark.parametrize("variable", ["PUSH_REF", "ROLLBACK_URL", "PUSH_COMMIT", "REPOSITORY"])
def test_git_recipes_take_no_option_for_a_name(
    here: Push, repository: Repository, tmp_path: Path, recipe: str, variable: str
) -> None:
    made = tmp_path / "made"
    here.settings["REPOSITORY"] = str(repository.bare)
    for option in (
        f"--upload-pack=touch${{IFS}}{made};true",
        f"--exec=touch {made};",
        f"--output={made}",
        f"--remote=ext::touch {made}",
        f"ext::touch {made}",
        f"-c core.sshCommand='touch {made}'",
    ):
        ran = here.run(recipe, **{variable: option})
        assert ran.status > 0, ran.stdout
        assert not made.exists()


@pytest.mark.needs("svn", "svnadmin")
def test_svn_export_takes_a_revision_or_a_folder(here: Push, tmp_path: Path) -> None:
    store = tmp_path / "a store"
    subprocess.run(["svnadmin", "create", store], check=True)
    root = store.as_uri()
    for folder in ("trunk", "branches/2.x", "tags/1.0"):
        place = tmp_path / "import" / folder
        place.mkdir(parents=True)
        (place / "page.txt").write_text(folder)
    subprocess.run(["svn", "import", "-q", "-m", "first", tmp_path / "import", root], check=True)
    subprocess.run(["svn", "checkout", "-q", f"{root}/trunk", tmp_path / "work"], check=True)
    (tmp_path / "work/page.txt").write_text("newer")
    subprocess.run(["svn", "commit", "-q", "-m", "second", tmp_path / "work"], check=True)

    for repository, ref, page, address in (
        ("/trunk", "main", "newer", "/trunk@2"),
        ("/trunk", "r1", "trunk", "/trunk@1"),
        ("/trunk", "1", "trunk", "/trunk@1"),
        ("/trunk/", "trunk", "newer", "/trunk@2"),
        ("/trunk", "branches/2.x", "branches/2.x", "/branches/2.x@2"),
        ("", "tags/1.0", "tags/1.0", "/tags/1.0@2"),
        ("", "trunk", None, "@2"),
    ):
        ran = here.run("svn-export", REPOSITORY=root + repository, PUSH_REF=ref).ok()
        assert ran.output["ROLLBACK_URL"].endswith(address), (ref, ran.output)
        if page:
            assert (here.checkout / "page.txt").read_text() == page
    for ref in ("branches/none", "99", "../x", "trunk@1", "-r1", "a%2fb", "/"):
        here.run("svn-export", REPOSITORY=f"{root}/trunk", PUSH_REF=ref).failed("svn info")
