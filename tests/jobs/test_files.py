"""What came in comes out, byte for byte, and nobody else can read it."""

import hashlib
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from common.keyring import CannotOpen
from jobs import files
from jobs.choices import FileKind
from jobs.models import StoredFile
from tests.factories import NOW, SchoolFactory, UserFactory

pytestmark = pytest.mark.django_db
CONTENT = "姓名,身份证件号码\n王小明,不写\n".encode() * 100


@pytest.fixture(autouse=True)
def _own_place(settings, tmp_path):
    settings.FILES_DIR = tmp_path


def store(content=CONTENT, *, name="花名册.xlsx", **facts):
    return files.store(content, name=name, kind=FileKind.ROSTER, by=UserFactory(), at=NOW, **facts)


def on_disk():
    return [path for path in Path(settings.FILES_DIR).rglob("*") if path.is_file()]


class TestStore:
    def test_gives_back_what_it_took(self):
        school = SchoolFactory()

        stored = store(school=school)

        assert files.content(stored) == CONTENT
        assert (stored.sha256, stored.size, stored.school) == (
            hashlib.sha256(CONTENT).hexdigest(),
            len(CONTENT),
            school,
        )

    def test_seals_what_lies_on_disk_and_lets_only_the_owner_near(self):
        store()

        [path] = on_disk()
        assert "王小明".encode() not in path.read_bytes()
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)

    def test_the_same_content_lies_there_once_under_both_names(self):
        first, second = store(name="一.xlsx"), store(name="二.xlsx")

        assert first != second
        assert files.content(first) == files.content(second)
        assert len(on_disk()) == 1

    def test_its_row_goes_back_with_the_transaction(self):
        with transaction.atomic():
            store()
            transaction.set_rollback(True)

        assert not StoredFile.objects.exists()
        assert files.content(store()) == CONTENT

    def test_refuses_what_is_too_large_and_what_is_empty(self, monkeypatch):
        monkeypatch.setattr(files, "LARGEST_BYTES", 2 * 2**20)

        with pytest.raises(files.TooLarge, match=r"3 MB.*2 MB"):
            store(bytes(2 * 2**20 + 1))
        with pytest.raises(files.Empty):
            store(b"")
        assert on_disk() == []

    def test_leaves_nothing_behind_when_the_disk_is_full(self, monkeypatch):
        def full(_handle):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(files.os, "fsync", full)

        with pytest.raises(OSError, match="No space"):
            store()
        assert on_disk() == []
        assert not StoredFile.objects.exists()


class TestContent:
    def test_a_file_that_is_gone_is_named_as_such(self):
        stored = store()
        on_disk()[0].unlink()

        with pytest.raises(files.Missing):
            files.content(stored)

    def test_a_changed_file_does_not_open(self):
        stored = store()
        [path] = on_disk()
        path.write_bytes(path.read_bytes()[:-1] + b"?")

        with pytest.raises(CannotOpen):
            files.content(stored)

    def test_an_exchanged_file_does_not_open(self):
        stored, other = store(), store(b"another list")
        place = Path(settings.FILES_DIR)
        paths = {file.pk: place / file.sha256[:2] / file.sha256 for file in (stored, other)}
        paths[stored.pk].write_bytes(paths[other.pk].read_bytes())

        with pytest.raises(CannotOpen):
            files.content(stored)


class TestShownName:
    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            ("花名册.xlsx", "花名册.xlsx"),
            ("C:\\Users\\wang\\花名册.xlsx", "花名册.xlsx"),
            ("../../etc/passwd", "passwd"),
            ("a\x00b\r\nc.xlsx", "abc.xlsx"),
            ("\u202excod.exe", "xcod.exe"),
            ("", "未命名文件"),
            ("..", "未命名文件"),
            ("证件410122201001010011.jpg", "证件＊＊＊＊＊＊＊＊＊＊＊＊＊＊＊＊11.jpg"),
            ("13800001234.pdf", "＊＊＊＊＊＊＊＊＊34.pdf"),
            ("4116250066-2021.xlsx", "4116250066-2021.xlsx"),
            ("花" * 300 + ".xlsx", "花" * 195 + ".xlsx"),
            ("x" * 300, "x" * 200),
        ],
    )
    def test_is_short_and_holds_no_trick(self, given, shown):
        assert files.shown_name(given) == shown
