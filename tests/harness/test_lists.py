"""List pages: the part that htmx fetches is the part of the page, and twenty rows cost no more queries than one."""

from collections.abc import Callable

import pytest
from django.core.paginator import Page
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from common.roles import Role
from schools.models import Town
from students.models import Crosscheck
from tests import factories as make
from tests.harness import world
from tests.harness.access_table import DOORS
from tests.harness.test_access import ADDRESSES, path_of, without_tokens
from tests.harness.world import World


def missed(own: World) -> None:
    """A child that fits the rule of a program and has no award."""
    own.award.program.stages.add(own.enrollment.stage)
    make.EnrollmentFactory(stage=own.enrollment.stage)


def put_forward(own: World) -> None:
    """A child of one more school that teaches the stage."""
    own.school.kind.stages.add(own.enrollment.stage)
    make.NominationFactory(enrollment__school=make.SchoolFactory())


def newcomer(own: World) -> None:
    """A payment of the batch to a child who got nothing in spring, when another one did."""
    spring = make.TermFactory(code="2021S")
    make.PaymentFactory(paid=True, award__enrollment__term=spring, award__program=own.batch.program)
    make.PaymentFactory(batch=own.batch, state="sent")


def touch(own: World) -> None:
    """An award of a child whose line left the list."""
    make.compare(own.snapshot)
    award = make.AwardFactory()
    person = make.RegisterPersonFactory(snapshot=own.snapshot.compared_with)
    make.HardshipFactory(match=make.MatchFactory(enrollment=award.enrollment, person=person))


MORE_ROWS: dict[str, Callable[[World], object]] = {
    "accounts:list": lambda own: make.UserFactory(officer=True),
    "accounts:officers": lambda own: make.UserFactory(officer=True),
    "audits:actions": lambda own: make.ActionFactory(),
    "audits:findings": lambda own: make.FindingFactory(award__enrollment__school=make.SchoolFactory()),
    "audits:reviews": lambda own: make.EnrollmentFactory(school=make.SchoolFactory()),
    "audits:sample": lambda own: make.AuditSampleItemFactory(sample=own.audit_item.sample),
    "audits:samples": lambda own: make.AuditSampleItemFactory(),
    "audits:questions": lambda own: make.AuditQuestionFactory(school=make.SchoolFactory()),
    "disbursements:batch": lambda own: make.PaymentFactory(batch=own.batch, state="sent"),
    "disbursements:banks": lambda own: make.BankTemplateFactory(),
    "disbursements:batches": lambda own: make.BatchFactory(approved=True),
    "disbursements:batch-difference": newcomer,
    "disbursements:batch-roll": lambda own: make.PaymentFactory(
        batch=own.batch, state="sent", award__enrollment__school=make.SchoolFactory()
    ),
    "disbursements:bounces": lambda own: make.BounceFactory(),
    "disbursements:fund-pieces": lambda own: make.ArrivalFactory(),
    "disbursements:funds": lambda own: make.LedgerEntryFactory(),
    "disbursements:quotas": lambda own: make.ArrivalFactory(),
    "disbursements:recoveries": lambda own: make.RecoveryFactory(),
    "disbursements:recovery-proposals": lambda own: make.PaymentFactory(paid=True, award__enrollment__state="left"),
    "disbursements:return-reasons": lambda own: make.ReturnReasonFactory(),
    "disbursements:slips": lambda own: make.AwardFactory(confirmed=True, enrollment__school=make.SchoolFactory()),
    "disbursements:unpaid": lambda own: make.AwardFactory(confirmed=True),
    "jobs:list": lambda own: make.JobFactory(school=make.SchoolFactory(), term=own.term),
    "programs:awards": lambda own: make.AwardFactory(),
    "programs:caps": lambda own: make.SchoolCapFactory(program=own.award.program),
    "programs:nominate": lambda own: make.EnrollmentFactory(school=own.school),
    "programs:nomination-school": lambda own: make.NominationFactory(enrollment__school=own.school),
    "programs:nominations": put_forward,
    "programs:fees": lambda own: make.SchoolFeeFactory(program=own.award.program),
    "programs:gaps": missed,
    "programs:list": lambda own: make.AwardFactory(enrollment__school=own.school),
    "programs:lists": lambda own: make.AwardFactory(),
    "programs:notice": lambda own: make.AwardFactory(enrollment__school=own.school),
    "programs:notices": lambda own: (make.NoticeFactory(), make.NoticePhotoFactory()),
    "programs:objections": lambda own: make.ObjectionFactory(by_page=True),
    "programs:recognition": lambda own: make.RecognitionFactory(list=own.recognition_list),
    "programs:recheck-draw": lambda own: make.RecheckFactory(draw=own.recheck.draw),
    "programs:rechecks": lambda own: make.RecheckFactory(draw=own.recheck.draw),
    "programs:recognitions": lambda own: make.RecognitionListFactory(),
    "programs:round": lambda own: make.ApplicationFactory(enrollment__school=own.school, decided=True),
    "programs:round-children": lambda own: make.ApplicationFactory(enrollment__school=own.school),
    "programs:round-facts": lambda own: make.HardshipFactory(match__enrollment__school=own.school),
    "programs:rounds": lambda own: make.RecognitionRoundFactory(),
    "programs:touched": touch,
    "programs:trials": lambda own: make.TrialFactory(),
    "reports:handed-in-differences": lambda own: make.AwardFactory(confirmed=True, enrollment__term=own.term),
    "reports:handed-in-list": lambda own: make.HandedInFactory(),
    "reports:names": lambda own: make.AwardFactory(confirmed=True),
    "schools:list": lambda own: make.EnrollmentFactory(),
    "schools:towns": lambda own: make.TownFactory(code=f"990101{200 + Town.objects.count()}000"),
    "students:absences": lambda own: make.OutsideLetterFactory(absence__person__snapshot=own.snapshot),
    "students:county-file": lambda own: make.RosterFactory(county_file=own.county_file, checked=True, version=1),
    "students:county-files": lambda own: make.CountyFileFactory(term=own.term),
    "students:crosscheck": lambda own: make.MatchFactory(suspected=True),
    "students:crosschecks": lambda own: Crosscheck.objects.create(
        term=own.term, state="superseded", made_by=own.account, made_at=make.NOW
    ),
    "students:letters": lambda own: make.OutsideLetterFactory(),
    "students:list": lambda own: make.EnrollmentFactory(),
    "students:questions": lambda own: make.SchoolQuestionFactory(),
    "students:registers": lambda own: make.RegisterSnapshotFactory(),
    "students:roster": lambda own: make.RosterIssueFactory(roster=own.roster),
    "students:rosters": lambda own: make.EnrollmentFactory(),
    "students:sample": lambda own: make.TierSampleLineFactory(sample=own.sample),
    "students:school-headings": lambda own: make.RosterHeadingFactory(),
    "students:snapshot": lambda own: make.RegisterPersonFactory(snapshot=own.snapshot),
    "students:snapshot-changes": lambda own: (
        make.RegisterPersonFactory(snapshot=own.snapshot),
        make.compare(own.snapshot),
    ),
    "students:snapshot-lines": lambda own: make.RegisterLineFactory(snapshot=own.snapshot),
}
"""Another row for each list, in the way in which it comes to be long: other schools, other children."""


