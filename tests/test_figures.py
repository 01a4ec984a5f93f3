"""The figures of the code count what they name."""

from pathlib import Path

from tools.figures import rows


def test_modules_are_counted_by_part(tmp_path: Path) -> None:
    for name, text in {
        "bootstrapper/ve/wheel.py": '"""A wheel."""\n\nimport os\n\nprint(os.name)\n',
        "bootstrapper/ve/record.py": '"""A RECORD."""\nimport os, re\nfrom a import b\n'
        + "x = 1\n" * 50,
        "bootstrapper/ve/__init__.py": '"""Only a docstring."""\n',
        "rolf/main/migrations/0001_initial.py": "import os\nx = 1\n",
        "rolf/main/tests/test_pages.py": "import os\nx = 1\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert list(rows(tmp_path)) == [
        ("bootstrapper/ve", "2", "58", "29", "1", "56", "3"),
        ("tests", "1", "2", "2", "1", "2", "1"),
    ]
