"""The line of the first error of a push."""

from pushes.models import LogChunk

from ..log_view.search import first_error
from .chunked import push_with_log
from .test_lines import Case

OUT, ERR = "stdout", "stderr"


class FirstError(Case):
    """A push whose first stage succeeds and whose second stage fails."""

    def found(self, *output, state="failed"):
        """Return the line of the first error; `output` has (stream, text) of the second stage."""
        lines = [(0, ERR, "error: none of importance"), *((1, *one) for one in output)]
        data = "".join(f"{text}\n" for _, _, text in lines).encode()
        marks = {"0": {"line": 0, "error": 0}, "1": {"line": 1}}
        on_stderr = [
            number
            for number, (stage, stream, _) in enumerate(lines)
            if stage == 1 and stream == ERR
        ]
        if on_stderr:
            marks["1"]["error"] = on_stderr[0]
        push = push_with_log(
            self.deployment,
            data,
            state=state,
            marks=marks,
            record={"stages": [{"name": "a", "state": "succeeded"}, {"name": "b", "state": state}]},
        )
        LogChunk.objects.filter(push=push).update(
            spans=[
                [len(text.encode()) + 1, stage, stream, 1.0, ""] for stage, stream, text in lines
            ]
        )
        line = first_error(push)
        return None if line is None else lines[line][2]

    def test_it_is_what_sounds_the_alarm_on_stderr(self):
        self.assertEqual(
            self.found(
                (OUT, "error in name only"),
                (ERR, "Creating test database"),
                (ERR, "..E.."),
                (ERR, "ERROR: test_prices"),
                (ERR, "FAILED (errors=1)"),
            ),
            "ERROR: test_prices",
        )

    def test_else_the_first_on_stderr(self):
        self.assertEqual(self.found((OUT, "a"), (ERR, "b"), (ERR, "c")), "b")

    def test_else_the_last_alarm_of_all(self):
        self.assertEqual(
            self.found((OUT, "Error: a"), (OUT, "make: *** [b] Error 2"), (OUT, "c")),
            "make: *** [b] Error 2",
        )

    def test_else_the_last_line(self):
        self.assertEqual(self.found((OUT, "a"), (OUT, "b")), "b")

    def test_there_is_none_where_all_is_well(self):
        self.assertIsNone(self.found((ERR, "error: none"), state="succeeded"))
