"""The page of workers."""

from django.test import TestCase
from django.urls import reverse

from database import clock
from main.tests.cast import Cast
from pushes.models import HEARD, Worker


class Workers(TestCase):
    """Two workers, one of which runs a push."""

    def setUp(self):
        self.cast = Cast()
        Worker.objects.all().delete()
        self.one = self.worker("one", labels="dmz plone", release="7", slots=3)
        self.two = self.worker("two", beat=clock.ago(HEARD + 1))
        self.push = self.cast.mine.pushes.first()
        type(self.push).objects.filter(pk=self.push.pk).update(state="running", worker=self.one)
        self.client.force_login(self.cast.people["superuser"])
        self.url = reverse("worker:workers")

    def worker(self, name, **fields):
        return Worker.objects.create(name=name, machine=f"{name} 4026", pid=7, **fields)

    def test_the_page_lists_what_each_runs(self):
        page = self.client.get(self.url)
        self.assertContains(page, "dmz plone")
        self.assertContains(page, "1 of 3")
        self.assertContains(page, f"{self.cast.mine}, {self.push}")
        self.assertContains(page, '<span class="tag">silent</span>', count=1)

    def test_a_worker_is_drained_and_starts_again(self):
        url = reverse("worker:drain", args=[self.one.pk])
        for data, draining in [({"drain": "1"}, True), ({}, False)]:
            self.assertRedirects(self.client.post(url, data), self.url)
            self.one.refresh_from_db()
            self.assertIs(self.one.draining, draining)

    def test_the_number_of_queries_does_not_grow(self):
        def queries():
            with self.assertNumQueries(4):
                self.client.get(self.url)

        queries()
        for number in range(9):
            self.worker(f"more {number}")
        queries()
