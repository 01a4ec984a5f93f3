"""Followers of a push get every change once, however often they reconnect."""

import asyncio
import gc
import json
import random
from contextlib import asynccontextmanager
from unittest import mock

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, connections
from django.db.models import F
from django.test import TransactionTestCase

from database import clock
from deployments.models import Application, Category, Deployment, Grant, Level
from pushes.models import LogChunk, Push, Worker

from ..live import hub, share
from ..live import news as news_module
from ..live.follow import overview_events, push_events
from ..live.news import Cursor, news


class Case(TransactionTestCase):
    """A push that runs, and a user with permission to see it."""

    def setUp(self):
        shop = Application.objects.create(
            name="shop", category=Category.objects.create(name="Sites")
        )
        self.deployment = Deployment.objects.create(name="production", application=shop)
        self.push = Push.objects.create(
            deployment=self.deployment,
            user_name="ben",
            state="running",
            number=1,
            snapshot={"stages": []},
            log_lines=0,
        )
        self.user = get_user_model().objects.create_user("ben")
        group = Group.objects.create(name="designers")
        self.user.groups.add(group)
        self.grant = Grant.objects.create(deployment=self.deployment, group=group, level=Level.PUSH)
        self.client.force_login(self.user)
        self.session = self.client.session.session_key
        self.addCleanup(lambda: hub.call_in_thread(connections.close_all))

    def say(self, data):
        """Add to the log, as a worker does."""
        push = Push.objects.get(pk=self.push.pk)
        lines = push.log_lines + data.count(b"\n")
        LogChunk.objects.create(
            push=push,
            sequence=push.chunks.count(),
            offset=push.log_bytes,
            data=data,
            first_line=push.log_lines,
            last_line=lines,
            spans=[[len(data), 0, "stdout", 1_700_000_000.0, ""]],
        )
        Push.objects.filter(pk=push.pk).update(
            log_lines=lines, log_bytes=push.log_bytes + len(data), version=F("version") + 1
        )

    def end(self):
        """Let the push end."""
        Push.objects.filter(pk=self.push.pk).update(state="succeeded", version=F("version") + 1)


class Page:
    """The lines of a page: changes replace those from `first` on."""

    def __init__(self):
        """Start without lines."""
        self.lines, self.taken = [], 0

    def take(self, changes):
        if changes["first"] is not None:
            self.taken += 1
            assert changes["first"] <= len(self.lines), "lines were lost"
            items = changes["html"].split("<li id=")[1:]
            del self.lines[changes["first"] :]
            self.lines += [item.partition("<code>")[2].partition("</code>")[0] for item in items]


class News(Case):
    """The changes since a cursor."""

    def test_nothing_is_lost_or_doubled_wherever_one_looks(self):
        chance = random.Random(2)  # noqa: S311
        page, cursor, output = Page(), Cursor(), b""
        for _ in range(80):
            piece = b"".join(chance.choices([b"ab", b"\n", b"c\n", b"d"], k=chance.randrange(1, 6)))
            output += piece
            self.say(piece)
            if chance.random() < 0.6:
                changes, after = news(self.push.pk, Cursor.parse(str(cursor)), Level.VIEW)
                if changes:
                    page.take(changes)
                # Now and then an answer is lost, and the browser comes again with what it has.
                cursor = after if chance.random() < 0.8 else cursor
        changes, _ = news(self.push.pk, cursor, Level.VIEW)
        if changes:
            page.take(changes)
        expected = output.decode().split("\n")
        self.assertEqual(page.lines, expected if expected[-1] else expected[:-1])

    def test_without_changes_there_are_no_news(self):
        self.say(b"one\n")
        changes, cursor = news(self.push.pk, Cursor(), Level.VIEW)
        self.assertEqual((changes["first"], changes["total"]), (0, 1))
        self.assertIn("lost", changes["panel"])  # no worker carries it out
        self.assertEqual(news(self.push.pk, cursor, Level.VIEW), (None, cursor))

    def test_panel_is_rendered_again_only_if_more_than_the_output_has_changed(self):
        worker = Worker.objects.create(name="one", machine="here", pid=1, beat=clock.now())
        Push.objects.filter(pk=self.push.pk).update(worker=worker)
        cursor, shown = Cursor(), []
        with mock.patch.object(news_module, "_rendered", wraps=news_module._rendered) as rendered:
            for change in ({}, {}, {"awaits": "switch"}, {}, {"awaits": ""}, {"commit": "c0ffee"}):
                Push.objects.filter(pk=self.push.pk).update(**change)
                self.say(b"more\n")
                changes, cursor = news(self.push.pk, cursor, Level.PUSH)
                shown.append((changes["panel"] or "", rendered.call_count))
        self.assertEqual([count for _, count in shown], [1, 1, 2, 2, 3, 4])
        self.assertIn("<strong>switch</strong>", shown[2][0])
        self.assertIn("c0ffee", shown[5][0])

    def test_a_cursor_that_is_none_of_ours_is_the_beginning(self):
        for text in ("", None, "x.y", "-1.", "9" * 40, "1e9."):
            self.assertEqual(Cursor.parse(text).lines, 0)

    def test_who_is_far_behind_gets_the_tail(self):
        self.say(b"x\n" * 3000)
        changes, _ = news(self.push.pk, Cursor(), Level.VIEW)
        self.assertEqual((changes["first"], changes["total"]), (2500, 3000))


