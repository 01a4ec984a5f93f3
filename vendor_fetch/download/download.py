"""Downloads files into the cache, a few at a time, and lets none in whose hash is wrong."""

import hashlib
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from urllib.parse import unquote, urlsplit

import requests
from urllib3.exceptions import HTTPError as StreamError

from bootstrapper.errors import WorkFailed
from bootstrapper.progress import Progress, Step, megabytes
from vendor_fetch.download.cache import CHUNK, Cache
from vendor_fetch.index.index import Index
from vendor_fetch.resolve.resolver import Artifact

CONNECTIONS = 6
ATTEMPTS = 3
# Seconds to wait after the first try that failed, and twice that after the second.
RETRY_SECONDS = 1.0
# Seconds to connect, and seconds between two bytes.
TIMEOUT = (15, 60)


class Cancelled(Exception):
    """Another download has failed, or the user has pressed Ctrl-C."""


def download(artifacts: Iterable[Artifact], cache: Cache, index: Index, progress: Progress) -> None:
    """Bring every file into the cache. Raises WorkFailed for the first that can't be had."""
    wanted = list({artifact.sha256: artifact for artifact in artifacts}.values())
    total = sum(artifact.size or 0 for artifact in wanted)
    with progress.step("downloaded", total, megabytes) as step, requests.Session() as session:
        run = _Run(session, cache, index, step, wanted)
        for _ in range(min(CONNECTIONS, len(wanted))):
            # Daemons: after a Ctrl-C nobody waits for a server that has fallen silent.
            threading.Thread(target=run.work, daemon=True).start()
        try:
            for _ in wanted:
                outcome = run.outcomes.get()
                if outcome:
                    raise outcome
        finally:
            run.stop.set()


class _Run:
    """What the downloads of one run share."""

    def __init__(
        self,
        session: requests.Session,
        cache: Cache,
        index: Index,
        step: Step,
        wanted: Iterable[Artifact],
    ) -> None:
        self.stop = threading.Event()
        self.outcomes: SimpleQueue[BaseException | None] = SimpleQueue()
        self._wanted: SimpleQueue[Artifact] = SimpleQueue()
        for artifact in wanted:
            self._wanted.put(artifact)
        self._session = session
        self._cache = cache
        self._index = index
        self._step = step
        self._painting = threading.Lock()

    def work(self) -> None:
        """Fetch what is wanted until nothing is left; each has an outcome, None if all is well."""
        while not self.stop.is_set():
            try:
                artifact = self._wanted.get_nowait()
            except Empty:
                return
            try:
                self._fetch(artifact)
            except BaseException as error:
                self.outcomes.put(error)
            else:
                self.outcomes.put(None)

    def _fetch(self, artifact: Artifact) -> None:
        """Bring one file into the cache; broken connections are tried again."""
        for tried in range(1, ATTEMPTS + 1):
            try:
                self._attempt(artifact)
                return
            except (requests.RequestException, StreamError, EOFError) as error:
                # A file that isn't there won't be there in a second either.
                gone = isinstance(error, requests.HTTPError) and error.response.status_code < 500
                if tried == ATTEMPTS or gone:
                    raise WorkFailed(
                        artifact.filename,
                        f"can't be downloaded from {_host(artifact)}: {error}",
                        "look at the connection, then run the same command again",
                    ) from None
                if self.stop.wait(tried * RETRY_SECONDS):
                    raise Cancelled from None

    def _attempt(self, artifact: Artifact) -> None:
        digest, received = hashlib.sha256(), 0
        try:
            with self._cache.incoming() as file:
                for chunk in self._chunks(artifact):
                    if self.stop.is_set():
                        raise Cancelled
                    file.write(chunk)
                    digest.update(chunk)
                    received += len(chunk)
                    self._advance(artifact, len(chunk))
                if artifact.size is not None and received < artifact.size:
                    raise EOFError(f"it ended after {received} of {artifact.size} bytes")
                if digest.hexdigest() != artifact.sha256:
                    raise WorkFailed(
                        artifact.filename,
                        f"{_host(artifact)} sent a file whose sha256 is {digest.hexdigest()}, "
                        f"it should be {artifact.sha256}",
                        "don't use it; ask whoever runs that index, or use another one",
                    )
                self._cache.keep(file, artifact.sha256)
        except BaseException:
            self._advance(artifact, -received)
            raise

    def _advance(self, artifact: Artifact, by: int) -> None:
        # What has no known size isn't in the total either.
        if artifact.size is not None and not self.stop.is_set():
            with self._painting:
                self._step.advance(by, artifact.filename if by == artifact.size else "")

    def _chunks(self, artifact: Artifact) -> Iterator[bytes]:
        parts = urlsplit(artifact.url)
        if parts.scheme == "file":
            with Path(unquote(parts.path)).open("rb") as stream:
                while chunk := stream.read(CHUNK):
                    yield chunk
            return
        host = parts.hostname or ""
        trusted = bool({host, parts.netloc.rpartition("@")[2]} & self._index.trusted_hosts)
        with self._session.get(
            artifact.url,
            # Bytes as they are: a .tar.gz must not be unpacked on its way.
            headers={"Accept-Encoding": "identity"},
            stream=True,
            timeout=TIMEOUT,
            # None lets requests look into ~/.netrc.
            auth=self._index.credentials.get(host),
            verify=False if trusted else self._index.certificates or True,
        ) as response:
            response.raise_for_status()
            yield from response.raw.stream(64 * 1024, decode_content=False)


def _host(artifact: Artifact) -> str:
    return urlsplit(artifact.url).hostname or "the directory it is in"
