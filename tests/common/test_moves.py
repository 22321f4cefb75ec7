import threading

import pytest
from django.db import connection, transaction

from common.moves import WrongState, hold, move
from programs.choices import LIST_MOVES, ListState
from programs.models import AwardList
from tests.factories import NOW, AwardListFactory, UserFactory


@pytest.mark.django_db
class TestMove:
    def test_changes_the_state_and_what_goes_with_it(self):
        award_list, officer = AwardListFactory(), UserFactory(officer=True)

        move(
            award_list,
            ListState.SCHOOL_APPROVED,
            moves=LIST_MOVES,
            school_approved_by=officer,
            school_approved_at=NOW,
        )

        award_list.refresh_from_db()
        assert (award_list.state, award_list.school_approved_by) == (ListState.SCHOOL_APPROVED, officer)

    def test_is_refused_from_a_state_that_does_not_lead_there(self):
        award_list = AwardListFactory()

        with pytest.raises(WrongState):
            move(award_list, ListState.CONFIRMED, moves=LIST_MOVES)

        award_list.refresh_from_db()
        assert award_list.state == ListState.DRAFT

    def test_asks_the_table_and_not_the_copy_in_hand(self):
        award_list = AwardListFactory()
        stale_copy = AwardList.objects.get(pk=award_list.pk)
        move(award_list, ListState.SCHOOL_APPROVED, moves=LIST_MOVES)

        with pytest.raises(WrongState):
            move(stale_copy, ListState.SCHOOL_APPROVED, moves=LIST_MOVES)


@pytest.mark.django_db
class TestHold:
    def test_refreshes_the_copy_in_hand(self):
        award_list = AwardListFactory()
        stale_copy = AwardList.objects.get(pk=award_list.pk)
        AwardList.objects.update(sent_back_reason="名单有误")

        hold(stale_copy, ListState.DRAFT)

        assert stale_copy.sent_back_reason == "名单有误"

    def test_is_refused_in_another_state(self):
        with pytest.raises(WrongState):
            hold(AwardListFactory(), ListState.PUBLISHED, ListState.CLOSED)


@pytest.mark.django_db(transaction=True)
class TestTwoPeopleAtOnce:
    def test_of_those_who_press_one_button_one_wins(self):
        award_list = AwardListFactory()
        together = threading.Barrier(4)
        outcomes: list[str] = []

        def press() -> None:
            mine = AwardList.objects.get(pk=award_list.pk)
            together.wait(timeout=10)
            try:
                with transaction.atomic():
                    move(mine, ListState.SCHOOL_APPROVED, moves=LIST_MOVES)
                outcomes.append("won")
            except WrongState:
                outcomes.append("refused")
            finally:
                connection.close()

        everybody = [threading.Thread(target=press) for _each in range(4)]
        for person in everybody:
            person.start()
        for person in everybody:
            person.join(timeout=30)

        assert sorted(outcomes) == ["refused"] * 3 + ["won"]

    def test_who_holds_a_row_keeps_it_until_the_end(self):
        """The second one waits, and then finds the state changed."""
        award_list = AwardListFactory()
        is_held, outcomes = threading.Event(), []

        def wait_for_it() -> None:
            mine = AwardList.objects.get(pk=award_list.pk)
            is_held.wait(timeout=10)
            try:
                with transaction.atomic():
                    hold(mine, ListState.DRAFT)
                outcomes.append("held")
            except WrongState:
                outcomes.append("refused")
            finally:
                connection.close()

        second = threading.Thread(target=wait_for_it)
        second.start()
        with transaction.atomic():
            hold(award_list, ListState.DRAFT)
            is_held.set()
            second.join(timeout=0.5)
            assert outcomes == []
            move(award_list, ListState.SCHOOL_APPROVED, moves=LIST_MOVES)
        second.join(timeout=30)

        assert outcomes == ["refused"]
