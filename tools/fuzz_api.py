"""Send requests to the API of a running Rolf that its schema describes, and some that it forbids.

    python -m tools.fuzz_api http://127.0.0.1:8000/ --token rolf_... --requests 10000

schemathesis makes the requests. Half of them name deployments and pushes that exist, so that they get
beyond the check of the address. A response of 500 or more is a finding, and so is none. It starts
pushes: use an installation for tests.
"""

import argparse
import itertools
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import requests
import schemathesis
from schemathesis import GenerationMode

LONGEST_WAIT = 0.05  # seconds; the schema allows a minute
SETTINGS = hypothesis.settings(
    max_examples=25,
    deadline=None,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.generate],
)


@dataclass
class Outcome:
    """How many responses had each status, and the requests that found a fault."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def number(self) -> int:
        """The number of requests."""
        return self.statuses.total()


class Fuzzer:
    """Sends requests until there were enough of them."""

    def __init__(self, address: str, token: str, seed: int) -> None:
        """Read the schema from the address."""
        self._address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._schema = schemathesis.openapi.from_url(f"{self._address}/api/openapi.json")
        self._random = random.Random(seed)
        self._session = requests.Session()
        self.outcome = Outcome()

    def run(self, number: int) -> Outcome:
        """Send that many requests, at least."""
        operations = [result.ok() for result in self._schema.get_all_operations()]
        modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        for operation, mode in itertools.cycle(itertools.product(operations, modes)):
            if self.outcome.number >= number or len(self.outcome.faults) >= 20:
                return self.outcome
            self._send_some(operation, mode)
        return self.outcome

    def _send_some(self, operation: Any, mode: GenerationMode) -> None:
        existing = self._existing()

        @hypothesis.seed(self._random.getrandbits(32))
        @SETTINGS
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            self._place(case, existing)
            self._send(case)

        # An operation without parameters has nothing that can be wrong.
        with suppress(hypothesis.errors.Unsatisfiable):
            send()

    def _existing(self) -> list[tuple[int, list[int]]]:
        """Return the deployments that exist, with their newest pushes."""
        return [
            (
                deployment["id"],
                [
                    push["id"]
                    for push in self._get(f"/api/deployments/{deployment['id']}/pushes?limit=5")
                ],
            )
            for deployment in self._get("/api/deployments?limit=5")
        ]

    def _get(self, path: str) -> list[dict[str, Any]]:
        answer = self._session.get(self._address + path, headers=self._headers, timeout=60)
        self.outcome.statuses[answer.status_code] += 1
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def _place(self, case: Any, existing: list[tuple[int, list[int]]]) -> None:
        """Let half of the requests name what exists, and none of them wait for long."""
        found = case.path_parameters or {}
        if existing and found and self._random.random() < 0.5:
            deployment, pushes = self._random.choice(existing)
            if "deployment_id" in found:
                found["deployment_id"] = deployment
            if "push_id" in found and pushes:
                found["push_id"] = self._random.choice(pushes)
        wait = (case.query or {}).get("wait")
        if isinstance(wait, int | float) and wait > LONGEST_WAIT:
            case.query["wait"] = LONGEST_WAIT

    def _send(self, case: Any) -> None:
        headers = self._headers if self._random.random() < 0.95 else {}
        try:
            answer = case.call(session=self._session, headers=headers, timeout=60)
        except requests.exceptions.InvalidHeader:
            return  # no client can send it
        except requests.RequestException as error:
            self.outcome.statuses[0] += 1
            self.outcome.faults.append(f"{type(error).__name__}: {case.as_curl_command()}")
            return
        self.outcome.statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            self.outcome.faults.append(f"{answer.status_code}: {case.as_curl_command()}")


def lines(outcome: Outcome) -> Iterator[str]:
    """Yield the report."""
    yield f"{outcome.number:,} requests"
    for status, number in sorted(outcome.statuses.items()):
        yield f"  {status or 'no response'}: {number:,}"
    yield from outcome.faults


def main(argv: list[str]) -> int:
    """Send requests and print what came back; return 1 if there was a fault."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz_api", description=__doc__)
    parser.add_argument("address", help="of a running Rolf")
    parser.add_argument("--token", required=True, help="of its API")
    parser.add_argument("--requests", type=int, default=10_000, metavar="N")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(31))
    given = parser.parse_args(argv)
    print(f"seed {given.seed}")
    fuzzer = Fuzzer(given.address, given.token, given.seed)
    try:
        fuzzer.run(given.requests)
    except KeyboardInterrupt:
        print("interrupted")
    print("\n".join(lines(fuzzer.outcome)))
    return 1 if fuzzer.outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