class Following(Case):
    """The stream."""

    async def next(self, events):
        """Return the data of the next event, without keep-alives."""
        async with asyncio.timeout(10):
            while True:
                output = (await anext(events)).decode()
                if output.startswith("id:"):
                    return json.loads(output.partition("data: ")[2])

    async def ended(self, events):
        """Wait for the stream to end. Raise TimeoutError if it continues."""
        async with asyncio.timeout(10):
            async for _ in events:
                pass

    def follow(self, cursor=""):
        return push_events(
            self.session, self.deployment.pk, Level.PUSH, self.push.pk, Cursor.parse(cursor)
        )

    async def test_all_followers_get_output_at_once(self):
        events = [self.follow() for _ in range(5)]
        first = [await self.next(one) for one in events]
        self.assertEqual([changes["total"] for changes in first], [0] * 5)
        await sync_to_async(self.say)(b"hello <b>\n")
        for one in events:
            changes = await self.next(one)
            self.assertEqual((changes["first"], changes["total"]), (0, 1))
            self.assertIn("hello &lt;b&gt;", changes["html"])
        for one in events:
            await one.aclose()

    async def test_a_follower_who_comes_during_a_pause_gets_changes_at_once(self):
        if connection.vendor != "sqlite":
            self.skipTest("the database notifies")
        with mock.patch.object(hub, "IDLE", 60.0), mock.patch.object(hub, "PAUSE", 0.01):
            await sync_to_async(self.end)()
            async with hub.Hub.of_loop().following(self.push.pk):
                await asyncio.sleep(0.3)  # the hub pauses: this push does not run
                async with hub.Hub.of_loop().following(hub.EVERYTHING) as wake, asyncio.timeout(10):
                    await wake.wait()

    async def test_what_an_editor_sees_reaches_no_other_follower(self):
        await self.deployment.settings.acreate(name="REMOTE_HOST", text="app1.example.org")
        await sync_to_async(self.say)(b"sent to app1.example.org\n")
        editor, other = (
            push_events(self.session, self.deployment.pk, level, self.push.pk, Cursor())
            for level in (Level.EDIT, Level.PUSH)
        )
        whole, hidden = await asyncio.gather(self.next(editor), self.next(other))
        self.assertIn("app1.example.org", whole["html"])
        self.assertNotIn("app1.example.org", hidden["html"])
        for one in (editor, other):
            await one.aclose()

    async def test_it_goes_on_where_a_browser_was(self):
        await sync_to_async(self.say)(b"one\ntwo\n")
        events = self.follow()
        cursor = (await self.next(events))["cursor"]
        await events.aclose()
        await sync_to_async(self.say)(b"three\n")
        events = self.follow(cursor)
        changes = await self.next(events)
        self.assertEqual((changes["first"], changes["total"]), (2, 3))
        self.assertNotIn("two", changes["html"])
        self.assertIsNone(changes["panel"])
        await events.aclose()

    async def test_it_ends_when_the_permission_is_taken_away(self):
        events = self.follow()
        await self.next(events)
        await self.grant.adelete()
        with self.settings_of(CHECK=0.2):
            await self.ended(events)

    async def test_it_ends_with_the_session(self):
        for ended in (
            self.client.logout,
            lambda: self.user.set_password("another"),
            lambda: setattr(self.user, "is_active", False),
        ):
            await sync_to_async(self.client.force_login)(self.user)
            self.session = (await sync_to_async(lambda: self.client.session)()).session_key
            events, board = self.follow(), overview_events(self.session)
            await self.next(events)
            await anext(board)
            await sync_to_async(ended)()
            await self.user.asave()
            with self.settings_of(CHECK=0.2):
                for one in (events, board):
                    await self.ended(one)

    async def test_without_followers_the_database_is_not_queried(self):
        with (
            mock.patch.multiple(hub, PAUSE=0.01, IDLE=0.01),
            mock.patch.object(hub, "_versions", wraps=hub._versions) as query,
        ):
            events = self.follow()
            await self.next(events)
            async with asyncio.timeout(10):
                while query.call_count < 3:  # again and again while somebody follows
                    await asyncio.sleep(0.01)
            await events.aclose()
            await asyncio.sleep(0.2)  # a query that has begun ends
            before = query.call_count
            await asyncio.sleep(0.5)
            self.assertEqual(query.call_count, before)

    async def test_the_board_hears_of_a_push_that_ends(self):
        events = overview_events(self.session)
        first = await asyncio.wait_for(anext(events), 5)
        self.assertIn(b"event: news", first)
        await sync_to_async(self.end)()
        async with asyncio.timeout(10):
            while (changes := await anext(events)).startswith(b": "):
                pass  # a keep-alive
        self.assertIn(b"event: news", changes)
        await events.aclose()

    async def test_the_board_hears_nothing_of_what_one_may_not_see(self):
        await self.grant.adelete()
        events = overview_events(self.session)
        await asyncio.wait_for(anext(events), 5)
        await sync_to_async(self.end)()
        with self.assertRaises(TimeoutError):
            await asyncio.wait_for(anext(events), 1.5)

    async def test_one_user_takes_no_more_than_a_share(self):
        other = await get_user_model().objects.acreate_user("eve")
        async with self.open_streams(self.user, share.MOST):
            for address in ("live/", f"{self.push_address}follow/", f"{self.push_address}log"):
                response = await self.async_client.get(f"/{address}")
                self.assertEqual(response.status_code, 429, address)
            async with self.open_streams(other, 1):
                pass
        async with asyncio.timeout(10):
            while share.is_full(self.user):
                gc.collect()  # the test client keeps the streams in cycles
                await asyncio.sleep(0.01)

    async def test_requests_at_one_moment_share_the_limit(self):
        await sync_to_async(self.async_client.force_login)(self.user)
        with mock.patch.object(share, "is_full", return_value=False):
            responses = [await self.async_client.get("/live/") for _ in range(3)]
        with mock.patch.object(share, "MOST", 2):
            begun = [aiter(response.streaming_content) for response in responses]
            first = [await anext(each, b"") for each in begun]
        self.assertEqual([bool(event) for event in first], [True, True, False])
        for each in begun:
            await each.aclose()

    @property
    def push_address(self):
        return f"deployments/{self.deployment.pk}/pushes/1/"

    @asynccontextmanager
    async def open_streams(self, user, number):
        """Hold that many streams of the user."""
        await sync_to_async(self.async_client.force_login)(user)
        responses = [await self.async_client.get("/live/") for _ in range(number)]
        self.assertEqual({response.status_code for response in responses}, {200})
        streams = [aiter(response.streaming_content) for response in responses]
        try:
            for each in streams:
                await anext(each)
            yield
        finally:
            for each in streams:
                await each.aclose()

    def settings_of(self, **values):
        """Patch constants of pushes.live.follow."""
        return mock.patch.multiple("pushes.live.follow", **values)
