"""What holds of awards and money whatever anybody presses, and that a fault would be noticed."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.life.machine import Life
from tests.life.office import open_office
from tests.life.seeds import Seed, sown

pytestmark = pytest.mark.django_db

EXAMPLES, STEPS = 100, 40
HUNT = 400

SEEDS = [
    Seed(
        "a line is settled twice",
        "disbursements.returns:_Answers.outcome",
        "if state == PaymentState.SENT:",
        "if True:",
    ),
    Seed(
        "a move without its fence",
        "common.moves:move",
        "filter(pk=obj.pk, state__in=allowed_from)",
        "filter(pk=obj.pk)",
    ),
    Seed(
        "a foreign school signs",
        "programs.lists:school_approve",
        "if by.school_id != award_list.school_id:",
        "if False:",
    ),
    Seed(
        "money as a float", "common.money:split_fen", "amount_fen * share // 1000", "round(amount_fen * share / 1000)"
    ),
    Seed("a lost fen", "common.money:split_fen", "parts[payer] += 1", "parts[payer] += 0"),
    Seed(
        "one person approves what he prepared",
        "disbursements.batches:approve",
        "if by.pk == batch.prepared_by_id:",
        "if False:",
    ),
    Seed(
        "what failed comes back as well",
        "disbursements.returns:_Answers.outcome",
        "if not payment.late_return] if state == PaymentState.PAID else []",
        "if not payment.late_return]",
    ),
    Seed(
        "what failed is not given back",
        "disbursements.returns:_settle",
        "(EntryKind.RELEASED, failed)",
        "(EntryKind.RELEASED, {})",
    ),
    Seed(
        "a late return gives nothing back",
        "disbursements.bounces:enter",
        "funds.take_back(bounces, by=by, at=at)",
        "pass",
    ),
    Seed(
        "money is taken off the account that was promised already",
        "disbursements.funds:withdraw_arrival",
        "if arrival.amount_fen > available:",
        "if False:",
    ),
    Seed("a notice comes down early", "programs.blockers:in_notice", "if on <= notice.ends_on:", "if False:"),
    Seed("equal amounts count once", "programs.shares:split", "parts[payer] += part * times", "parts[payer] += part"),
]


@pytest.fixture
def office():
    Life.office = open_office()


def walk(max_examples: int) -> None:
    """As found, not made smaller: that takes minutes, and the steps are printed."""
    run_state_machine_as_test(
        Life,
        settings=settings(
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            report_multiple_bugs=False,
            max_examples=max_examples,
        ),
    )


def test_what_always_holds(office):
    walk(EXAMPLES)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_a_fault_is_noticed(office, seed):
    with sown(seed), pytest.raises(Exception) as noticed:  # noqa: PT011
        walk(HUNT)
    assert not isinstance(noticed.value, LookupError)
