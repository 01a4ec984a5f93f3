"""The indexes in the uv.toml of a run: their order, the age of pages, and no passwords."""

from pathlib import Path

import pytest

from vendor_fetch.index.declared import declared_indexes

PROJECT = Path("/project")
AGE = {"api": "max-age=9", "files": "max-age=9"}


def test_variables_come_before_the_files_of_the_user() -> None:
    settings, environment = declared_indexes(
        {
            "pip": {},
            "index": [
                {"name": "file", "url": "https://file.example.org/simple"},
                {"url": "https://old.example.org/simple", "default": True},
            ],
        },
        {
            "UV_INDEX": "own=https://own.example.org/simple https://two.example.org/simple",
            "UV_DEFAULT_INDEX": "https://main.example.org/simple",
            "UV_INDEX_STRATEGY": "unsafe-best-match",
        },
        PROJECT,
        9,
    )
    assert settings["index"] == [
        {"name": "own", "url": "https://own.example.org/simple", "cache-control": AGE},
        {"url": "https://two.example.org/simple", "cache-control": AGE},
        {"url": "https://main.example.org/simple", "default": True, "cache-control": AGE},
        {"name": "file", "url": "https://file.example.org/simple", "cache-control": AGE},
    ]
    assert environment == {"UV_INDEX_STRATEGY": "unsafe-best-match"}


def test_credentials_stay_in_the_environment() -> None:
    settings, environment = declared_indexes(
        {"pip": {}, "index": [{"name": "Our.own", "url": "https://anna@own.example.org:8443/s"}]},
        {"UV_DEFAULT_INDEX": "https://bob:p%40ss%2Fword@main.example.org/simple/"},
        PROJECT,
        9,
    )
    assert [each["url"] for each in settings["index"]] == [
        "https://main.example.org/simple/",
        "https://own.example.org:8443/s",
    ]
    assert "ss/word" not in str(settings) and "%40" not in str(settings)
    assert environment == {
        "UV_INDEX_VENDOR_FETCH_1_USERNAME": "bob",
        "UV_INDEX_VENDOR_FETCH_1_PASSWORD": "p@ss/word",
        "UV_INDEX_OUR_OWN_USERNAME": "anna",
    }


def test_cache_control_of_the_user_is_kept() -> None:
    own = {"url": "https://own.example.org/s", "cache-control": {"api": "max-age=1", "files": "x"}}
    settings, _ = declared_indexes({"pip": {}, "index": [own]}, {}, PROJECT, 9)
    assert settings["index"] == [own]


@pytest.mark.parametrize(
    "settings",
    [
        {"pip": {}},
        {"pip": {}, "index-url": "https://own.example.org/s"},
        {"pip": {"extra-index-url": ["https://own.example.org/s"]}},
        {"pip": {}, "index": "nonsense"},
    ],
    ids=["none", "index-url", "pip", "wrong"],
)
def test_other_settings_stay_as_they_are(settings: dict[str, object]) -> None:
    assert declared_indexes(settings, {"A": "b"}, PROJECT, 9) == (settings, {"A": "b"})


def test_a_directory_is_relative_to_the_project() -> None:
    settings, _ = declared_indexes({"pip": {}}, {"UV_INDEX_URL": "packages"}, PROJECT, 9)
    assert settings["index"] == [
        {"url": "/project/packages", "default": True, "cache-control": AGE}
    ]
