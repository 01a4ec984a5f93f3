"""Sinks: the format, and what is sent again after an outage."""

import hashlib
import json
import os
import re
import socket
import ssl
import tempfile
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from django.core.checks import run_checks
from django.test import SimpleTestCase, TestCase, override_settings

import audit
from audit import syslog
from audit.forwarding import Forwarder
from audit.models import Delivery, Entry, Head
from audit.sinks import sink_of
from audit.tests.certificate import certificate
from audit.tests.test_chain import rows

RFC5424 = re.compile(
    rb"<(?P<priority>\d{1,3})>1 (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) "
    rb"(?P<host>[!-~]{1,255}) rolf - (?P<id>[!-~]{1,32}) "
    rb"\[meta sequenceId=\"(?P<sequence>\d+)\"\] (?P<json>\{.*\})"
)


class StreamServer:
    """A server that reads octet-counted messages from each connection until its end."""

    def __init__(self, tls=None, reset=False):
        """With `reset`, it drops each connection without reading it."""
        self.messages, self._tls, self._reset = [], tls, reset
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                if self._reset:
                    linger = b"\1\0\0\0\0\0\0\0"
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    continue
                with suppress(OSError):
                    self._read(self._tls.wrap_socket(connection, True) if self._tls else connection)

    def _read(self, connection):
        data = b""
        while piece := connection.recv(65536):
            data += piece
        while data:
            length, _, data = data.partition(b" ")
            self.messages.append(data[: int(length)])
            data = data[int(length) :]
        connection.close()

    def stop(self):
        """Close the socket; wait for the thread."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


class Format(SimpleTestCase):
    """Lines of JSON and messages."""

    def test_a_message_is_rfc_5424(self):
        row = rows(3)[-1]
        found = RFC5424.fullmatch(syslog.message(row, "local3", host="rolf1"))
        self.assertTrue(found)
        self.assertEqual(int(found["priority"]), 19 * 8 + 5)
        self.assertEqual(found["at"], b"2026-11-28T21:00:03.000005Z")
        self.assertEqual((found["id"], found["sequence"]), (b"token.created", b"3"))
        row.outcome = "refused"
        found = RFC5424.fullmatch(syslog.message(row))
        self.assertEqual(int(found["priority"]), 10 * 8 + 4)

    def test_a_line_has_what_its_hash_is_made_of(self):
        row = rows()[-1]
        line = json.loads(syslog.json_line(row))
        found = line.pop("hash")
        text = json.dumps(line, sort_keys=True, separators=(",", ":"))
        self.assertEqual(hashlib.sha256(text.encode()).hexdigest(), found)

    def test_text_of_people_stays_within_its_message(self):
        row = rows(1)[0]
        row.target, row.action = 'a\n<1>1 - "]\\ ä\0', "x y\n.ä"
        [message] = syslog.message(row).splitlines()
        self.assertTrue(RFC5424.fullmatch(message))
        self.assertEqual(json.loads(RFC5424.fullmatch(message)["json"])["target"], row.target)

    def test_sequence_ids_stay_in_their_range(self):
        row = rows(1)[0]
        for sequence, number in [(1, 1), (2**31 - 1, 2**31 - 1), (2**31, 1)]:
            row.sequence = sequence
            found = RFC5424.fullmatch(syslog.message(row))
            self.assertEqual(int(found["sequence"]), number)

    def test_a_wrong_url_is_an_error_of_the_settings(self):
        for wrong in (
            "/var/log/audit",
            "file://host/x",
            "syslog://x",
            "syslog+tcp:///",
            "syslog+udp://localhost?facility=mail",
            "syslog+tcp://localhost?colour=red",
            "syslog+tls://localhost?ca=/absent",
        ):
            with self.subTest(wrong):
                with self.assertRaises(ValueError):
                    sink_of(wrong)
                with override_settings(AUDIT_SINKS=[wrong]):
                    found = [each for each in run_checks() if each.id == "audit.E001"]
                self.assertIn("next: ", found[0].hint)


class Case(TestCase):
    """Some rows, and a forwarder of one sink."""

    @classmethod
    def setUpTestData(cls):
        for number in range(7):
            audit.record("x.y", number=number)
        Entry.objects.append_pending()

    def setUp(self):
        self.directory = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.all = list(Entry.objects.order_by("sequence").values_list("sequence", flat=True))

    def stepped(self, forwarder):
        """Let a forwarder go on, as if the pause after a failure were over."""
        forwarder._due = dict.fromkeys(forwarder._due, 0.0)
        forwarder.step()


class Files(Case):
    """A file of JSON lines, and the cursor in the database."""

    def setUp(self):
        super().setUp()
        self.path = self.directory / "audit.jsonl"
        self.url = f"file://{self.path}"
        self.forwarder = Forwarder([self.url])

    def sequences(self, path=None):
        lines = (path or self.path).read_text().splitlines()
        return [json.loads(line)["sequence"] for line in lines]

    def test_each_row_is_sent_once(self):
        self.forwarder.step()
        self.assertEqual(self.sequences(), self.all)
        audit.record("x.z")
        self.forwarder.step()
        self.forwarder.step()
        self.assertEqual(self.sequences(), [*self.all, self.all[-1] + 1])
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o640)

    def test_rows_are_sent_in_batches(self):
        with mock.patch("audit.forwarding.BATCH", 2):
            self.forwarder.step()
        self.assertEqual(self.sequences(), self.all)

    def test_a_renamed_file_is_begun_again(self):
        self.forwarder.step()
        self.path.rename(self.directory / "audit.jsonl.1")
        audit.record("x.z")
        self.forwarder.step()
        self.assertEqual(self.sequences(), [self.all[-1] + 1])

    def test_nothing_is_lost_while_the_sink_is_away(self):
        os.mkdir(self.path)  # noqa: PTH102 - in the way
        with self.assertLogs("rolf.audit", "ERROR") as logs:
            for _ in range(3):
                self.stepped(self.forwarder)
                audit.record("x.z")
        self.assertEqual(len(logs.records), 1)
        self.path.rmdir()
        with self.assertLogs("rolf.audit", "WARNING"):
            self.stepped(self.forwarder)
        last = Head.objects.get().sequence
        self.assertEqual(self.sequences(), list(range(self.all[0], last + 1)))

    def test_a_full_disk_leaves_no_half_line(self):
        self.forwarder.step()
        audit.record("x.z", text="x" * 200)
        write = os.write

        def fail(descriptor, data):
            if len(data) < 100:
                raise OSError(28, "No space left on device")
            return write(descriptor, bytes(data[:100]))

        with mock.patch("audit.sinks.os.write", fail), self.assertLogs("rolf.audit", "ERROR"):
            self.forwarder.step()
        self.assertEqual(self.sequences(), self.all)
        with self.assertLogs("rolf.audit", "WARNING"):
            self.stepped(self.forwarder)
        self.assertEqual(self.sequences(), [*self.all, self.all[-1] + 1])

    def test_one_forwarder_at_a_time_sends(self):
        other = Forwarder([self.url])
        Delivery.objects.create(
            url=self.url, holder="another", until=datetime.now(UTC) + timedelta(seconds=60)
        )
        other.step()
        self.assertFalse(self.path.exists())
        Delivery.objects.update(until=datetime.now(UTC) - timedelta(seconds=1))
        other.step()
        self.assertEqual(self.sequences(), self.all)

    def test_a_second_sink_does_not_wait_for_the_first(self):
        second = self.directory / "second.jsonl"
        forwarder = Forwarder(["syslog+tcp://127.0.0.1:1", f"file://{second}"])
        with self.assertLogs("rolf.audit", "ERROR"):
            forwarder.step()
        self.assertEqual(self.sequences(second), self.all)


class Servers(Case):
    """Syslog servers by each transport."""

    def sequences(self, messages):
        return [json.loads(RFC5424.fullmatch(each)["json"])["sequence"] for each in messages]

    def test_tcp(self):
        server = StreamServer()
        self.addCleanup(server.stop)
        Forwarder([f"syslog+tcp://127.0.0.1:{server.port}"]).step()
        self.assertEqual(self.sequences(server.messages), self.all)

    def test_tls_with_a_certificate_of_ones_own(self):
        ca = certificate(self.directory)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(ca, self.directory / "key.pem")
        server = StreamServer(context)
        self.addCleanup(server.stop)
        Forwarder([f"syslog+tls://localhost:{server.port}?ca={ca}"]).step()
        self.assertEqual(self.sequences(server.messages), self.all)

    def test_tls_refuses_an_unknown_certificate(self):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate(self.directory), self.directory / "key.pem")
        server = StreamServer(context)
        with self.assertLogs("rolf.audit", "ERROR") as logs:
            Forwarder([f"syslog+tls://localhost:{server.port}"]).step()
        self.assertIn("certificate", logs.output[0])
        server.stop()

    def test_udp(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            Forwarder([f"syslog+udp://127.0.0.1:{server.getsockname()[1]}"]).step()
            server.settimeout(5)
            messages = [server.recv(65536) for _ in self.all]
        self.assertEqual(self.sequences(messages), self.all)

    def test_a_unix_socket(self):
        path = self.directory / "log"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
            server.bind(str(path))
            server.settimeout(5)
            Forwarder([f"syslog+unix://{path}"]).step()
            messages = [server.recv(65536) for _ in self.all]
        self.assertEqual(self.sequences(messages), self.all)

    def test_rows_that_a_server_did_not_read_are_sent_again(self):
        server = StreamServer(reset=True)
        url = f"syslog+tcp://127.0.0.1:{server.port}"
        forwarder = Forwarder([url])
        with self.assertLogs("rolf.audit", "ERROR"):
            forwarder.step()
        self.assertEqual(Delivery.objects.get(url=url).sent, 0)
        server._reset = False
        with self.assertLogs("rolf.audit", "WARNING"):
            self.stepped(forwarder)
        self.assertEqual(self.sequences(server.messages), self.all)
        server.stop()
