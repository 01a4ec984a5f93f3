"""An exported deployment can be imported, and is the same."""
# ruff: noqa: S311 - chance that can be repeated

import gzip
import io
import random
import tarfile
import tempfile
from pathlib import Path

from bootstrapper.deploy.definition import reader
from bootstrapper.deploy.definition.deployment import FILE
from bootstrapper.deploy.recipes import catalog as engine_catalog
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import SimpleTestCase
from django.urls import reverse

from cookbook.catalog import RecipeCatalog
from cookbook.models import Recipe
from cookbook.names import from_file_name, to_file_name
from deployments import export
from deployments.models import Deployment, Flag, Setting, Stage

from ..archive import LARGEST, ArchiveError, pack, unpack
from .test_rows import Case

WORDS = [
    "git",
    "clone",
    "Ёлка",
    "全角\u3000スペース",
    "50%",
    "%2F",
    "a\u00a0b",
    ".x",
    "é'\"\\",
    "x-2",
    "שלום",
    "greet",
    "smoke-test",
    "#",
]
TEXTS = ["", " ", "a\nb\r\n\tc", "'\"\\ $X `y` ${Z}", "ж\x7f\x1b[1m", '"""', "1", "true"]


class Taken(Case):
    """A deployment exported as files, and created again from them."""

    def setUp(self):
        super().setUp()
        self.client.force_login(self.cast.people["superuser"])

    def taken(self, deployment, **more):
        """Return the deployment that is made of what is exported, and what the page says."""
        sent = self.client.get(reverse("deployments:export", args=[deployment.pk]), {"as": "tar"})
        return self.made(SimpleUploadedFile("export.tar.gz", sent.content), **more)

    def made(self, file, **more):
        name = f"made {Deployment.objects.count()}"
        page = self.client.post(
            reverse("deployments:new"),
            {"application": self.deployment.application_id, "name": name, "files": file, **more},
            follow=True,
        )
        self.assertEqual(
            page.status_code, 200, page.context.get("form") and page.context["form"].errors
        )
        return Deployment.objects.get(name=name), page

    def test_random_deployments_are_the_same(self):
        for seed in range(40):
            with self.subTest(seed=seed):
                deployment = self.of_chance(random.Random(seed))
                again, page = self.taken(deployment)
                self.assertEqual(described(again), described(deployment))
                self.assertNotContains(page, "have these recipes")
                self.read_by_the_engine(deployment)

    def of_chance(self, chance):
        deployment = Deployment.objects.create(
            application=self.deployment.application,
            name=f"chance {Deployment.objects.count()}",
            branch=chance.choice(["main", "release/1.0", "ветка"]),
            timeout=chance.choice([None, 900, 1, 5400]),
            idle_timeout=chance.choice([None, 60]),
            on_failure=chance.choice(["halt", "rollback"]),
            batch=chance.choice(["", "100%", "25%", "3"]),
            max_failures=chance.randrange(3),
        )
        Recipe.objects.all().delete()
        shop = sorted({self.name(chance) for _ in range(4)})
        for name in shop:
            Recipe.objects.create(name=name, **self.code(chance))
        for position, name in enumerate(sorted({self.name(chance) for _ in range(6)})):
            runs = chance.choice(
                [{"recipe": chance.choice([*shop, "git-clone", "smoke-test"])}, self.code(chance)]
            )
            Stage.objects.create(
                deployment=deployment,
                position=position,
                name=name,
                timeout=chance.choice([None, 900, 90]),
                idle_timeout=chance.choice([None, 60]),
                enabled=position == 0 or chance.random() > 0.2,
                **runs,
            )
        for number, text in enumerate(TEXTS):
            setting = Setting(
                deployment=deployment, name=f"SETTING_{number}", secret=chance.random() < 0.2
            )
            setting.value = text
            setting.save()
            Flag.objects.create(
                deployment=deployment,
                name=f"FLAG_{number}",
                kind="text",
                default=text,
                description=chance.choice(["", self.name(chance)]),
            )
        hosts = chance.choice([("REMOTE_HOST", "."), ("REMOTE_HOSTS", "a\nb@c")])
        Setting.objects.create(deployment=deployment, name=hosts[0], text=hosts[1])
        Flag.objects.create(deployment=deployment, name="SWITCH", default=chance.choice(["", "1"]))
        return deployment

    def name(self, chance):
        words = [chance.choice(WORDS) for _ in range(chance.randrange(1, 4))]
        return chance.choice(["/", " ", "-"]).join(words)

    def code(self, chance):
        return {
            "language": chance.choice(["shell", "python"]),
            "code": chance.choice(["#!/usr/bin/perl\nprint 1;\n", "# Ё.\n\nx = '\\n'\n\n", "x"]),
        }

    def read_by_the_engine(self, deployment):
        with tempfile.TemporaryDirectory() as project:
            for path, text in unpack(pack(export.files(deployment))).items():
                file = Path(project, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, newline="")
            shown = reader.read(Path(project)).deployment()
            recipes = engine_catalog.RecipeCatalog(Path(project))
            code = [recipes.get(stage.recipe).code for stage in shown.stages]
        self.assertEqual(
            code,
            [
                stage.code or RecipeCatalog().get(stage.recipe).code
                for stage in deployment.stages.filter(enabled=True)
            ],
        )

    def test_an_import_adds_missing_recipes_and_replaces_none(self):
        Recipe.objects.create(name="git/clone", code="# Ours.\necho ours\n")
        self.add("a", recipe="git/clone")
        self.add("b", recipe="git-clone")
        self.add("greet", recipe="", code="echo not the recipe\n")
        sent = pack(export.files(self.deployment))
        Recipe.objects.filter(name="git/clone").update(code="# Another.\n")
        again, _ = self.made(SimpleUploadedFile("x.tgz", sent))
        self.assertEqual(
            [(stage.name, stage.recipe, stage.code) for stage in again.stages.all()],
            [
                ("a", "", "# Ours.\necho ours\n"),
                ("b", "git-clone", ""),
                ("greet", "", "echo not the recipe\n"),
            ],
        )

    def test_what_is_nowhere_is_named(self):
        Recipe.objects.create(name="git/clone", code="# Ours.\n")
        self.add("a", recipe="git/clone")
        self.add("it's own", code="echo\n")
        toml = export.files(self.deployment)[FILE]
        Recipe.objects.all().delete()
        again, page = self.made(SimpleUploadedFile("deployments.toml", toml.encode()))
        self.assertContains(
            page,
            "Neither the cookbook nor the files have these recipes: “git/clone”, “it&#x27;s own”.",
        )
        self.assertEqual([stage.recipe for stage in again.stages.all()], ["git/clone", "it's own"])

    def add(self, name, **more):
        self.deployment.stages.filter(recipe="greet").delete()
        Stage.objects.create(
            deployment=self.deployment, name=name, position=self.deployment.stages.count(), **more
        )

    def test_faults_of_a_file_are_reported_at_it(self):
        stage = "[deployments.x]\nstages = [{}]\n"
        for data, fault in [
            (b"\xff", "is not UTF-8"),
            (b"x", "Line 1: "),
            (b"\x1f\x8bx", "not a .tar.gz"),
            (pack({"README": "x"}), "The archive has no deploy/deployments.toml"),
            (stage.format('"a//b"').encode(), "The stage"),
            (stage.format('"%2e%2e"').encode(), "not a valid name"),
            (stage.format('"a", {recipe = "b", name = "%61"}').encode(), "of that name"),
            (
                pack(
                    {
                        FILE: stage.format('"a"'),
                        "deploy/recipes/a.sh": "",
                        "deploy/recipes/a.py": "",
                    }
                ),
                "another file defines a recipe of that name",
            ),
        ]:
            with self.subTest(data):
                answer = self.client.post(
                    reverse("deployments:new"),
                    {
                        "application": self.deployment.application_id,
                        "name": "made",
                        "files": SimpleUploadedFile("x", data),
                    },
                )
                self.assertContains(answer, fault, status_code=422)
                self.assertTrue(answer.context["form"].errors["files"])
        self.assertFalse(Deployment.objects.filter(name="made").exists())


