"""Publicity: how long, what is shown and when, its photos, its result."""

from datetime import date, datetime, time, timedelta

import pytest

from accounts.models import Action
from common.moves import WrongState
from jobs import files
from jobs.documents import Brought
from programs import blockers, objections, photos, publicity
from programs.choices import AwardState, ListState, NoticeState
from programs.models import Award, NoticePhoto
from tests.factories import (
    NOW,
    AwardFactory,
    AwardListFactory,
    NoticeFactory,
    NoticePhotoFactory,
    ObjectionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
JPEG = b"\xff\xd8\xff\xe0 the board at the gate"
PNG = b"\x89PNG\r\n\x1a\n the board in the hall"


def at(day):
    return datetime.combine(day, time(10), tzinfo=NOW.tzinfo)


def over(notice):
    return at(notice.ends_on + timedelta(days=1))


@pytest.fixture
def notice():
    """A class of four on a list that is up."""
    award_list = AwardListFactory(published=True)
    AwardFactory.create_batch(4, list=award_list, enrollment__school=award_list.school)
    return NoticeFactory(list=award_list)


def numbers(notice, on=None):
    rows = publicity.rows(notice, publicity.lines(notice, on=on or notice.starts_on))
    return {row.name: row.number for row in rows}


class TestPutUp:
    def test_counts_chinese_working_days(self):
        """Put up on 30 September 2021: the holiday does not count, Saturday 9 October does."""
        award = AwardFactory(list__school_approved=True)

        notice = publicity.put_up(award.list, by=UserFactory(), at=at(date(2021, 9, 30)))

        assert notice.ends_on == date(2021, 10, 12)

    def test_cannot_be_shorter_than_five_working_days(self):
        award = AwardFactory(list__school_approved=True)

        with pytest.raises(publicity.TooShort):
            publicity.put_up(award.list, by=UserFactory(), at=NOW, working_days=4)


class TestLines:
    def test_show_only_the_allowed_columns(self):
        award = AwardFactory(list__published=True)
        notice = NoticeFactory(list=award.list)

        (row,) = publicity.rows(notice, publicity.lines(notice, on=notice.starts_on))

        assert row == publicity.PublicRow(
            number=1,
            name=award.student.name,
            school=award.school.name,
            grade=award.grade,
            class_name=award.class_name,
            program=award.program.name,
            amount_fen=award.amount_fen,
            ref=publicity.ref_of(notice, award.pk),
        )

    def test_are_gone_before_after_and_once_it_is_down(self, notice):
        assert publicity.lines(notice, on=notice.starts_on - timedelta(days=1)) == []
        assert publicity.lines(notice, on=notice.ends_on + timedelta(days=1)) == []
        publicity.take_down(notice, by=UserFactory(), at=over(notice), result="无异议")
        assert publicity.lines(notice, on=notice.starts_on) == []

    def test_keep_their_numbers_when_one_is_held_and_when_it_is_taken_off(self, notice):
        before = numbers(notice)
        second = notice.list.awards.order_by("pk")[1]

        objection = objections.raise_objection(notice, second, words="家里有门面房", by=UserFactory(), at=NOW)
        held = numbers(notice)
        objections.answer(objection, is_upheld=True, answer="属实", by=UserFactory(), at=NOW)
        taken_off = numbers(notice)

        assert sorted(before.values()) == [1, 2, 3, 4]
        assert held == taken_off == {name: n for name, n in before.items() if name != second.student.name}
        assert sorted(held.values()) == [1, 3, 4]

    def test_keep_their_numbers_when_a_name_is_corrected(self, notice):
        before = numbers(notice)
        first = notice.list.awards.order_by("pk")[0].student

        type(first).objects.filter(pk=first.pk).update(name="龘一鸣")

        assert list(numbers(notice).values()) == list(before.values())

    def test_are_numbered_without_gaps_when_children_were_taken_out_before(self, notice):
        Award.objects.filter(pk=notice.list.awards.first().pk).update(
            state=AwardState.DROPPED, dropped_reason="本人放弃"
        )

        assert sorted(numbers(notice).values()) == [1, 2, 3]

    def test_are_spoken_of_by_a_mark_of_this_notice_alone(self, notice):
        line, *_others = publicity.lines(notice, on=notice.starts_on)
        ref = publicity.ref_of(notice, line.award_id)

        assert publicity.line_of(notice, ref, on=notice.starts_on) == line
        assert publicity.line_of(notice, str(line.award_id), on=notice.starts_on) is None
        assert publicity.line_of(notice, ref, on=notice.ends_on + timedelta(days=1)) is None
        assert publicity.ref_of(NoticeFactory(), line.award_id) != ref

    def test_are_read_in_as_many_queries_for_one_child_as_for_many(self, notice, django_assert_num_queries):
        with django_assert_num_queries(2):
            publicity.rows(notice, publicity.lines(notice, on=notice.starts_on))


class TestTakeDown:
    def test_is_refused_on_the_last_day(self, notice):
        with pytest.raises(blockers.NotOver):
            publicity.take_down(notice, by=UserFactory(), at=at(notice.ends_on), result="无异议")
        notice.refresh_from_db()
        assert notice.state == NoticeState.UP

    def test_needs_a_result_in_words(self, notice):
        with pytest.raises(publicity.ResultMissing):
            publicity.take_down(notice, by=UserFactory(), at=over(notice), result="  ")

    def test_closes_the_list_with_its_result(self, notice):
        publicity.take_down(notice, by=UserFactory(), at=over(notice), result="无异议")

        notice.refresh_from_db()
        assert (notice.state, notice.result, notice.list.state) == (NoticeState.DOWN, "无异议", ListState.CLOSED)

    def test_happens_once(self, notice):
        publicity.take_down(notice, by=UserFactory(), at=over(notice), result="无异议")

        with pytest.raises(WrongState):
            publicity.take_down(notice, by=UserFactory(), at=over(notice), result="无异议")

    def test_waits_for_what_came_by_the_page_and_for_what_is_looked_into(self, notice):
        first, second = notice.list.awards.order_by("pk")[:2]
        objections.send_in(notice, first, words="家里有门面房", at=NOW)
        objections.raise_objection(notice, second, words="家里有门面房", by=UserFactory(), at=NOW)

        assert [each.code for each in blockers.in_notice(notice, on=over(notice).date()) if each.is_stop] == [
            "objection-unseen",
            "objection-open",
        ]
        with pytest.raises(blockers.ObjectionUnseen):
            publicity.take_down(notice, by=UserFactory(), at=over(notice), result="无异议")

    def test_is_warned_of_a_missing_photo_but_not_stopped(self, notice):
        (warning,) = blockers.in_notice(notice, on=over(notice).date())
        assert (warning.code, warning.is_stop) == ("publicity-photo-missing", False)

        NoticePhotoFactory(notice=notice)
        assert blockers.in_notice(notice, on=over(notice).date()) == []


class TestOutcome:
    def test_says_that_nobody_objected(self, notice):
        assert publicity.outcome(notice).words == "公示期间未收到异议。"

    def test_counts_how_objections_ended_and_leaves_out_what_was_none(self):
        upheld = ObjectionFactory(is_upheld=True, answer="属实", answered_by=UserFactory(), answered_at=NOW)
        ended = {"notice": upheld.notice, "award": upheld.award, "answered_by": UserFactory(), "answered_at": NOW}
        ObjectionFactory.create_batch(2, is_upheld=False, answer="不实", **ended)
        ObjectionFactory(by_page=True, is_upheld=False, answer="广告", **ended)

        outcome = publicity.outcome(upheld.notice)

        assert (outcome.objections, outcome.upheld, outcome.refuted, outcome.dismissed) == (3, 1, 2, 1)
        assert (outcome.received, outcome.words) == (
            4,
            "公示期间收到反映 4 件，其中经县级审核不予受理 1 件；受理的异议 3 件均已办结：成立 1 件，不成立 2 件。",
        )

    def test_that_is_only_spam_is_still_told(self, notice):
        award = AwardFactory(list=notice.list)
        ended = {"is_upheld": False, "answer": "广告", "answered_by": UserFactory(), "answered_at": NOW}
        ObjectionFactory.create_batch(2, by_page=True, notice=notice, award=award, **ended)

        assert publicity.outcome(notice).words == "公示期间收到反映 2 件，经县级审核均不予受理；没有其他异议。"

    def test_without_anything_dismissed_counts_as_before(self):
        upheld = ObjectionFactory(is_upheld=True, answer="属实", answered_by=UserFactory(), answered_at=NOW)

        assert publicity.outcome(upheld.notice).words == ("公示期间收到异议 1 件，均已办结：成立 1 件，不成立 0 件。")


class TestPhotos:
    def keep(self, notice, *contents, day=None, **by):
        brought = [Brought(content, f"IMG_{n}.jpg") for n, content in enumerate(contents)]
        return photos.keep(notice, brought, taken_on=day or notice.starts_on, by=UserFactory(), at=over(notice))

    def test_are_kept_byte_for_byte_with_their_day(self, notice):
        kept = self.keep(notice, JPEG, PNG)

        assert [files.content(photo.file) for photo in kept] == [JPEG, PNG]
        assert {(photo.taken_on, photo.file.kind, photo.file.school) for photo in kept} == {
            (notice.starts_on, "photo", notice.list.school)
        }
        assert Action.objects.filter(verb="notice.photo-kept").count() == 2

    @pytest.mark.parametrize("content", [b"GIF89a", b"%PDF-1.7", b"<svg>", b"MZ"])
    def test_are_known_by_their_first_bytes(self, notice, content):
        with pytest.raises(photos.NotAPhoto):
            self.keep(notice, JPEG, content)
        assert not NoticePhoto.objects.exists()

    def test_are_not_larger_than_ten_megabytes(self, notice):
        self.keep(notice, JPEG.ljust(photos.LARGEST_BYTES, b"0"))

        with pytest.raises(photos.PhotoTooLarge):
            self.keep(notice, PNG.ljust(photos.LARGEST_BYTES + 1, b"0"))

    def test_are_ten_at_once(self, notice):
        with pytest.raises(photos.TooManyPhotos):
            self.keep(notice, *(JPEG + bytes([n]) for n in range(11)))

    @pytest.mark.parametrize("days", [-1, 30])
    def test_are_of_a_day_on_which_the_list_could_hang(self, notice, days):
        with pytest.raises(photos.NotItsDays):
            self.keep(notice, JPEG, day=notice.starts_on + timedelta(days=days))

    def test_prove_one_notice(self, notice):
        self.keep(notice, JPEG)

        for other in (notice, NoticeFactory()):
            with pytest.raises(photos.SamePhoto):
                self.keep(other, JPEG)

    def test_of_one_board_with_two_lists_of_a_school_prove_both(self, notice):
        self.keep(notice, JPEG)
        supplementary = AwardListFactory(school=notice.list.school, term=notice.list.term, number=2, published=True)

        assert self.keep(NoticeFactory(list=supplementary), JPEG)

    def test_are_taken_on_record(self, notice):
        photo, reader = NoticePhotoFactory(notice=notice), UserFactory(auditor=True)

        assert photos.take(photo, by=reader, at=NOW).startswith(JPEG[:4])

        assert Action.objects.get(verb="file.downloaded").actor == reader
