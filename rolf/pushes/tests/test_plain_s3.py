"""S3-compatible stores know less than Amazon's, and a bucket's policy may allow little."""

import os
import threading
import unittest
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from unittest import mock

from django.test import SimpleTestCase

from ..store.objects import ObjectStore, StoreError

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
CHECKSUMS = ("x-amz-sdk-checksum-algorithm", "x-amz-trailer", "x-amz-checksum-mode")


class PlainS3(BaseHTTPRequestHandler):
    """Objects of a server without the checksums of 2024, for a key that must not list them."""

    objects: dict[str, bytes]

    def do_PUT(self):
        """Store an object."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if any(name in self.headers for name in CHECKSUMS):
            self.answer(400)  # as Backblaze: "Unsupported header"
            return
        self.objects[self.path] = body
        self.answer(200)

    def do_GET(self):
        """Send an object."""
        body = self.objects.get(self.path)
        if any(name in self.headers for name in CHECKSUMS):
            self.answer(400)
        elif body is None:
            self.answer(403)  # not 404, without s3:ListBucket
        else:
            self.answer(200, body)

    do_HEAD = do_GET  # noqa: N815 - the server's way to find it

    def do_DELETE(self):
        """Delete an object, or none."""
        self.objects.pop(self.path, None)
        self.answer(204)

    def answer(self, status, body=b""):
        """Send a response."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Sun, 29 Nov 2026 00:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *words):
        """Print nothing."""


@unittest.skipUnless(find_spec("boto3"), "pip install 'django-storages[s3]'")
class PlainStore(SimpleTestCase):
    """Objects are written, read and deleted."""

    def setUp(self):
        handler = type("Handler", (PlainS3,), {"objects": {}})
        server = self.enterContext(ThreadingHTTPServer(("127.0.0.1", 0), handler))
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.enterContext(mock.patch.dict(os.environ, KEYS))
        endpoint = f"http://127.0.0.1:{server.server_port}"
        url = f"s3://bucket/logs?endpoint={endpoint}&region=us-east-1"
        self.store = ObjectStore("ROLF_LOG_STORE", url)

    def test_objects_need_no_checksum_of_amazon(self):
        digest = sha256(b"output").digest()
        self.store.put("1/0", b"output", digest)
        self.assertEqual(self.store.get("1/0", digest), b"output")

    def test_missing_objects_need_no_list(self):
        with self.assertRaises(StoreError):
            self.store.get("1/0", b"")
        self.store.delete("1/0")
