"""Download files into the cache, several at a time. A file with a wrong hash is refused."""

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from urllib.parse import unquote, urlsplit

import requests
from urllib3.exceptions import HTTPError as StreamError

from bootstrapper.address import without_passwords
from bootstrapper.errors import WorkFailed
from bootstrapper.progress import Progress, Step, megabytes
from vendor_fetch.download.cache import CHUNK, Cache
from vendor_fetch.download.parallel import CONNECTIONS
from vendor_fetch.download.request import TIMEOUT, request_options
from vendor_fetch.index.index import Index
from vendor_fetch.program import retry_command
from vendor_fetch.resolve.resolver import Artifact

ATTEMPTS = 3
# The pause after the first failed attempt; the second pause is twice as long.
RETRY_SECONDS = 1.0
# A server must not fill the disk with a file whose size the index does not give.
LARGEST = 16 << 30


class Cancelled(Exception):
    """Another download has failed, or the user has pressed Ctrl-C."""


def download(
    artifacts: Iterable[Artifact],
    cache: Cache,
    index: Index,
    progress: Progress,
    received: Callable[[Artifact], None],
) -> dict[str, str]:
    """Download every file into the cache, and return its sha256 by its address.

    `received` is called for each file that is in the cache, while others are downloaded. An artifact
    whose sha256 is empty may have any. Raise WorkFailed for the first that fails.
    """
    wanted = list({artifact.sha256 or artifact.url: artifact for artifact in artifacts}.values())
    total = sum(artifact.size or 0 for artifact in wanted)
    with progress.step("downloaded", total, megabytes) as step, requests.Session() as session:
        downloads = _Downloads(session, cache, index, step, wanted)
        for _ in range(min(CONNECTIONS, len(wanted))):
            # Daemon threads: Ctrl-C does not wait for a server that has stopped answering.
            threading.Thread(target=downloads.work, daemon=True).start()
        try:
            for _ in wanted:
                artifact, error = downloads.results.get()
                if error:
                    raise error
                # Not in a thread: these may go on for a moment after an error or Ctrl-C.
                received(artifact)
        finally:
            downloads.cancelled.set()
    return downloads.digests


class _Downloads:
    """The state that the threads of one `download()` share."""

    def __init__(
        self,
        session: requests.Session,
        cache: Cache,
        index: Index,
        step: Step,
        wanted: Iterable[Artifact],
    ) -> None:
        self.cancelled = threading.Event()
        self.digests: dict[str, str] = {}
        self.results: SimpleQueue[tuple[Artifact, BaseException | None]] = SimpleQueue()
        self._wanted: SimpleQueue[Artifact] = SimpleQueue()
        for artifact in wanted:
            self._wanted.put(artifact)
        self._session = session
        self._cache = cache
        self._index = index
        self._step = step
        self._step_lock = threading.Lock()

    def work(self) -> None:
        """Download files until none is left. Put an error, or None, into `results` for each."""
        while not self.cancelled.is_set():
            try:
                artifact = self._wanted.get_nowait()
            except Empty:
                return
            try:
                self._download(artifact)
            except BaseException as error:
                self.results.put((artifact, error))
            else:
                self.results.put((artifact, None))

    def _download(self, artifact: Artifact) -> None:
        """Download one file. Retry after a lost connection or a server error."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._attempt(artifact)
                return
            except (requests.RequestException, StreamError, EOFError) as error:
                # 404 and the like are permanent.
                permanent = (
                    isinstance(error, requests.HTTPError) and error.response.status_code < 500
                )
                if attempt == ATTEMPTS or permanent:
                    ready = "has it" if permanent else "can be reached"
                    raise WorkFailed(
                        artifact.filename,
                        f"can't be downloaded from {_host(artifact)}: "
                        + without_passwords(str(error)),
                        f"{retry_command()}  # when {_host(artifact)} {ready}",
                    ) from None
                if self.cancelled.wait(attempt * RETRY_SECONDS):
                    raise Cancelled from None

    def _attempt(self, artifact: Artifact) -> None:
        digest, received = hashlib.sha256(), 0
        largest = LARGEST if artifact.size is None else artifact.size
        try:
            with self._cache.new_file() as file:
                for chunk in self._chunks(artifact):
                    if self.cancelled.is_set():
                        raise Cancelled
                    if received + len(chunk) > largest:
                        raise _too_long(artifact, largest)
                    file.write(chunk)
                    digest.update(chunk)
                    received += len(chunk)
                    self._advance(artifact, len(chunk))
                if artifact.size is not None and received < artifact.size:
                    raise EOFError(f"it ended after {received} of {artifact.size} bytes")
                if artifact.sha256 not in ("", digest.hexdigest()):
                    raise WorkFailed(
                        artifact.filename,
                        f"{_host(artifact)} sent a file whose sha256 is {digest.hexdigest()}, "
                        f"it should be {artifact.sha256}",
                        f"{retry_command()}  # with another index in the settings of pip or uv; "
                        f"report the file to the operators of {_host(artifact)}",
                    )
                self._cache.add(file, digest.hexdigest())
                self.digests[artifact.url] = digest.hexdigest()
        except BaseException:
            self._advance(artifact, -received)
            raise

    def _advance(self, artifact: Artifact, count: int) -> None:
        # The total has no files of unknown size.
        if artifact.size is not None and not self.cancelled.is_set():
            with self._step_lock:
                self._step.advance(count, artifact.filename if count == artifact.size else "")

    def _chunks(self, artifact: Artifact) -> Iterator[bytes]:
        parts = urlsplit(artifact.url)
        if parts.scheme == "file":
            with Path(unquote(parts.path)).open("rb") as stream:
                while chunk := stream.read(CHUNK):
                    yield chunk
            return
        with self._session.get(
            artifact.url,
            # The bytes as they are: the connection must not decompress a .tar.gz.
            headers={"Accept-Encoding": "identity"},
            stream=True,
            timeout=TIMEOUT,
            **request_options(artifact.url, self._index),
        ) as response:
            response.raise_for_status()
            yield from response.raw.stream(CHUNK // 4, decode_content=False)


def _too_long(artifact: Artifact, largest: int) -> WorkFailed:
    return WorkFailed(
        artifact.filename,
        f"{_host(artifact)} sends more than {largest} bytes",
        f"{retry_command()}  # with another index in the settings of pip or uv; report the file to "
        f"the operators of {_host(artifact)}",
    )


def _host(artifact: Artifact) -> str:
    return urlsplit(artifact.url).hostname or "its directory"
