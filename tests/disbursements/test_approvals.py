"""Signatures on a batch: what is in the way, what is only noticed, the third person, and the ways back."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Action
from aidcenter import work
from audits import checks
from common.moves import Refused, WrongState
from disbursements import approvals, bands, batches, blockers, funds
from disbursements.choices import BatchState, EntryKind, PaymentState
from disbursements.models import ApprovalBand, Batch, LedgerEntry
from programs.models import Award
from tests.disbursements.test_batches import awards, build, fund, send
from tests.factories import (
    NOW,
    ApprovalBandFactory,
    AwardFactory,
    EnrollmentFactory,
    NoticeFactory,
    NoticePhotoFactory,
    ObjectionFactory,
    ProgramFactory,
    SchoolFactory,
    TermFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("words_of_banks")]
TODAY = NOW.date()


@pytest.fixture
def third(db):
    return UserFactory(approver=True)


@pytest.fixture
def batch(term, program, preparer):
    awards(program, 3)
    fund(program, term, preparer)
    return build(term, program, preparer)


def codes(found):
    return [blocker.code for blocker in found]


def awards_of(changes):
    return [payment.award for payment in changes]


def differing(term):
    return [str(outcome.title) for outcome in checks.run(term) if not outcome.holds]


class TestStops:
    def test_are_none_for_a_batch_that_adds_up(self, batch, approver):
        assert blockers.stops(batch, by=approver) == []

    @pytest.mark.parametrize(
        ("change", "code"),
        [({"state": "suspended"}, "batch-awards-held"), ({"amount_fen": 49_999}, "batch-amounts-differ")],
    )
    def test_name_awards_that_changed_since(self, batch, approver, change, code):
        Award.objects.filter(pk=batch.payments.first().award_id).update(**change)

        assert codes(blockers.stops(batch)) == [code]
        with pytest.raises(Refused, match="1 笔"):
            batches.approve(batch, by=approver, at=NOW)
        assert Batch.objects.get().state == BatchState.DRAFT
        assert not LedgerEntry.objects.filter(kind=EntryKind.RESERVED).exists()

    def test_name_objections_that_are_open(self, batch):
        award = batch.payments.first().award
        ObjectionFactory(award=award, notice=NoticeFactory(list=award.list))

        assert codes(blockers.stops(batch)) == ["batch-awards-held"]

    def test_name_children_who_left_since_and_of_whom_nobody_decided(self, batch, approver):
        gone = batch.payments.first().award
        type(gone.enrollment).objects.filter(pk=gone.enrollment_id).update(state="left")

        with pytest.raises(blockers.ChildrenGone, match="1 名"):
            batches.approve(batch, by=approver, at=NOW)

    def test_name_the_payer_whose_money_is_short(self, term, program, preparer):
        awards(program, 3)
        fund(program, term, preparer, each_fen=74_999)
        batch = build(term, program, preparer)

        found = blockers.stops(batch)

        assert codes(found) == ["fund-not-enough"] * 2
        assert "749.99" in found[0].words


class TestWarnings:
    def test_name_lists_without_publicity_or_without_its_photo(self, batch):
        first, second, third = (payment.award.list for payment in batch.payments.all())
        NoticeFactory(list=first, down=True)
        NoticePhotoFactory(notice=NoticeFactory(list=second, down=True))

        found = {blocker.code: blocker.words for blocker in blockers._in_publicity(batch)}

        assert found == {
            "batch-not-published": f"有 1 份名单没有公示记录：{third.school.name}。",
            "batch-no-photo": f"有 1 份名单的公示没有留下现场照片：{first.school.name}。",
        }

    def test_count_awards_on_the_list_of_the_mistaken(self, batch):
        # No program is carried out in the term, so the rulebook grants nothing.
        found = {blocker.code: blocker.refusal.params for blocker in blockers.warnings(batch)}

        assert found["batch-mistaken"] == {"count": 3}

    def test_that_nobody_ticked_stop_the_approval(self, batch, approver):
        ticked = codes(blockers.warnings(batch))

        with pytest.raises(blockers.NotSeen):
            batches.approve(batch, by=approver, at=NOW, seen=ticked[1:])
        batches.approve(batch, by=approver, at=NOW, seen=ticked)

        assert Action.objects.get(verb="batch.approved").details["warnings"] == ticked

    def test_are_ticked_on_the_page_one_by_one(self, batch, as_role):
        client = as_role("approver")
        address = reverse("disbursements:batch-approve", args=[batch.pk])
        ticked = codes(blockers.warnings(batch))

        careless = client.post(address, {"term": str(batch.term), "seen": ticked[:1]})
        assert "seen" in careless.context["form"].errors
        client.post(address, {"term": str(batch.term), "seen": ticked})

        batch.refresh_from_db()
        assert batch.state == BatchState.APPROVED


class TestOnThePageOfTheBatch:
    """Whoever made it can see to what is in the way before the approver meets it."""

    def test_stands_what_the_approver_will_be_told(self, batch, as_role):
        Award.objects.filter(pk=batch.payments.first().award_id).update(state="suspended")
        told = [str(blocker.words) for blocker in blockers.batch_blockers(batch)]
        assert len(told) > 1

        for role in ("preparer", "approver"):
            page = as_role(role).get(batch.get_absolute_url()).content.decode()
            assert [words for words in told if words not in page] == []
        assert told[0] not in as_role("auditor").get(batch.get_absolute_url()).content.decode()

    def test_stands_nothing_once_it_is_approved(self, batch, approver, as_role):
        batches.approve(batch, by=approver, at=NOW)

        page = as_role("preparer").get(batch.get_absolute_url())
        assert page.context["blockers"]() == []

    def test_costs_the_same_queries_for_one_payment_and_for_ten(self, term, program, preparer, as_role):
        client, counted = as_role("preparer"), []
        for people in (1, 10):
            awards(program, people, enrollment__school=SchoolFactory())
            batch = build(term, program, preparer)
            with CaptureQueriesContext(connection) as queries:
                client.get(batch.get_absolute_url())
            counted.append(len(queries))
            batches.discard(batch, by=preparer, at=NOW)

        assert counted[0] == counted[1]


class TestFigures:
    def test_are_by_stage_and_by_payer(self, batch):
        assert approvals.by_stage(batch) == [("小学", 3, 3, 150_000)]
        assert [(line.per_mille, line.needed_fen, line.left_fen) for line in approvals.by_payer(batch)] == [
            (500, 75_000, 9_925_000)
        ] * 2

    def test_say_who_is_new_gone_or_gets_another_amount(self, term, program, preparer, approver):
        spring = TermFactory(code="2021S")
        stays, changes, goes = awards(program, 3, enrollment__term=spring)
        fund(program, spring, preparer)
        send(build(spring, program, preparer), preparer, approver)
        for award, fen in ((stays, 50_000), (changes, 62_500)):
            AwardFactory(
                program=program,
                confirmed=True,
                amount_fen=fen,
                enrollment=EnrollmentFactory(student=award.student, term=term),
            )
        [new] = awards(program, 1)

        found = approvals.difference(build(term, program, preparer))

        assert found.term == spring
        assert awards_of(found.new) == [new]
        assert awards_of(found.dropped) == [goes]
        assert [(change.before_fen, change.amount_fen) for change in found.changed] == [(50_000, 62_500)]
        assert [payments.totals() for payments in (found.new, found.dropped, found.changed)] == [
            {"people": 1, "amount_fen": 50_000},
            {"people": 1, "amount_fen": 50_000},
            {"people": 1, "amount_fen": 62_500},
        ]

    def test_compare_with_what_arrived_and_stayed(self, term, program, preparer, approver):
        """What failed then was not paid; a child that is in another batch of this term already is not gone."""
        spring = TermFactory(code="2021S")
        failed, elsewhere = awards(program, 2, enrollment__term=spring)
        fund(program, spring, preparer)
        sent = send(build(spring, program, preparer), preparer, approver)
        sent.payments.filter(award=failed).update(state=PaymentState.FAILED, failure="closed")
        fund(program, term, preparer)
        for award in (elsewhere, failed):
            enrollment = EnrollmentFactory(student=award.student, term=term)
            AwardFactory(program=program, confirmed=True, amount_fen=50_000, enrollment=enrollment)
            batch = build(term, program, preparer)
            if award is elsewhere:
                send(batch, preparer, approver)

        found = approvals.difference(batch)

        assert [payment.award.student for payment in found.new] == [failed.student]
        assert [list(found.dropped), list(found.changed)] == [[], []]

    def test_compare_with_nothing_where_nothing_was_paid_before(self, batch):
        assert approvals.difference(batch) is None

    def test_open_to_the_names(self, term, program, preparer, approver, as_role):
        spring = TermFactory(code="2021S")
        [gone] = awards(program, 1, enrollment__term=spring)
        fund(program, spring, preparer)
        send(build(spring, program, preparer), preparer, approver)
        awards(program, 1)
        batch = build(term, program, preparer)

        page = as_role("auditor").get(reverse("disbursements:batch-difference", args=[batch.pk]), {"tab": "dropped"})

        assert awards_of(page.context["page"]) == [gone]
        assert gone.student.name in page.content.decode()


class TestThirdSignature:
    def test_is_needed_from_the_amount_that_holds_on_the_day(self, program):
        bands.add(from_fen=150_000, valid_from=TODAY, by=UserFactory(), at=NOW)
        bands.add(
            from_fen=90_000, program=ProgramFactory(code="senior-grant"), valid_from=TODAY, by=UserFactory(), at=NOW
        )

        assert bands.needs_third(program, 150_000, on=TODAY)
        assert not bands.needs_third(program, 149_999, on=TODAY)
        assert not bands.needs_third(program, 150_000, on=TODAY - timedelta(days=1))

    def test_is_given_by_neither_of_the_two(self, batch, preparer, approver, third):
        ApprovalBandFactory(from_fen=150_000)
        batches.approve(batch, by=approver, at=NOW)

        for one in (preparer, approver):
            with pytest.raises(batches.NotThird):
                batches.release(batch, by=one, at=NOW)
            with pytest.raises(IntegrityError), transaction.atomic():
                Batch.objects.filter(pk=batch.pk).update(released_by=one)
        batches.release(batch, by=third, at=NOW)

        assert (batch.needs_third, batch.released_by) == (True, third)
        with pytest.raises(WrongState):
            batches.release(batch, by=third, at=NOW)

    def test_is_not_asked_of_a_small_batch(self, batch, approver, third):
        ApprovalBandFactory(from_fen=150_001)
        batches.approve(batch, by=approver, at=NOW)

        assert not batch.needs_third
        with pytest.raises(WrongState):
            batches.release(batch, by=third, at=NOW)

    def test_is_needed_before_anything_is_sent(self, batch, approver):
        ApprovalBandFactory(from_fen=150_000)
        batches.approve(batch, by=approver, at=NOW)

        with pytest.raises(IntegrityError), transaction.atomic():
            Batch.objects.filter(pk=batch.pk).update(state=BatchState.SENT, sent_at=NOW, way="cash", cash_reason="无卡")

    def test_is_given_on_a_page_that_shows_what_is_signed(self, batch, approver, as_role):
        ApprovalBandFactory(from_fen=150_000)
        batches.approve(batch, by=approver, at=NOW)
        client = as_role("preparer")
        address = reverse("disbursements:batch-release", args=[batch.pk])

        assert address in client.get(batch.get_absolute_url()).content.decode()
        assert "壹仟伍佰元整" in client.get(address).content.decode()
        client.post(address, {"term": str(batch.term)})

        batch.refresh_from_db()
        assert batch.released_by == client.user


class TestBand:
    @pytest.fixture
    def band(self, approver):
        return bands.add(from_fen=150_000, valid_from=date(2021, 9, 1), by=approver, at=NOW)

    def test_ends_by_the_word_of_two_approvers_and_is_not_changed_otherwise(self, band, approver):
        other = UserFactory(approver=True)
        with pytest.raises(bands.EndsTooEarly, match="2021-10-11"):
            bands.propose_end(band, on=date(2021, 10, 10), by=approver, at=NOW)
        bands.propose_end(band, on=TODAY, by=approver, at=NOW)
        assert bands.holding(TODAY + timedelta(days=1)).exists()

        bands.end(band, on=TODAY, by=other, at=NOW)
        with pytest.raises(WrongState):
            bands.end(band, on=TODAY, by=other, at=NOW)
        with pytest.raises(WrongState):
            bands.propose_end(band, on=TODAY, by=other, at=NOW)

        assert not bands.holding(TODAY + timedelta(days=1)).exists()
        verbs = Action.objects.order_by("pk").values_list("verb", flat=True)
        assert list(verbs) == ["band.added", "band.end-proposed", "band.ended"]

    def test_is_not_ended_by_one_alone(self, band, approver):
        with pytest.raises(WrongState):
            bands.end(band, on=TODAY, by=approver, at=NOW)
        bands.propose_end(band, on=TODAY, by=approver, at=NOW)

        with pytest.raises(bands.OwnProposal):
            bands.end(band, on=TODAY, by=approver, at=NOW)
        with pytest.raises(IntegrityError), transaction.atomic():
            ApprovalBand.objects.update(valid_to=TODAY, ended_by=approver)
        assert bands.holding(TODAY + timedelta(days=1)).exists()

    def test_ends_on_the_day_that_whoever_confirms_was_shown(self, band, approver):
        """One who asks for another day after the other has read the page does not get that day confirmed."""
        other = UserFactory(approver=True)
        bands.propose_end(band, on=TODAY + timedelta(days=30), by=approver, at=NOW)
        bands.propose_end(band, on=TODAY, by=approver, at=NOW)

        with pytest.raises(WrongState):
            bands.end(band, on=TODAY + timedelta(days=30), by=other, at=NOW)

    def test_holds_until_it_is_confirmed(self, band, approver):
        bands.propose_end(band, on=TODAY, by=approver, at=NOW)

        with pytest.raises(bands.EndsTooEarly):
            bands.end(band, on=TODAY, by=UserFactory(approver=True), at=NOW + timedelta(days=2))

    def test_is_set_once(self, band, approver, program):
        with pytest.raises(bands.BandKnown):
            bands.add(from_fen=150_000, valid_from=date(2021, 9, 1), by=approver, at=NOW)

        bands.add(from_fen=150_000, program=program, valid_from=date(2021, 9, 1), by=approver, at=NOW)

    def test_is_ended_on_pages_by_two(self, band, as_role):
        first, second = as_role("approver"), Client()
        second.force_login(UserFactory(approver=True))
        asked, confirmed = (
            reverse(f"disbursements:{name}", args=[band.pk]) for name in ("band-end", "band-end-confirm")
        )
        day = timezone.localdate() + timedelta(days=3)

        assert "没有人提出" in second.get(confirmed).content.decode()
        first.post(asked, {"on": day.isoformat()})
        shown = reverse("disbursements:bands")
        assert confirmed not in first.get(shown).content.decode()
        assert confirmed in second.get(shown).content.decode()
        form = second.get(confirmed).context["form"]
        first.post(confirmed, {"on": form["on"].value()})
        band.refresh_from_db()
        assert band.valid_to is None
        second.post(confirmed, {"on": form["on"].value()})

        band.refresh_from_db()
        assert band.valid_to == day

    def test_of_nothing_is_refused(self, approver):
        with pytest.raises(bands.NoAmount):
            bands.add(from_fen=0, valid_from=TODAY, by=approver, at=NOW)

    def test_is_kept_by_approvers_on_pages(self, as_role):
        client = as_role("approver")

        client.post(reverse("disbursements:band-add"), {"from_fen": "50万", "valid_from": "2021-09-01"})
        page = client.get(reverse("disbursements:bands"))

        assert [band.from_fen for band in page.context["bands"]] == [50_000_000]


class TestSentBack:
    def test_frees_the_awards_and_tells_the_preparer_why(self, batch, term, program, preparer, approver, as_role):
        batches.send_back(batch, reason="有两所学校的名单还没公示", by=approver, at=NOW)

        assert batch.state == BatchState.SENT_BACK
        assert set(batch.payments.values_list("state", flat=True)) == {PaymentState.DISCARDED}
        assert "有两所学校的名单还没公示" in as_role("preparer").get(batch.get_absolute_url()).content.decode()
        assert build(term, program, preparer).people == 3

    def test_needs_words_and_another_person(self, batch, preparer, approver):
        with pytest.raises(batches.WordsMissing):
            batches.send_back(batch, reason=" ", by=approver, at=NOW)
        with pytest.raises(blockers.OwnBatch):
            batches.send_back(batch, reason="不对", by=preparer, at=NOW)

    def test_is_over_once_it_is_approved(self, batch, approver):
        batches.approve(batch, by=approver, at=NOW)

        with pytest.raises(WrongState):
            batches.send_back(batch, reason="不对", by=approver, at=NOW)


class TestTakenBack:
    def test_gives_the_money_back_to_the_fen_and_frees_the_awards(
        self, batch, term, program, preparer, approver, third
    ):
        before = [balance.available for balance in funds.balances(term)]
        batches.approve(batch, by=approver, at=NOW)

        batches.take_back(batch, reason="名单有误", by=third, at=NOW)

        assert (batch.state, batch.back_reason) == (BatchState.DISCARDED, "名单有误")
        assert [balance.available for balance in funds.balances(term)] == before
        assert LedgerEntry.objects.filter(kind=EntryKind.RELEASED, batch=batch).count() == 2
        assert differing(term) == []
        assert build(term, program, preparer).people == 3

    def test_is_not_for_whoever_made_the_batch(self, batch, preparer, approver):
        batches.approve(batch, by=approver, at=NOW)

        with pytest.raises(batches.OwnTakeBack):
            batches.take_back(batch, reason="名单有误", by=preparer, at=NOW)

    def test_is_over_once_it_is_sent(self, term, program, preparer, approver):
        awards(program, 1)
        fund(program, term, preparer)
        batch = send(build(term, program, preparer), preparer, approver)

        with pytest.raises(WrongState):
            batches.take_back(batch, reason="名单有误", by=approver, at=NOW)

    def test_of_a_draft_is_refused(self, batch, approver):
        with pytest.raises(WrongState):
            batches.take_back(batch, reason="名单有误", by=approver, at=NOW)


class TestWaitingWork:
    def test_of_the_third_signature_is_not_for_the_two(self, batch, term, preparer, approver, third):
        ApprovalBandFactory(from_fen=1)
        batches.approve(batch, by=approver, at=NOW)

        assert [work.waiting(one, term, today=TODAY)["batches_to_release"] for one in (preparer, approver, third)] == [
            0,
            0,
            1,
        ]
        assert work.waiting(preparer, term, today=TODAY)["batches_to_send"] == 0
        batches.release(batch, by=third, at=NOW)
        assert work.waiting(preparer, term, today=TODAY)["batches_to_send"] == 1

    def test_of_what_was_sent_back_ends_with_the_next_batch(self, batch, term, program, preparer, approver):
        batches.send_back(batch, reason="不对", by=approver, at=NOW)
        assert work.waiting(preparer, term, today=TODAY)["batches_sent_back"] == 1

        build(term, program, preparer)
        assert work.waiting(preparer, term, today=TODAY)["batches_sent_back"] == 0