def described(deployment):
    """Return what of a deployment is in its file."""
    stages = [stage.history_fields() for stage in deployment.stages.filter(enabled=True)]
    for position, stage in enumerate(stages):
        stage["position"] = position
        if stage["recipe"]:
            del stage["language"]
    return {
        "stages": stages,
        "settings": [
            (setting.name, setting.secret, setting.text) for setting in deployment.settings.all()
        ],
        "flags": {flag.name: flag.history_fields() for flag in deployment.flags.all()},
        **{
            name: getattr(deployment, name)
            for name in ("branch", "timeout", "idle_timeout", "on_failure", "batch", "max_failures")
        },
    }


class Names(SimpleTestCase):
    """Names of recipes as file names."""

    def test_every_name_comes_back(self):
        chance = random.Random(1)
        for _ in range(5000):
            name = "".join(chance.choices("/%.2FfEe5 ж\u3000\ue000x", k=chance.randrange(1, 9)))
            there = to_file_name(name)
            self.assertEqual(from_file_name(there), name)
            self.assertNotIn("/", there)
            self.assertFalse(there.startswith("."))

    def test_what_a_file_can_have_stays_as_it_is(self):
        for name in ("git clone", "Ёлка", "100% sure", "a.b", "全角\u3000"):
            self.assertEqual(to_file_name(name), name)
        self.assertEqual(to_file_name("git/clone"), "git%2Fclone")


