"""The tables refuse by themselves, whoever writes to them: raw statements, without any of our code."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from tests import factories as make

pytestmark = pytest.mark.django_db


def refuses(statement: str, *values: object) -> str:
    """What the database says against the statement."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(refusal.value)


def copy_of(row, **changes) -> tuple[str, list[object]]:
    """An INSERT that repeats a row with some columns changed."""
    table = row._meta.db_table
    columns = [field.column for field in row._meta.local_concrete_fields if not field.primary_key]
    assert set(changes) <= set(columns)
    into = ", ".join(f'"{column}"' for column in columns)  # a column named "left" is a word of SQL
    chosen = ", ".join("%s" if column in changes else f'"{column}"' for column in columns)
    values = [changes[column] for column in columns if column in changes]
    insert = f"INSERT INTO {table} ({into}) SELECT {chosen} FROM {table} WHERE id = %s"
    return insert, [*values, row.pk]


def refuses_copy(row, **changes) -> str:
    statement, values = copy_of(row, **changes)
    return refuses(statement, *values)


def refuses_update(row, **changes) -> str:
    columns = ", ".join(f"{column} = %s" for column in changes)
    statement = f"UPDATE {row._meta.db_table} SET {columns} WHERE id = %s"
    return refuses(statement, *changes.values(), row.pk)


class TestAwards:
    def test_a_second_live_award_of_one_program_and_term_is_refused(self):
        refuses_copy(make.AwardFactory())

    def test_another_one_after_the_first_was_dropped_is_taken(self):
        statement, values = copy_of(make.AwardFactory(dropped=True), state="proposed", dropped_reason="")
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            assert cursor.rowcount == 1

    @pytest.mark.parametrize("amount", [0, -1])
    def test_an_amount_is_above_nothing(self, amount):
        refuses_update(make.AwardFactory(), amount_fen=amount)

    def test_dropping_one_needs_a_reason(self):
        assert "award_dropped_has_a_reason" in refuses_update(make.AwardFactory(), state="dropped")

    def test_a_list_is_confirmed_by_a_second_person(self):
        award_list = make.AwardListFactory(confirmed=True)
        said = refuses_update(award_list, confirmed_by_id=award_list.prepared_by_id)
        assert "awardlist_two_people" in said

    def test_a_confirmed_list_is_signed_by_school_and_county(self):
        award_list = make.AwardListFactory(confirmed=True)
        assert "awardlist_confirmed_is_signed" in refuses_update(award_list, school_approved_by_id=None)
        assert "awardlist_confirmed_is_signed" in refuses_update(award_list, confirmed_at=None)

    def test_a_school_has_one_list_a_term(self):
        refuses_copy(make.AwardListFactory())


class TestPublicity:
    def test_four_working_days_are_too_few(self):
        assert "notice_at_least_five_days" in refuses_update(make.NoticeFactory(), working_days=4)

    def test_a_notice_ends_after_it_starts(self):
        notice = make.NoticeFactory()
        assert "notice_days_in_order" in refuses_update(notice, ends_on=notice.starts_on)

    def test_a_list_has_one_notice_up(self):
        refuses_copy(make.NoticeFactory(), token="f" * 32)

    def test_a_notice_comes_down_with_a_result(self):
        assert "notice_down_has_a_result" in refuses_update(make.NoticeFactory(), state="down")

    def test_an_answer_to_an_objection_is_whole(self):
        objection = make.ObjectionFactory()
        assert "objection_answered_as_a_whole" in refuses_update(objection, is_upheld=True)


class TestPayments:
    def test_a_second_live_payment_of_one_award_is_refused(self):
        refuses_copy(make.PaymentFactory(), attempt=2)

    def test_the_next_try_after_a_failure_is_taken_once(self):
        failed = make.PaymentFactory(failed=True)
        fresh = {"state": "pending", "failure": "", "bank_words": ""}
        statement, values = copy_of(failed, attempt=2, **fresh)
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            assert cursor.rowcount == 1

        refuses_copy(failed, attempt=3, **fresh)
        refuses_copy(failed, attempt=1)

    @pytest.mark.parametrize("amount", [0, -50_000])
    def test_a_payment_is_above_nothing(self, amount):
        refuses_update(make.PaymentFactory(), amount_fen=amount)

    def test_paid_has_a_day_and_failed_has_a_reason(self):
        payment = make.PaymentFactory()
        assert "payment_paid_has_a_day" in refuses_update(payment, state="paid")
        assert "payment_failed_has_a_reason" in refuses_update(payment, state="failed")

    def test_a_batch_is_approved_by_a_second_person(self):
        batch = make.BatchFactory(approved=True)
        assert "batch_two_people" in refuses_update(batch, approved_by_id=batch.prepared_by_id)

    def test_a_batch_goes_on_with_a_signature_and_its_file(self):
        assert "batch_approved_is_signed" in refuses_update(make.BatchFactory(), state="approved")
        assert "batch_sent_is_signed_and_written" in refuses_update(make.BatchFactory(approved=True), state="sent")
        third = make.BatchFactory(sent=True)
        assert "batch_sent_is_signed_and_written" in refuses_update(third, needs_third=True)
        assert "batch_three_people" in refuses_update(third, released_by_id=third.approved_by_id)

    def test_one_answer_of_the_bank_is_read_once(self):
        refuses_copy(make.ReturnFileFactory())


