"""The web server ends without losing a request."""

import asyncio
import socket
from unittest import IsolatedAsyncioTestCase, mock

import uvicorn

from . import web
from .connections import Connection

REQUEST = b"GET / HTTP/1.1\r\nHost: rolf.example.org\r\n\r\n"


class Shutdown(IsolatedAsyncioTestCase):
    """Clients whose request arrives, or waits for its answer, while the server ends."""

    async def asyncSetUp(self):
        """Serve, on a port of its own, an application that waits before it answers and after."""
        self.may_begin, self.may_end = asyncio.Event(), asyncio.Event()
        self.asked = asyncio.Event()
        self.may_begin.set()
        self.may_end.set()
        listening = socket.create_server(("127.0.0.1", 0))
        self.address = listening.getsockname()
        config = uvicorn.Config(
            self.application, interface="asgi3", lifespan="off", http=Connection, log_config=None
        )
        self.server = web.Server(config, 100)
        self.running = asyncio.create_task(self.server._serve([listening]))
        while not self.server.started:
            await asyncio.sleep(0.01)
        self.addAsyncCleanup(self.ended)

    async def application(self, scope, receive, send):
        self.asked.set()
        await self.may_begin.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first ", "more_body": True})
        await self.may_end.wait()
        await send({"type": "http.response.body", "body": b"last"})

    async def connect(self):
        reader, writer = await asyncio.open_connection(*self.address)
        self.addCleanup(writer.close)
        while not self.server.server_state.connections:
            await asyncio.sleep(0.01)
        return reader, writer

    async def end(self):
        """Return when the server has stopped to accept connections."""
        self.server.should_exit = True
        while any(server.is_serving() for server in self.server.servers):
            await asyncio.sleep(0.01)

    async def ended(self):
        self.server.should_exit = True
        await asyncio.wait_for(self.running, 30)

    async def test_a_request_on_a_new_connection_is_answered(self):
        reader, writer = await self.connect()
        await self.end()
        writer.write(REQUEST)
        answer = await reader.read()
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)

    async def test_a_second_request_is_answered(self):
        reader, writer = await self.connect()
        writer.write(REQUEST)
        await reader.readuntil(b"last\r\n0\r\n\r\n")
        await self.end()
        writer.write(REQUEST)
        answer = await reader.read()
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)

    async def test_a_connection_without_a_request_is_closed(self):
        reader, _ = await self.connect()
        with mock.patch("server.connections.UNDER_WAY", 0.01):
            await self.end()
            self.assertEqual(await reader.read(), b"")
        await asyncio.wait_for(self.running, 30)

    async def test_a_late_answer_is_sent(self):
        reader, writer = await self.connect()
        self.may_begin.clear()
        writer.write(REQUEST)
        await self.asked.wait()
        with mock.patch.object(web, "GRACE", 0):
            await self.end()
            await asyncio.sleep(0.2)  # two looks of the server at its connections
            self.may_begin.set()
            self.assertIn(b"first", await reader.read())

    async def test_an_answer_without_an_end_is_cut(self):
        reader, writer = await self.connect()
        self.may_end.clear()
        writer.write(REQUEST)
        await reader.readuntil(b"first ")
        with mock.patch.object(web, "GRACE", 0):
            await self.end()
            await asyncio.wait_for(self.running, 30)
        self.may_end.set()

    async def test_a_request_without_an_answer_does_not_keep_the_server(self):
        _, writer = await self.connect()
        self.may_begin.clear()
        writer.write(REQUEST)
        await self.asked.wait()
        with mock.patch.multiple(web, GRACE=0, ANSWER_TIME=0.1):
            await self.end()
            await asyncio.wait_for(self.running, 30)
        self.may_begin.set()