@pytest.fixture
def own(db: None) -> World:
    return world.build()


def reader(name: str) -> Client:
    """Somebody who sees every row of that page."""
    roles = DOORS[name].roles or frozenset()
    client = Client()
    client.force_login(
        make.UserFactory(role=next(role for role in [Role.AUDITOR, Role.PREPARER, Role.ADMIN] if role in roles))
    )
    return client


def is_list(answer: HttpResponse) -> bool:
    return bool(answer.context) and isinstance(answer.context.get("page"), Page)


def test_every_list_of_the_product_is_here(own: World):
    seen_by = {Role.AUDITOR, Role.PREPARER, Role.ADMIN}
    pages = [
        name
        for name, door in DOORS.items()
        if name in ADDRESSES and 200 in door.get and (door.roles or set()) & seen_by
    ]
    found = {name for name in pages if is_list(reader(name).get(path_of(name, own)))}
    # The style guide shows made-up rows; the names of a version and of a report are rows of a file, not of a table.
    assert found - {"styleguide", "students:roster-rows", "reports:handed-in-names"} == set(MORE_ROWS)


@pytest.mark.parametrize("name", MORE_ROWS)
def test_twenty_rows_cost_as_many_queries_as_one(name: str, own: World):
    client, path = reader(name), f"{path_of(name, own)}?size=100"
    MORE_ROWS[name](own)
    MORE_ROWS[name](own)  # an empty page is not asked for
    client.get(path)  # what is looked up once in the life of a process

    with CaptureQueriesContext(connection) as with_one:
        first = client.get(path)
    for _each in range(19):
        MORE_ROWS[name](own)
    with CaptureQueriesContext(connection) as with_twenty:
        second = client.get(path)

    assert len(second.context["page"].object_list) > len(first.context["page"].object_list)
    assert len(with_twenty) == len(with_one), "\n".join(query["sql"] for query in with_twenty.captured_queries)


@pytest.mark.parametrize("name", MORE_ROWS)
def test_the_part_is_the_part_of_the_page(name: str, own: World):
    client, path = reader(name), path_of(name, own)

    page = without_tokens(client.get(path))
    part = without_tokens(client.get(path, headers={"HX-Request": "true"}))

    assert "<html" in page
    assert "<html" not in part
    assert part.strip()
    assert without_indent(part) in without_indent(page)


def without_indent(markup: str) -> str:
    return "\n".join(line.strip() for line in markup.splitlines() if line.strip())
