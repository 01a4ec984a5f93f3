"""Users who push: each pushes its deployment, waits for the end as a script would, and repeats."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from reliability.client import Away, Client

WAIT = 20  # seconds that one request waits for the end of a push
RETRY = 0.5  # seconds
LONGEST = 900.0  # seconds that a push may take before the user gives up
ENDED = {200: "succeeded"}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A push as its user saw it: `state` is what Rolf reported at its end, "" if it never did."""

    deployment: int
    push: int
    state: str
    reason: str
    seconds: float


@dataclass
class Load:
    """A number of pushes, `at_once` of them at any time. `statuses` counts failed requests."""

    client: Client
    deployments: Iterable[int]
    total: int
    at_once: int
    seen: list[Seen] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    begun: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator["Load"]:
        """Push while the body runs, and until the last push has ended."""
        with ThreadPoolExecutor(self.at_once) as pool:
            users = [pool.submit(self._user, deployment) for deployment in self._chosen()]
            try:
                yield self
            except BaseException:
                self._over.set()
                raise
            for user in users:
                user.result()

    @property
    def done(self) -> int:
        """How many pushes have ended."""
        return len(self.seen)

    def _chosen(self) -> list[int]:
        return list(self.deployments)[: self.at_once]

    def _user(self, deployment: int) -> None:
        while not self._over.is_set():
            with self._lock:
                if self.begun >= self.total:
                    return
                self.begun += 1
            seen = self._push(deployment)
            with self._lock:
                self.seen.append(seen)

    def _push(self, deployment: int) -> Seen:
        begun = time.monotonic()
        push, state, reason = 0, "", ""
        path = f"/api/deployments/{deployment}/pushes"
        while not state and time.monotonic() - begun < LONGEST and not self._over.is_set():
            try:
                if not push:
                    push = self._request(path)
                else:
                    state, reason = self._outcome(f"{path}/{push}/outcome?wait={WAIT}")
            except Away as error:
                with self._lock:
                    self.statuses[error.status] += 1
                time.sleep(RETRY)
        return Seen(
            deployment=deployment,
            push=push,
            state=state,
            reason=reason,
            seconds=time.monotonic() - begun,
        )

    def _request(self, path: str) -> int:
        """Return the id of a new push; after a lost answer, that of the push that it began."""
        answer = self.client.ask("POST", path, {})
        if answer.status == 202:
            return int(answer.content["id"])
        if answer.status == 409 and answer.content.get("push"):
            return int(answer.content["push"]["id"])
        with self._lock:
            self.refusals[f"{answer.status} {str(answer.content)[:160]}"] += 1
        time.sleep(RETRY)
        return 0

    def _outcome(self, path: str) -> tuple[str, str]:
        answer = self.client.ask("GET", path)
        if answer.status == 408:
            return "", ""
        if answer.status == 200:
            return "succeeded", ""
        if answer.status == 424:
            push = answer.content["push"]
            return push["state"], push["reason"]
        with self._lock:
            self.refusals[f"{answer.status} {str(answer.content)[:160]}"] += 1
        time.sleep(RETRY)
        return "", ""