class Packs(SimpleTestCase):
    """Uploaded archives."""

    def archive(self, *members):
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w:gz") as archive:
            for name, kind, text in members:
                member = tarfile.TarInfo(name)
                member.type, member.size, member.linkname = kind, len(text), "/etc/passwd"
                archive.addfile(member, io.BytesIO(text))
        return data.getvalue()

    def test_only_what_matters_is_read(self):
        found = unpack(
            self.archive(
                (f"./{FILE}", tarfile.REGTYPE, b"x"),
                ("deploy/recipes/a.sh", tarfile.REGTYPE, b"y"),
                ("deploy/recipes/link.sh", tarfile.SYMTYPE, b""),
                ("/etc/passwd", tarfile.REGTYPE, b"z"),
                ("main.py", tarfile.REGTYPE, b""),
                ("deploy/recipes/../../x.sh", tarfile.REGTYPE, b"z"),
                ("deploy/recipes/._a.sh", tarfile.REGTYPE, b"\xff"),
                ("deploy/recipes/in/b.sh", tarfile.REGTYPE, b"z"),
                ("deploy/recipes/pipe.sh", tarfile.FIFOTYPE, b""),
            )
        )
        self.assertEqual(found, {FILE: "x", "deploy/recipes/a.sh": "y"})

    def test_what_is_too_large_or_damaged_is_refused(self):
        whole = self.archive((FILE, tarfile.REGTYPE, b"x" * 5000))
        for data, fault in [
            (gzip.compress(bytes(LARGEST + 1)), "more than 4 MiB"),
            (whole[:-40], "damaged"),
            (gzip.compress(gzip.decompress(whole)[:2000]), "damaged"),
            (gzip.compress(b"no tar at all" * 100), "damaged"),
            (b"a\0b", "contains a NUL"),
        ]:
            with self.subTest(fault, size=len(data)), self.assertRaisesRegex(ArchiveError, fault):
                unpack(data)

    def test_a_damaged_tar_raises_only_pack_faults(self):
        whole = bytearray(
            gzip.decompress(
                self.archive(
                    (FILE, tarfile.REGTYPE, b"x"),
                    (f"deploy/recipes/{'a' * 120}.sh", tarfile.REGTYPE, b"y"),
                )
            )
        )
        chance = random.Random(2)
        refused = 0
        for _ in range(2000):
            data = bytearray(whole)
            for _ in range(chance.randrange(1, 6)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            try:
                files = unpack(gzip.compress(data, 1))
            except ArchiveError:
                refused += 1
            else:  # only the padding was damaged, or a byte of a text or of a later name
                self.assertIn(FILE, files)
        self.assertGreater(refused, 300)

    def test_any_damage_of_the_first_header_is_reported(self):
        whole = gzip.decompress(self.archive((FILE, tarfile.REGTYPE, b"x")))
        self.assertEqual(unpack(gzip.compress(whole)), {FILE: "x"})
        # The checksum covers the header, but for the byte after its own digits.
        for at in set(range(512)) - {155}:
            data = bytearray(whole)
            data[at] ^= 0x15
            with self.subTest(at=at), self.assertRaises(ArchiveError):
                unpack(gzip.compress(data, 1))

    def test_any_damage_of_the_gzip_data_is_reported(self):
        whole = self.archive((FILE, tarfile.REGTYPE, b"x" * 5000))
        for at in range(10, len(whole)):  # after the header, which no checksum covers
            data = bytearray(whole)
            data[at] ^= 0x15
            with self.subTest(at=at), self.assertRaises(ArchiveError):
                unpack(bytes(data))
