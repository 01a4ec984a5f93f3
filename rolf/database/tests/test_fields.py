"""Bytes in JSON, which PostgreSQL's jsonb refuses."""

from django.test import TestCase

from main.tests.cast import Cast
from pushes.models import Push


class Bytes(TestCase):
    """The record of a push, which has what stages wrote."""

    def test_any_text_comes_back(self):
        push = Cast().mine.pushes.first()
        for text in ("", "é", "a\udcffb", "\ufdd0", "\ufdd0--", "\ufdd0ff", "\udc80\ufdd0"):
            record = {"outputs": {"NAME": text, text: [text, 1, None, {"x": text}]}}
            Push.objects.filter(pk=push.pk).update(record=record)
            push.refresh_from_db()
            self.assertEqual(push.record, record)
            push.save(update_fields=["record"])
            self.assertEqual(Push.objects.values_list("record", flat=True).get(pk=push.pk), record)

    def test_no_record_is_null(self):
        push = Cast().mine.pushes.first()
        push.record = None
        push.save(update_fields=["record"])
        self.assertTrue(Push.objects.filter(pk=push.pk, record__isnull=True).exists())