class TestMoney:
    @pytest.mark.parametrize("amount", [0, -1])
    def test_quotas_and_ledger_entries_are_above_nothing(self, amount):
        entry = make.LedgerEntryFactory()
        refuses_copy(entry, amount_fen=amount)
        refuses_copy(entry.quota, amount_fen=amount, document_no="示财预〔2021〕99号")

    def test_money_moves_for_a_cause(self):
        entry = make.LedgerEntryFactory()
        assert "ledgerentry_has_its_cause" in refuses_copy(entry, quota_id=None)
        assert "ledgerentry_has_its_cause" in refuses_copy(entry, kind="spent")

    def test_one_document_allots_a_program_once(self):
        refuses_copy(make.QuotaFactory())

    @pytest.mark.parametrize("amount", [None, 0, -1])
    def test_a_fixed_standard_has_an_amount(self, amount):
        refuses_update(make.StandardFactory(), amount_fen=amount)

    def test_a_standard_holds_once_from_a_day(self):
        refuses_copy(make.StandardFactory())

    def test_a_payer_bears_at_most_the_whole(self):
        assert "share_within_a_thousand" in refuses_update(make.ShareFactory(), per_mille=1001)


class TestWhatIsDoneIsDone:
    """Triggers, the same on both databases."""

    def test_the_action_log_is_only_added_to(self):
        action = make.ActionFactory()
        assert "append-only" in refuses_update(action, verb="batch.discarded")
        assert "append-only" in refuses("DELETE FROM accounts_action WHERE id = %s", action.pk)

    def test_the_ledger_is_only_added_to(self):
        entry = make.LedgerEntryFactory()
        assert "append-only" in refuses_update(entry, amount_fen=1)
        assert "append-only" in refuses("DELETE FROM disbursements_ledgerentry WHERE id = %s", entry.pk)

    def test_a_payment_that_arrived_stays(self):
        paid = make.PaymentFactory(paid=True)
        refuses_update(paid, amount_fen=1)
        refuses_update(paid, state="pending", paid_on=None)
        refuses("DELETE FROM disbursements_payment WHERE id = %s", paid.pk)


class TestPeople:
    def test_a_school_officer_has_a_school_and_nobody_else_has(self):
        officer, preparer = make.UserFactory(officer=True), make.UserFactory()
        assert "user_school_goes_with_role" in refuses_update(officer, school_id=None)
        assert "user_school_goes_with_role" in refuses_update(preparer, school_id=officer.school_id)

    def test_a_child_has_one_key_and_one_current_card(self):
        refuses_copy(make.StudentFactory())
        refuses_copy(make.CardFactory(), number_index="f" * 32)

    def test_a_child_is_in_a_school_once_a_term(self):
        refuses_copy(make.EnrollmentFactory())

    def test_a_school_has_one_roster_in_force(self):
        refuses_copy(make.RosterFactory(), version=2)

    def test_a_roster_comes_into_force_by_somebody(self):
        said = refuses_update(make.RosterFactory(checked=True), state="in_force")
        assert "roster_in_force_was_committed" in said

    def test_a_suspicion_is_decided_by_a_person_and_certainty_by_none(self):
        assert "match_decided_by_a_person" in refuses_update(make.MatchFactory(suspected=True), state="confirmed")
        sure = make.MatchFactory()
        assert "match_decided_by_a_person" in refuses_update(sure, decided_by_id=make.UserFactory().pk)

    def test_a_fact_does_not_end_before_it_begins(self):
        assert "hardship_days_in_order" in refuses_update(make.HardshipFactory(), to_on=date(2000, 1, 1))

    def test_a_list_of_another_office_is_withdrawn_with_a_reason(self):
        said = refuses_update(make.RegisterSnapshotFactory(), state="withdrawn")
        assert "snapshot_withdrawn_has_a_reason" in said


class TestRuns:
    def test_a_running_job_has_an_owner_and_a_failed_one_a_reason(self):
        assert "job_running_has_an_owner" in refuses_update(make.JobFactory(), state="running")
        assert "job_failed_has_a_reason" in refuses_update(make.JobFactory(), state="failed")

    def test_one_key_is_one_run(self):
        refuses_copy(make.JobFactory())
