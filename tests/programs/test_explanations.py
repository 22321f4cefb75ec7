"""Why a child gets what it gets: every fact, every condition, the document behind each, and what an award froze."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from common.roles import Role
from jobs.documents import Brought, store
from programs import documents, explanations
from programs.choices import Level
from programs.models import Award, Nomination, PolicyDocument
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def term():
    return make.TermFactory()


@pytest.fixture
def program(term):
    return carried_out(term, "boarder-living")


@pytest.fixture
def child(term):
    return make.EnrollmentFactory(term=term)


@pytest.fixture
def show(client):
    def _show(child, role=Role.AUDITOR, **facts):
        client.force_login(make.UserFactory(role=role, **facts))
        return client.get(reverse("programs:explain", args=[child.pk]))

    return _show


def carried_out(term, code, **facts):
    made = make.ProgramFactory(code=code, stages=[make.StageFactory()], **facts)
    make.TermProgramFactory(term=term, program=made)
    make.StandardFactory(program=made)
    make.RuleFactory(program=made)
    return made


def answer(child, program):
    found = explanations.explain(child, awards=Award.objects.all())
    return {each.program.pk: each for each in found.answers}[program.pk]


class TestRule:
    def test_stands_beside_the_child_condition_by_condition(self, program, child):
        category = make.HardshipCategoryFactory()
        rule = program.rules.get()
        rule.categories.add(category)
        rule.school_kinds.add(child.school.kind)
        rule.levels, rule.is_boarding, rule.ownerships = [Level.HARD, Level.SPECIAL], False, ["private", "inclusive"]
        rule.is_registered = True
        rule.save()
        make.HardshipFactory(student=child.student, term=child.term, category=category)

        asked = answer(child, program).rules[0].asked

        assert [(each.name, each.asks, each.child, each.holds) for each in asked] == [
            ("困难类型", "建档立卡贫困户", "建档立卡贫困户", True),
            ("认定等级", "特别困难 或 困难", "没有认定为困难", False),
            ("学校类型", "完全小学", "完全小学", True),
            ("办别", "普惠性民办 或 民办", "公办", False),
            ("就读方式", "走读", "寄宿", False),
            ("学籍", "有学籍", "没有填报", False),
        ]

    def test_fits_exactly_where_the_rulebook_says_so(self, program, child):
        fitting = make.RuleFactory(program=program, position=2, description="都可以")
        rule = program.rules.get(position=1)
        rule.is_rural = False
        rule.save()

        found = answer(child, program)

        assert [each.fits for each in found.rules] == [False, True]
        assert found.verdict.rule == fitting

    def test_gives_the_school_the_document_to_read(self, as_role, program, child, settings, tmp_path):
        settings.FILES_DIR = tmp_path
        by = make.UserFactory()
        rule = program.rules.first()
        brought = Brought(b"%PDF-1.7 a policy", "通知.pdf")
        policy = documents.add(
            number=rule.document_no, title="通知", issued_on=None, brought=brought, by=by, at=make.NOW
        )
        quota = store(brought, by=by, at=make.NOW)  # a document too, but between offices
        school = as_role("school", school=child.school)

        page = school.get(reverse("programs:explain", args=[child.pk])).content.decode()
        assert reverse("jobs:file", args=[policy.file_id]) in page
        assert school.get(reverse("jobs:file", args=[policy.file_id])).content == brought.content
        assert "下载文件" in school.get(policy.get_absolute_url()).content.decode()
        assert school.get(reverse("jobs:file", args=[quota.pk])).status_code == 404

    def test_leads_to_its_document_where_one_is_on_record(self, program, child):
        document = PolicyDocument.objects.create(
            number="示教〔2019〕1号", title="资助办法", added_by=make.UserFactory(), added_at=NOW
        )

        found = answer(child, program)

        assert (found.rules[0].document, found.price_document) == (document, document)


class TestProgram:
    def test_of_another_stage_is_only_named(self, program, child):
        child.stage = make.StageFactory(code="senior")
        child.save()

        found = explanations.explain(child, awards=Award.objects.all())

        assert (found.answers, found.not_for_the_stage) == ([], [program])

    def test_that_the_other_school_pays_is_not_given_here(self, term, program, child):
        other = make.EnrollmentFactory(term=term, student=child.student)

        assert (answer(child, program).is_given, answer(child, program).paid_by) == (False, other.school)
        assert answer(other, program).is_given

    def test_is_not_given_beside_an_award_with_which_it_does_not_go_together(self, term, program, child):
        lost = carried_out(term, "day-pupil-living", position=1)
        lost.rules.update(is_boarding=False)
        make.ExclusionFactory(program=program, other=lost)
        make.AwardFactory(enrollment=child, program=lost, rule=lost.rules.get(), standard=lost.standards.get())

        found = answer(child, program)

        assert (found.verdict.entitled, found.is_given, found.held_back_by) == (True, False, [lost])

    def test_that_schools_nominate_for_names_the_nomination(self, term, child):
        program = carried_out(term, "senior-grant", way="school")
        assert answer(child, program).nomination is None
        made = Nomination.objects.create(
            school=child.school,
            term=term,
            program=program,
            student=child.student,
            set_by=make.UserFactory(),
            set_at=NOW,
        )

        assert (answer(child, program).nomination, answer(child, program).is_given) == (made, True)


class TestAward:
    def test_that_nothing_has_changed_since_says_so(self, program, child):
        make.AwardFactory(enrollment=child, program=program)

        standing = answer(child, program).standing

        assert not standing.differs
        assert {each.name for each in standing.frozen} >= {"金额（元）", "标准依据", "年级班级"}

    @pytest.mark.parametrize(
        ("change", "name", "then", "now"),
        [
            ({"class_name": "2班"}, "年级班级", "小学 三年级1班", "小学 三年级2班"),
            ({"is_boarding": False}, "就读方式", "寄宿", "走读"),
        ],
    )
    def test_shows_what_of_the_child_has_changed(self, program, child, change, name, then, now):
        make.AwardFactory(enrollment=child, program=program)
        type(child).objects.filter(pk=child.pk).update(**change)
        child.refresh_from_db()

        changed = [each for each in answer(child, program).standing.frozen if each.differs]

        assert [(each.name, each.then, each.now) for each in changed] == [(name, then, now)]

    def test_shows_what_of_the_price_has_changed(self, program, child):
        make.AwardFactory(enrollment=child, program=program)
        program.standards.update(valid_to=date(2021, 8, 31))
        make.StandardFactory(
            program=program, valid_from=date(2021, 9, 1), amount_fen=62_500, document_no="示教〔2021〕9号"
        )

        changed = [each for each in answer(child, program).standing.frozen if each.differs]

        assert [(each.then, each.now) for each in changed] == [
            ("示教〔2019〕1号", "示教〔2021〕9号"),
            ("500.00", "625.00"),
        ]

    def test_that_the_child_would_not_get_today_is_lost(self, program, child):
        make.AwardFactory(enrollment=child, program=program)
        program.rules.update(is_boarding=False)

        assert answer(child, program).standing.is_lost

    def test_with_a_tier_set_by_hand_is_compared_at_that_tier(self, program, child):
        dearer = make.StandardFactory(program=program, tier="一档", amount_fen=80_000)
        make.AwardFactory(
            enrollment=child,
            program=program,
            standard=dearer,
            tier="一档",
            tier_by=make.UserFactory(),
            tier_at=NOW,
            tier_reason="班级评议",
        )

        assert not answer(child, program).standing.differs

    def test_that_was_dropped_gives_its_reason(self, program, child):
        make.AwardFactory(enrollment=child, program=program, dropped=True)

        found = answer(child, program)

        assert (found.standing, found.dropped.dropped_reason) == (None, "已转学")


class TestPage:
    def test_names_the_line_of_the_list_and_the_recognition(self, program, child, show):
        fact = make.HardshipFactory(match__enrollment=child, match__person__row=12_345)
        made = make.RecognitionFactory(student=child.student, list__school=child.school, row=1_017)

        shown = show(child).content.decode()

        assert f"名单第 {fact.match.person.row} 行" in shown
        assert "名单日期 2021-09-10" in shown
        assert "认定为困难" in shown
        assert f"{made.list.file.name} 第 1017 行" in shown

    def test_shows_no_whole_number(self, program, child, show):
        make.HardshipFactory(match__enrollment=child)

        shown = show(child).content.decode()

        assert child.student.id_number not in shown
        assert child.student.id_number[6:14] not in shown

    def test_is_open_to_the_child_s_own_school_and_to_no_other(self, program, child, show):
        assert show(child, Role.SCHOOL, school=child.school).status_code == 200
        assert show(child, Role.SCHOOL, school=make.SchoolFactory()).status_code == 404

    def test_lays_no_other_school_s_award_open_to_a_school(self, term, program, child, show):
        other = make.EnrollmentFactory(term=term, student=child.student)
        make.AwardFactory(enrollment=other, program=program, confirmed=True)

        assert "已有资助" not in show(child, Role.SCHOOL, school=child.school).content.decode()
        assert "已有资助" in show(child).content.decode()

    def test_says_that_a_suspended_child_is_not_proposed(self, program, child, show):
        type(child).objects.filter(pk=child.pk).update(state="suspended")

        assert "不在提出资助的范围内" in show(child).content.decode()

    def test_leads_to_the_child_s_other_terms(self, program, child, show):
        before = make.EnrollmentFactory(student=child.student, school=child.school, term=make.TermFactory(code="2021S"))

        assert reverse("programs:explain", args=[before.pk]) in show(child).content.decode()

    def test_costs_the_same_for_a_child_with_many_facts(self, term, child, show):
        def add(nth):
            each = carried_out(term, f"another-{nth}", position=nth)
            make.AwardFactory(enrollment=child, program=each, rule=each.rules.get(), standard=each.standards.get())
            make.HardshipFactory(match__enrollment=child, category=make.HardshipCategoryFactory(code=f"category-{nth}"))

        def queries():
            with CaptureQueriesContext(connection) as captured:
                show(child)
            return len(captured)

        add(0)
        show(child)
        few = queries()
        for nth in range(1, 6):
            add(nth)

        assert queries() == few
