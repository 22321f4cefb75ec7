"""Rules over publicity, objections and signatures: the seeded case, and its harmless twin."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from programs.models import Award, AwardList
from tests import factories as make
from tests.audits.looking import AFTER, look, schools, students
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def confirmed_list(*, confirmed_at=AFTER):
    """A list with one child, confirmed two weeks after it could go public."""
    award = make.AwardFactory(confirmed=True)
    AwardList.objects.filter(pk=award.list_id).update(confirmed_at=confirmed_at)
    return AwardList.objects.get(pk=award.list_id)


def hung(award_list, **facts):
    return make.NoticeFactory(list=award_list, down=True, **facts)


class TestNotPublic:
    def test_finds_a_list_that_was_confirmed_without_a_notice(self):
        award_list = confirmed_list()

        [found] = look("not-public")

        assert found.school_id == award_list.school_id
        assert found.facts == {"people": 1, "total_fen": 50_000}

    def test_leaves_alone_a_list_that_hung(self):
        hung(confirmed_list())

        assert look("not-public") == []

    def test_leaves_alone_a_list_that_is_not_that_far(self):
        make.AwardFactory(list__closed=True)

        assert look("not-public") == []


class TestPublicityShort:
    def test_finds_five_days_of_which_a_holiday_took_some(self):
        """30 September to 8 October 2021 are nine days, of which two were worked."""
        hung(confirmed_list(), starts_on=date(2021, 9, 30), ends_on=date(2021, 10, 8), working_days=5)

        [found] = look("publicity-short")

        assert found.facts == {"days": 2, "least": 5, "people": 1, "total_fen": 50_000}

    def test_counts_a_moved_saturday(self):
        """8, 9 (a Saturday that was worked), 11, 12 and 13 October."""
        hung(confirmed_list(), starts_on=date(2021, 10, 8), ends_on=date(2021, 10, 13))

        assert look("publicity-short") == []

    def test_finds_a_notice_that_was_down_before_its_last_day(self):
        hung(confirmed_list(), taken_down_at=NOW + timedelta(days=2))

        assert [found.facts["days"] for found in look("publicity-short")] == [3]

    def test_asks_for_the_last_notice_alone(self):
        """The first one came down with a list that was sent back."""
        award_list = confirmed_list()
        hung(award_list, taken_down_at=NOW + timedelta(days=1))
        hung(award_list)

        assert look("publicity-short") == []


class TestConfirmedInPublicity:
    def test_finds_a_list_that_was_signed_while_it_hung(self):
        award_list = confirmed_list(confirmed_at=NOW + timedelta(days=3))
        hung(award_list)

        [found] = look("confirmed-in-publicity")

        assert (found.facts["confirmed_on"], found.facts["ends_on"]) == ("2021-10-14", "2021-10-18")

    def test_finds_a_list_whose_notice_is_still_up(self):
        make.NoticeFactory(list=confirmed_list())

        assert len(look("confirmed-in-publicity")) == 1

    def test_finds_a_list_that_came_down_and_was_signed_on_its_last_day(self):
        last_day = NOW + timedelta(days=4)
        hung(confirmed_list(confirmed_at=last_day + timedelta(hours=1)), taken_down_at=last_day)

        assert len(look("confirmed-in-publicity")) == 1

    def test_leaves_alone_a_list_that_was_signed_afterwards(self):
        hung(confirmed_list(confirmed_at=NOW + timedelta(days=7, minutes=1)))

        assert look("confirmed-in-publicity") == []


class TestNoPhoto:
    def test_finds_a_notice_that_came_down_without_one(self):
        notice = hung(confirmed_list())

        assert schools("no-photo") == {notice.list.school_id}

    def test_leaves_alone_a_notice_with_one(self):
        make.NoticePhotoFactory(notice=hung(confirmed_list()))

        assert look("no-photo") == []

    def test_leaves_alone_what_is_still_up(self):
        award = make.AwardFactory(list__published=True)
        make.NoticeFactory(list=award.list)

        assert look("no-photo") == []

    def test_leaves_alone_a_list_that_was_sent_back(self):
        award = make.AwardFactory()
        make.NoticeFactory(list=award.list, down=True)

        assert look("no-photo") == []


class TestObjectionLate:
    @pytest.fixture
    def objection(self):
        return make.ObjectionFactory()

    def test_finds_one_that_is_open_beyond_its_day(self, objection):
        [found] = look("objection-late", today=objection.due_on + timedelta(days=1))

        assert (found.student_id, found.facts["state"]) == (objection.award.student_id, "open")

    def test_leaves_it_alone_on_its_day(self, objection):
        assert look("objection-late", today=objection.due_on) == []

    @staticmethod
    def answer(objection, *, days_late):
        day = objection.due_on + timedelta(days=days_late)
        objection.answered_at = datetime(day.year, day.month, day.day, 17, tzinfo=ZoneInfo("Asia/Shanghai"))
        objection.is_upheld, objection.answer, objection.answered_by = False, "情况不属实。", make.UserFactory()
        objection.save()

    def test_finds_one_that_was_answered_late_and_counts_working_days(self, objection):
        self.answer(objection, days_late=7)

        [found] = look("objection-late")

        assert (found.facts["days"], found.facts["state"]) == (5, "refuted")

    def test_leaves_alone_one_that_was_answered_in_time(self, objection):
        self.answer(objection, days_late=0)

        assert look("objection-late") == []


class TestObjectionDismissedBySchool:
    @staticmethod
    def dismissed(by):
        return make.ObjectionFactory(
            by_page=True, is_upheld=False, answer="与事实无关", answered_by=by, answered_at=NOW
        )

    def test_finds_one_that_the_school_ended_itself(self):
        objection = self.dismissed(make.UserFactory(officer=True))

        assert students("objection-dismissed-by-school") == {objection.award.student_id}

    def test_leaves_alone_what_the_county_dismissed(self):
        self.dismissed(make.UserFactory())

        assert look("objection-dismissed-by-school") == []


class TestOwnApproval:
    @staticmethod
    def acts(batch, *acts):
        for verb, actor in acts:
            make.ActionFactory(
                verb=verb, actor=actor, target_type="disbursements.batch", target_id=str(batch.pk), target_label="批次"
            )

    def test_finds_a_batch_whose_log_names_one_person_for_both(self):
        batch, one = make.BatchFactory(approved=True, amount_fen=100_000), make.UserFactory()
        self.acts(batch, ("batch.prepared", one), ("batch.approved", one))

        [found] = look("own-approval")

        assert found.facts == {"what": "batch", "total_fen": 100_000}
        assert [row_type for row_type, _row, _facts in found.evidence] == ["disbursements.batch", "accounts.action"]

    def test_leaves_alone_two_people(self):
        batch = make.BatchFactory(approved=True)
        self.acts(batch, ("batch.prepared", make.UserFactory()), ("batch.approved", make.UserFactory(approver=True)))

        assert look("own-approval") == []

    def test_finds_a_school_that_confirmed_what_the_same_person_prepared(self):
        award, one = make.AwardFactory(list__school_approved=True), make.UserFactory(officer=True)
        for verb in ("list.school-prepared", "list.school-approved"):
            make.ActionFactory(
                verb=verb,
                actor=one,
                target_type="programs.awardlist",
                target_id=str(award.list_id),
                target_label="名单",
            )

        [found] = look("own-approval")

        assert (found.school_id, found.facts["what"]) == (award.school_id, "school")
        assert found.amount_fen == award.amount_fen

    def test_finds_a_third_signature_that_was_no_third_persons(self):
        batch, approver = make.BatchFactory(approved=True), make.UserFactory(approver=True)
        prepared = ("batch.prepared", make.UserFactory())
        self.acts(batch, prepared, ("batch.approved", approver), ("batch.released", approver))

        assert [found.facts["what"] for found in look("own-approval")] == ["release"]

    def test_finds_a_list_that_was_confirmed_by_who_had_spoken_for_the_school(self):
        award, one = make.AwardFactory(confirmed=True), make.UserFactory(approver=True)
        for verb in ("list.approved-for-school", "list.confirmed"):
            make.ActionFactory(
                verb=verb,
                actor=one,
                target_type="programs.awardlist",
                target_id=str(award.list_id),
                target_label="名单",
            )

        assert [found.facts["what"] for found in look("own-approval")] == ["for-school"]

    def test_forgets_a_schools_signature_on_a_list_that_was_sent_back(self):
        award, one = make.AwardFactory(confirmed=True), make.UserFactory(approver=True)
        acts = [
            ("list.school-prepared", make.UserFactory(officer=True)),
            ("list.approved-for-school", one),
            ("list.sent-back", make.UserFactory()),
            ("list.school-prepared", make.UserFactory(officer=True)),
            ("list.school-approved", make.UserFactory(officer=True)),
            ("list.confirmed", one),
        ]
        for verb, actor in acts:
            make.ActionFactory(
                verb=verb,
                actor=actor,
                target_type="programs.awardlist",
                target_id=str(award.list_id),
                target_label="名单",
            )

        assert look("own-approval") == []

    def test_leaves_alone_who_prepared_it_once_and_approved_what_another_prepared_again(self):
        batch, one, other = make.BatchFactory(approved=True), make.UserFactory(), make.UserFactory()
        self.acts(batch, ("batch.prepared", one), ("batch.prepared", other), ("batch.approved", one))

        assert look("own-approval") == []


def test_a_list_that_everybody_was_taken_off_is_nobodys_concern():
    confirmed_list()
    Award.objects.update(state="dropped", dropped_reason="离校")

    assert look("not-public") == []
