import json
import stat

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from common import keyring, sealed
from common.keyring import CannotOpen, Keyring
from students.models import Student
from tests.factories import StudentFactory

RING = Keyring(data={1: b"1" * 32}, current=1, index=b"i" * 32)


class TestSeal:
    @given(st.binary(max_size=200), st.text(max_size=30))
    def test_opens_again_at_its_place(self, value, place):
        assert RING.open(RING.seal(value, place=place), place=place) == value

    def test_never_looks_the_same_twice(self):
        assert RING.seal(b"1", place="a.b") != RING.seal(b"1", place="a.b")

    def test_does_not_open_at_another_place(self):
        with pytest.raises(CannotOpen):
            RING.open(RING.seal(b"1", place="student.id_number"), place="card.number")

    @given(st.binary(min_size=1, max_size=50), st.data())
    def test_does_not_open_when_one_bit_was_changed(self, value, data):
        box = bytearray(RING.seal(value, place="a.b"))
        box[data.draw(st.integers(0, len(box) - 1))] ^= 1 << data.draw(st.integers(0, 7))

        with pytest.raises(CannotOpen):
            RING.open(bytes(box), place="a.b")

    @pytest.mark.parametrize("broken", [b"", b"\x01", b"\x01short", b"\x09" + b"0" * 40])
    def test_refuses_what_was_never_sealed(self, broken):
        with pytest.raises(CannotOpen):
            RING.open(broken, place="a.b")

    def test_a_ring_with_a_new_key_still_opens_the_old_values(self):
        old = RING.seal(b"1", place="a.b")
        renewed = Keyring(data={**RING.data, 2: b"2" * 32}, current=2, index=RING.index)

        assert renewed.open(old, place="a.b") == b"1"
        assert renewed.seal(b"1", place="a.b")[0] == 2


class TestFingerprint:
    @given(st.text(max_size=20), st.text(max_size=20))
    def test_is_equal_for_equal_values_only(self, one, other):
        assert (RING.fingerprint("id", one) == RING.fingerprint("id", other)) == (one == other)

    def test_keeps_an_id_from_being_found_among_cards(self):
        assert RING.fingerprint("id", "1") != RING.fingerprint("card", "1")

    def test_depends_on_the_ring(self):
        stranger = Keyring(data=RING.data, current=1, index=b"x" * 32)
        assert RING.fingerprint("id", "1") != stranger.fingerprint("id", "1")


class TestFile:
    def test_is_readable_by_its_owner_only_and_never_overwritten(self, tmp_path):
        path = tmp_path / "keys" / "keyring.json"
        keyring.write_new(path)

        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(FileExistsError):
            keyring.write_new(path)

    def test_two_rings_have_two_check_values_that_tell_no_key(self, tmp_path):
        keyring.write_new(tmp_path / "one.json")
        keyring.write_new(tmp_path / "other.json")
        one, other = keyring.read(tmp_path / "one.json"), keyring.read(tmp_path / "other.json")

        assert one.check_value() != other.check_value()
        for key in json.loads((tmp_path / "one.json").read_text())["keys"]:
            assert one.check_value() not in key["key"]

    def test_that_is_missing_says_how_to_make_one(self, tmp_path):
        with pytest.raises(ImproperlyConfigured, match="keys init"):
            keyring.read(tmp_path / "nothing.json")


@pytest.mark.django_db
class TestSealedField:
    def test_is_plain_in_memory_and_sealed_in_the_table(self):
        child = StudentFactory()

        with connection.cursor() as cursor:
            cursor.execute("SELECT id_number FROM students_student WHERE id = %s", [child.pk])
            lying = bytes(cursor.fetchone()[0])
        assert child.id_number.encode() not in lying
        assert Student.objects.get(pk=child.pk).id_number == child.id_number

    def test_is_found_by_the_index_beside_it(self):
        child = StudentFactory()
        StudentFactory()

        assert Student.objects.get(id_number_index=sealed.index("id", child.id_number)) == child

    @pytest.mark.parametrize("lookup", ["id_number", "id_number__exact", "id_number__contains", "id_number__in"])
    def test_cannot_be_searched(self, lookup):
        with pytest.raises(FieldError):
            list(Student.objects.filter(**{lookup: "1"}))

    def test_keeps_empty_text_empty(self):
        child = StudentFactory(guardian_phone="")

        assert Student.objects.get(pk=child.pk).guardian_phone == ""
        assert child.guardian_phone_index is None

    def test_of_one_row_does_not_open_in_another_column(self):
        child = StudentFactory()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE students_student SET guardian_phone = id_number WHERE id = %s", [child.pk])

        with pytest.raises(CannotOpen):
            Student.objects.get(pk=child.pk)
