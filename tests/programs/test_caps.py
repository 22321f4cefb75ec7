"""Rooms in a program: by file, by hand, as in the term before; what is beyond them is told and never stopped."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import Action
from programs import blockers, caps, lists
from programs.caps import Room
from programs.models import SchoolCap, TermProgram
from tests import factories as make
from tests.workbooks import xlsx

pytestmark = pytest.mark.django_db

HEAD = ("学校标识码", "学期", "项目", "档次", "名额", "文号")


@pytest.fixture
def program():
    program = make.ProgramFactory(code="senior-grant", name="普通高中国家助学金", stages=[make.StageFactory()])
    make.StandardFactory(program=program, tier="一档")
    make.TermProgramFactory(program=program, term=make.TermFactory())
    return program


@pytest.fixture
def term(program):
    return make.TermFactory()


@pytest.fixture
def school(program):
    school = make.SchoolFactory(code="4116200001", name="第一高中")
    school.kind.stages.add(*program.stages.all())
    return school


def line(**cells):
    values = {
        "school": "4116200001", "term": "2021年秋季学期", "program": "普通高中国家助学金", "tier": "", "people": "30",
        "no": "教财〔2021〕8号",
    }  # fmt: skip
    return list({**values, **cells}.values())


def take(*lines):
    return caps.take(xlsx(HEAD, lines), by=make.UserFactory(), at=make.NOW)


def known():
    return list(SchoolCap.objects.order_by("tier").values_list("tier", "people", "document_no"))


class TestTheFile:
    def test_says_the_whole_and_each_tier(self, school):
        take(line(), line(tier="一档", people=10, term="2021A"))

        assert known() == [("", 30, "教财〔2021〕8号"), ("一档", 10, "教财〔2021〕8号")]
        assert set(Action.objects.values_list("verb", flat=True)) == {"cap.added"}

    def test_says_of_each_row_what_is_wrong_and_takes_the_others(self, school):
        make.TermFactory(code="2020A", state="closed")
        make.SchoolFactory(code="4116200002")

        outcome = take(
            line(),
            line(school="4116299999"),
            line(term="2031年秋季学期"),
            line(program="不认识"),
            line(tier="九档"),
            line(people="", tier="一档"),
            line(people="三十", school="4116200002"),
            line(term="2020A"),
            line(people="31"),
        )

        assert outcome.refused == [
            (3, ["学校标识码：没有标识码为“4116299999”的学校。"]),
            (4, ["学期：没有“2031年秋季学期”这个学期。"]),
            (5, ["项目：没有名为“不认识”的资助项目。"]),
            (6, ["档次：这个项目没有“九档”这一档。"]),
            (7, ["名额：没有填写人数。"]),
            (8, ["名额：“三十”看不懂，请填一个整数。"]),
            (9, ["学期：该学期已经结束，名额不能再改。"]),
            (10, ["学校标识码：与第 1 条名额的学校、学期、项目和档次都相同。"]),
        ]
        assert known() == [("", 30, "教财〔2021〕8号")]

    def test_that_went_out_comes_back_unchanged(self, as_role, school):
        client = as_role("preparer")
        take(line(), line(tier="一档", people=10))

        exported = client.get(reverse("programs:caps-export")).content

        outcome = caps.preview(exported)
        assert (outcome.unchanged, outcome.changes, outcome.refused) == (2, [], [])

    def test_is_looked_at_before_anything_changes_and_taken_on_a_word(self, as_role, school):
        client = as_role("preparer")

        client.post(reverse("programs:caps-import"), {"file": SimpleUploadedFile("名额.xlsx", xlsx(HEAD, [line()]))})
        before = SchoolCap.objects.count()
        client.post(reverse("programs:caps-import-confirm"))

        assert (before, SchoolCap.objects.count()) == (0, 1)


class TestByHand:
    def test_sets_changes_and_takes_away_on_record(self, as_role, school, program):
        client, page = as_role("preparer"), reverse("programs:cap", args=[school.code, program.pk])

        client.post(page, {"people_0": "30", "people_1": "10", "document_no": "一号"})
        client.post(page, {"people_0": "32", "people_1": "", "document_no": "一号"})

        assert known() == [("", 32, "一号")]
        assert list(Action.objects.order_by("pk").values_list("verb", flat=True)) == [
            "cap.added", "cap.added", "cap.changed", "cap.removed",
        ]  # fmt: skip

    def test_is_over_when_the_term_is(self, as_role, school, program, term):
        term.state = "closed"
        term.save()

        answer = as_role("preparer").post(reverse("programs:cap", args=[school.code, program.pk]), {"people_0": "30"})

        assert "该学期已经结束，名额不能再改。" in answer.content.decode()
        assert not SchoolCap.objects.exists()


class TestTheTermBefore:
    @pytest.fixture
    def before(self, program):
        return make.TermFactory(code="2021S")

    def test_is_copied_for_what_the_term_carries_out_and_leaves_what_is_set(self, school, program, term, before):
        other = make.SchoolFactory()
        for each in (school, other):
            make.SchoolCapFactory(school=each, program=program, term=before, people=20)
        make.SchoolCapFactory(school=school, program=make.ProgramFactory(code="gone"), term=before)
        make.SchoolCapFactory(school=school, program=program, term=term, people=25)

        assert caps.copy(term, before, by=make.UserFactory(), at=make.NOW) == 1

        now = SchoolCap.objects.filter(term=term).order_by("people")
        assert [(cap.school, cap.people) for cap in now] == [(other, 20), (school, 25)]
        assert Action.objects.get().details == {"source": "2021S", "caps": 1}
        with pytest.raises(caps.NothingBefore):
            caps.copy(term, before, by=make.UserFactory(), at=make.NOW)

    def test_is_offered_on_the_page(self, as_role, school, program, term, before):
        make.SchoolCapFactory(school=school, program=program, term=before, people=20)
        client = as_role("preparer")

        assert reverse("programs:caps-copy") in client.get(reverse("programs:caps")).content.decode()
        client.post(reverse("programs:caps-copy"))

        assert SchoolCap.objects.get(term=term).people == 20


class TestHowMuchIsTaken:
    def test_counts_lists_or_the_schools_own_words(self, school, program, term):
        enrollment = make.EnrollmentFactory(school=school)
        make.AwardFactory(enrollment=enrollment, program=program, tier="一档")
        make.AwardFactory(enrollment=make.EnrollmentFactory(school=school), program=program, dropped=True)
        said = make.NominationFactory(enrollment=enrollment)

        assert caps.taken(term) == {
            (school.pk, program.pk): {"一档": 1},
            (school.pk, said.program_id): {"": 1},
        }

    @pytest.mark.parametrize(
        ("room", "words"),
        [
            (Room("", 30, 32), "名额 30，已提 32，超 2"),
            (Room("一档", 10, 10), "一档 名额 10，已提 10"),
        ],
    )
    def test_is_said_in_words(self, room, words):
        assert room.words == words

    def test_beyond_is_warned_of_on_the_list_and_stops_nobody(self, school, program, term):
        award = make.AwardFactory(enrollment__school=school, program=program, tier="一档")
        make.AwardFactory(enrollment=make.EnrollmentFactory(school=school), program=program, list=award.list)
        make.SchoolCapFactory(school=school, program=program, term=term, people=1)
        make.SchoolCapFactory(school=school, program=program, term=term, tier="一档", people=1)

        found = blockers.of_list(award.list, on=make.NOW.date())
        assert [(each.words, each.is_stop) for each in found] == [("普通高中国家助学金：名额 1，已提 2，超 1。", False)]
        lists.school_approve(award.list, by=make.UserFactory(officer=True, school=school), at=make.NOW)

    def test_beyond_is_warned_of_where_many_lists_are_confirmed(self, as_role, school, program, term):
        award = make.AwardFactory(enrollment__school=school, program=program, list__closed=True)
        make.SchoolCapFactory(school=school, program=program, term=term, people=0)

        page = as_role("approver").post(reverse("programs:lists-confirm"), {"ids": award.list_id}).content.decode()

        assert "普通高中国家助学金：名额 0，已提 1，超 1。" in page


class TestThePage:
    def test_tells_what_is_beyond_and_who_has_none(self, as_role, school, program, term):
        other = make.SchoolFactory()
        make.SchoolCapFactory(school=school, program=program, term=term, people=0)
        make.AwardFactory(enrollment__school=school, program=program)
        client, page = as_role("auditor"), reverse("programs:caps")

        assert [room for _cap, room in client.get(page, {"tab": "over"}).context["page"]] == [Room("", 0, 1)]
        assert list(client.get(page, {"tab": "missing"}).context["page"]) == [(other, program)]

    def test_is_narrowed_by_program(self, as_role, school, program, term):
        other = make.ProgramFactory(code="other", name="另一项")
        for each in (program, other):
            make.SchoolCapFactory(school=school, program=each, term=term)

        shown = as_role("auditor").get(reverse("programs:caps"), {"program": "other"}).context["page"]

        assert [cap.program for cap, _room in shown] == [other]
        assert TermProgram.objects.count() == 2
