"""Children that schools put forward: on the page and by workbook, the newest word holds, and how far it reaches."""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Action
from jobs import run
from jobs.choices import JobState
from jobs.models import Job
from programs import awards, blockers, gap_answers, lists, nomination_files, nominations, runs, terms
from programs.choices import AwardState, ListState
from programs.models import Award, AwardList, Nomination
from schools.models import Term
from tests import factories as make
from tests.workbooks import xlsx

pytestmark = pytest.mark.django_db
CODE = "school-award"


@pytest.fixture
def school():
    return make.SchoolFactory(name="东关小学", code="4116250001")


@pytest.fixture
def program(school):
    """Two tiers, one stage, any child of the grades three and four."""
    stage = make.StageFactory()
    school.kind.stages.add(stage)
    program = make.ProgramFactory(code=CODE, name="校内奖励", way="school", stages=[stage])
    make.TermProgramFactory(program=program, term=make.TermFactory())
    make.StandardFactory(program=program, tier="一档", amount_fen=100_000)
    make.StandardFactory(program=program, tier="二档", amount_fen=60_000)
    make.RuleFactory(program=program, grades=["三年级", "四年级"])
    return program


@pytest.fixture
def term(program):
    return make.TermFactory()


@pytest.fixture
def officer(school):
    return make.UserFactory(officer=True, school=school)


@pytest.fixture
def child(school, program):
    return make.EnrollmentFactory(school=school, student__name="欧阳小雨")


@pytest.fixture
def put_forward(school, program, term, officer):
    def nominate(*children, tier="一档", by=officer, at=make.NOW):
        tiers = {each.student_id: tier for each in children}
        return nominations.nominate(tiers, school=school, program=program, term=term, by=by, at=at)

    return nominate


def current():
    return {each.student.name: each.tier for each in Nomination.objects.filter(is_current=True)}


def propose(term, at=make.NOW):
    return run.execute(run.start("awards-propose", by=make.UserFactory(), at=at, term=term, term_id=term.pk).pk)


class TestPuttingForward:
    def test_says_who_and_when_and_leaves_a_trace(self, put_forward, child, officer, school):
        assert put_forward(child) == 1

        said = Nomination.objects.get()
        assert (said.student, said.tier, said.set_by, said.set_at) == (child.student, "一档", officer, make.NOW)
        action = Action.objects.get()
        assert (action.verb, action.target_id) == ("nominations.made", str(school.pk))
        assert action.details == {"term": "2021A", "program": CODE, "children": 1}

    def test_again_holds_from_then_on_and_keeps_the_word_before(self, put_forward, child):
        put_forward(child)
        put_forward(child, tier="二档", at=make.NOW + timedelta(hours=1))

        assert current() == {"欧阳小雨": "二档"}
        assert list(Nomination.objects.order_by("pk").values_list("tier", "is_current")) == [
            ("一档", False),
            ("二档", True),
        ]

    def test_the_same_twice_is_one_word(self, put_forward, child):
        put_forward(child)

        assert put_forward(child) == 0
        assert Nomination.objects.count() == 1

    @pytest.mark.parametrize("facts", [{"grade": "五年级"}, {"state": "left"}, {"state": "suspended"}])
    def test_is_for_who_studies_in_the_grades_of_the_program(self, put_forward, school, facts):
        with pytest.raises(nominations.NotOffered):
            put_forward(make.EnrollmentFactory(school=school, **facts))

    def test_is_for_the_own_children_only(self, put_forward):
        with pytest.raises(nominations.NotOffered):
            put_forward(make.EnrollmentFactory(school=make.SchoolFactory()))

    def test_is_for_the_own_school_only(self, put_forward, child):
        with pytest.raises(nominations.OtherSchoolsChildren):
            put_forward(child, by=make.UserFactory(officer=True))

    @pytest.mark.parametrize("tier", ["三档", ""])
    def test_takes_the_tiers_of_the_program_and_no_other(self, put_forward, child, tier):
        with pytest.raises(nominations.NoSuchTier):
            put_forward(child, tier=tier)

    def test_takes_the_tiers_of_the_stage(self, put_forward, program, school, child):
        junior = make.StageFactory(code="junior")
        program.stages.add(junior)
        program.standards.filter(tier="一档").update(stage=junior)

        with pytest.raises(nominations.NoSuchTier):
            put_forward(child)

    def test_needs_no_tier_where_the_program_has_none(self, put_forward, program, child):
        program.standards.filter(tier="二档").delete()
        program.standards.update(tier="")

        put_forward(child, tier="")

        assert current() == {"欧阳小雨": ""}

    def test_is_over_when_the_term_is(self, put_forward, child, term):
        term.state = "closed"
        term.save()

        with pytest.raises(nominations.TermIsClosed):
            put_forward(child)

    @pytest.mark.parametrize("facts", [{"way": "auto"}, {"terms": None}])
    def test_is_for_programs_of_the_term_that_schools_nominate_for(self, put_forward, child, program, facts):
        if "way" in facts:
            program.way = "auto"
            program.save()
        else:
            program.terms.all().delete()

        with pytest.raises(nominations.NotNominated):
            put_forward(child)

    @pytest.mark.parametrize("state", [ListState.SCHOOL_PREPARED, ListState.SCHOOL_APPROVED])
    def test_waits_until_a_list_that_was_handed_on_comes_back(self, put_forward, child, school, term, state):
        make.AwardListFactory(school=school, term=term, signed_by_school=True, state=state)

        with pytest.raises(nominations.ListSigned):
            put_forward(child)

    def test_goes_on_for_the_supplementary_list_but_not_for_whom_the_school_stands_by(
        self, put_forward, child, school, term, program
    ):
        put_forward(child)
        make.AwardFactory(enrollment=child, program=program, list__published=True)

        late = make.EnrollmentFactory(school=school)
        assert put_forward(late) == 1
        with pytest.raises(nominations.AwardSigned):
            put_forward(child, tier="二档")

    def test_nobody_is_no_act(self, put_forward):
        with pytest.raises(nominations.NobodyChosen):
            put_forward()


class TestTakingBack:
    def test_needs_words_and_keeps_them(self, put_forward, child, officer):
        put_forward(child)
        said = Nomination.objects.get()

        with pytest.raises(nominations.ReasonMissing):
            nominations.withdraw(said, reason=" ", by=officer, at=make.NOW)
        nominations.withdraw(said, reason="家长书面放弃", by=officer, at=make.NOW)

        assert (said.is_current, said.withdrawn_by, said.withdrawn_reason) == (False, officer, "家长书面放弃")
        assert Action.objects.latest("pk").details == {"reason": "家长书面放弃"}

    def test_twice_is_told_to_the_second(self, put_forward, child, officer):
        put_forward(child)
        first, second = Nomination.objects.get(), Nomination.objects.get()
        nominations.withdraw(first, reason="放弃", by=officer, at=make.NOW)

        with pytest.raises(nominations.AlreadyTakenBack):
            nominations.withdraw(second, reason="放弃", by=officer, at=make.NOW)

    def test_takes_the_proposed_award_along_with_the_reason(self, put_forward, child, officer, term):
        put_forward(child)
        propose(term)

        nominations.withdraw(Nomination.objects.get(), reason="家长书面放弃", by=officer, at=make.NOW)

        award = Award.objects.get()
        assert (award.state, award.dropped_reason) == (AwardState.DROPPED, "学校撤回提名：家长书面放弃")

    def test_is_refused_where_the_school_stands_by_the_award(self, put_forward, child, officer, program):
        put_forward(child)
        make.AwardFactory(enrollment=child, program=program, list__confirmed=True, state=AwardState.CONFIRMED)

        with pytest.raises(nominations.AwardSigned):
            nominations.withdraw(Nomination.objects.get(), reason="放弃", by=officer, at=make.NOW)
        assert Nomination.objects.get().is_current


class TestProposing:
    """The award run proposes whom schools put forward, and keeps what people decided."""

    def test_gives_the_tier_of_the_nomination(self, put_forward, child, school, term):
        make.EnrollmentFactory(school=school)  # nobody put it forward
        put_forward(child, tier="二档")

        propose(term)

        assert [(award.student, award.tier, award.amount_fen) for award in Award.objects.all()] == [
            (child.student, "二档", 60_000)
        ]

    def test_follows_another_tier_and_leaves_nobody_twice(self, put_forward, child, term):
        put_forward(child)
        propose(term)
        put_forward(child, tier="二档")
        propose(term)

        assert [(award.tier, award.amount_fen) for award in Award.objects.all()] == [("二档", 60_000)]

    @pytest.mark.parametrize("tier", ["二档", ""])
    def test_that_changed_since_stands_in_the_way_of_the_list_until_it_is_proposed_anew(
        self, put_forward, program, child, officer, term, tier
    ):
        make.StandardFactory(program=program, tier="", amount_fen=10_000)
        put_forward(child)
        propose(term)
        award_list = AwardList.objects.get()
        assert blockers.in_awards(award_list) == []
        Nomination.objects.update(tier=tier)

        (found,) = blockers.in_awards(award_list)
        assert (found.code, found.refusal.params, found.is_stop) == ("list-tiers-behind", {"count": 1}, True)
        with pytest.raises(blockers.TiersBehind):
            lists.school_approve(award_list, by=officer, at=make.NOW)
        signed = {"school_approved_by": officer, "school_approved_at": make.NOW}
        AwardList.objects.update(state=ListState.CLOSED, **signed)
        award_list.refresh_from_db()
        with pytest.raises(blockers.TiersBehind):
            lists.confirm(award_list, by=make.UserFactory(approver=True), at=make.NOW)

        AwardList.objects.update(state=ListState.DRAFT)
        propose(term)
        assert blockers.in_awards(award_list) == []

    def test_is_not_missed_but_waits_for_the_next_run(self, as_role, put_forward, child, school, term, officer):
        """Nobody asks its school why it has nothing: that is the county's next run, and no term closes before it."""
        put_forward(child)
        propose(term)
        late = make.EnrollmentFactory(school=school)
        put_forward(late, at=make.NOW + timedelta(hours=1))

        figures = gap_answers.figures(term)
        assert (figures.missed, figures.to_answer, figures.to_propose) == (0, 0, 1)
        assert "1 人次已提名，等县里重新提出。" in as_role("school", school=school).get("/").content.decode()
        with pytest.raises(terms.ToPropose):
            terms.close(term, by=make.UserFactory(), at=make.NOW)
        assert terms.unfinished(Term.objects.get()).is_in_the_way

        propose(term, at=make.NOW + timedelta(hours=2))
        assert gap_answers.figures(term).to_propose == 0
        assert Award.objects.filter(student=late.student).exists()

    def test_is_missed_where_the_run_after_it_gave_nothing(self, put_forward, child, term, officer):
        put_forward(child)
        propose(term)
        awards.drop(Award.objects.get(), reason="已领其他奖励", by=officer, at=make.NOW)

        figures = gap_answers.figures(term)
        assert (figures.missed, figures.to_answer, figures.to_propose) == (1, 1, 0)

    def test_is_found_among_the_gaps_by_its_state(self, as_role, put_forward, child, term):
        put_forward(child)
        client, address = as_role("preparer"), reverse("programs:gaps")

        assert client.get(address).context["page"].total == 0
        page = client.get(f"{address}?state=to-propose")
        assert page.context["page"].total == 1
        assert "已提名，待提出" in page.content.decode()
        assert "已经提名、还没有提出资助" in client.get(reverse("programs:term-close", args=[term.pk])).content.decode()

    def test_brings_a_child_back_that_is_put_forward_again(self, put_forward, child, officer, term):
        put_forward(child)
        propose(term)
        nominations.withdraw(Nomination.objects.get(), reason="误报", by=officer, at=make.NOW)
        propose(term)
        assert not Award.objects.live().exists()

        put_forward(child)
        propose(term)

        assert Award.objects.live().get().student == child.student

    def test_keeps_out_whom_people_took_out(self, put_forward, child, officer, term):
        put_forward(child)
        propose(term)
        awards.drop(Award.objects.get(), reason="已领其他奖励", by=officer, at=make.NOW)

        put_forward(child, tier="二档")
        propose(term)

        assert Award.objects.get().dropped_reason == "已领其他奖励"

    def test_keeps_a_tier_set_by_hand(self, put_forward, child, officer, term):
        put_forward(child)
        propose(term)
        awards.set_tier(Award.objects.get(), "二档", reason="评议意见", by=officer, at=make.NOW)

        propose(term)

        award = Award.objects.get()
        assert (award.tier, award.amount_fen, award.tier_reason) == ("二档", 60_000, "评议意见")
        assert blockers.in_awards(award.list) == []

    def test_puts_who_comes_late_on_a_supplementary_list(self, put_forward, child, school, term, officer):
        put_forward(child)
        propose(term)
        lists.school_approve(AwardList.objects.get(), by=officer, at=make.NOW)
        AwardList.objects.update(state=ListState.PUBLISHED)
        late = make.EnrollmentFactory(school=school)
        put_forward(late)

        propose(term)

        assert list(Award.objects.order_by("pk").values_list("student", "list__number")) == [
            (child.student_id, 1),
            (late.student_id, 2),
        ]


HEAD = ("年级", "班级", "姓名", "证件号码", "档次")


@pytest.fixture
def hand_in(school, program, term, officer):
    def upload(lines, *, head=HEAD):
        job = runs.upload_nominations(
            school=school, program=program, term=term, content=xlsx(head, lines), name="提名.xlsx",
            by=officer, at=make.NOW,
        )  # fmt: skip
        run.execute(job.pk)
        job.refresh_from_db()
        return job

    return upload


def line(child, tier="一档", **cells):
    facts = {"grade": child.grade, "class": child.class_name, "name": child.student.name}
    return [*{**facts, "id": child.student.id_number, **cells}.values(), tier]


class TestTheWorkbook:
    def test_hands_out_the_own_children_masked_with_their_tiers_to_choose(
        self, put_forward, child, school, program, term
    ):
        make.EnrollmentFactory(school=school, grade="五年级")
        make.EnrollmentFactory(school=make.SchoolFactory())
        other = make.EnrollmentFactory(school=school, grade="四年级", grade_no=4)
        put_forward(child, tier="二档")

        sheet = load_workbook(io.BytesIO(nomination_files.write(school, program, term))).active

        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
        assert [row[3:6] for row in rows] == [
            ["欧阳小雨", child.student.masked_id, "二档"],
            [other.student.name, other.student.masked_id, None],
        ]
        (choice,) = sheet.data_validations.dataValidation
        assert (str(choice.sqref), choice.formula1) == ("F4:F5", '"一档,二档"')
        assert child.student.id_number not in str(rows)

    def test_that_went_out_comes_back_with_what_was_chosen(self, school, program, term, officer, child):
        twin = make.EnrollmentFactory(school=school, student__name="欧阳小雨")  # told apart by the masked number
        book = load_workbook(io.BytesIO(nomination_files.write(school, program, term)))
        for row in book.active.iter_rows(min_row=4):
            if row[4].value == twin.student.masked_id:
                row[5].value = "二档"
        out = io.BytesIO()
        book.save(out)

        job = runs.upload_nominations(
            school=school, program=program, term=term, content=out.getvalue(), name="提名.xlsx",
            by=officer, at=make.NOW,
        )  # fmt: skip
        run.execute(job.pk)

        job.refresh_from_db()
        assert job.result == {"people": 1, "changed": 1, "unmatched": 0, "not_taken": []}
        said = Nomination.objects.get()
        assert (said.student, said.tier) == (twin.student, "二档")
        assert said.row in {4, 5}
        assert said.file is not None

    def test_keeps_the_lines_that_fit_no_child_with_row_reason_and_remedy(
        self, hand_in, school, program, term, child, officer
    ):
        other = make.EnrollmentFactory(school=school)
        fifth = make.EnrollmentFactory(school=school, grade="五年级")
        signed = make.EnrollmentFactory(school=school)
        make.AwardFactory(enrollment=signed, program=program, list__published=True)

        job = hand_in(
            [
                line(child),
                line(other, "特等"),
                line(make.EnrollmentFactory(school=make.SchoolFactory())),
                line(child, "二档"),
                line(fifth),
                line(signed, "二档"),
                line(other, ""),
            ]
        )

        assert current() == {"欧阳小雨": "一档"}
        tiers = nominations.Tiers(school, program, term)
        assert [(each.row, each.what, each.mend) for each in nomination_files.not_taken(job.result, tiers)] == [
            (3, "档次不是这个项目在该生学段里的写法。", "请从下拉列表里选：一档、二档。"),
            (
                4,
                "本校现行花名册里没有这名学生。",
                "请与花名册核对姓名和证件号；没有证件号的，年级和班级也要与花名册一致。",
            ),
            (5, "同一名学生在前面已经出现过，以前面一行为准。", "请删除重复的行。"),
            (6, "学生的学段或年级不在这个项目的范围里。", "请删除这一行，或核对花名册里的年级。"),
            (7, "学生已经在确认过的资助名单里，档次不能再改。", "确需改档的，请先由县资助中心退回名单。"),
        ]

    def test_finds_a_child_without_a_number_by_name_and_class(self, hand_in, child, school):
        make.EnrollmentFactory(school=school, student__name="欧阳小雨", class_name="2班")

        hand_in([line(child, id="")])

        assert Nomination.objects.get().student == child.student

    def test_of_another_school_is_refused(self, child, school, program, term, officer):
        other = make.SchoolFactory(code="4116250002")
        make.EnrollmentFactory(school=other)

        job = runs.upload_nominations(
            school=school, program=program, term=term, content=nomination_files.write(other, program, term),
            name="提名.xlsx", by=officer, at=make.NOW,
        )  # fmt: skip
        run.execute(job.pk)

        job.refresh_from_db()
        assert (job.error_code, job.error_params["found"]) == ("nomination-wrong-file", "4116250002")

    def test_of_another_program_is_refused(self, child, school, program, term, officer):
        other = make.ProgramFactory(code="other", name="另一项奖励", way="school", stages=[child.stage])

        job = runs.upload_nominations(
            school=school, program=program, term=term, content=nomination_files.write(school, other, term),
            name="提名.xlsx", by=officer, at=make.NOW,
        )  # fmt: skip
        run.execute(job.pk)

        job.refresh_from_db()
        assert (job.error_code, job.error_params["found"]) == ("nomination-wrong-file", "另一项奖励")

    def test_in_which_nothing_is_chosen_is_refused_in_words(self, hand_in, child):
        job = hand_in([line(child, "")])

        assert (job.state, job.error_code) == (JobState.FAILED, "nobody-nominated")

    def test_of_a_program_without_tiers_may_be_a_list_of_names(self, hand_in, program, child):
        program.standards.filter(tier="二档").delete()
        program.standards.update(tier="")

        hand_in([["欧阳小雨"]], head=("姓名",))

        assert current() == {"欧阳小雨": ""}

    def test_read_twice_says_the_same(self, hand_in, child):
        hand_in([line(child)])
        again = hand_in([line(child)])

        assert again.result == {"people": 1, "changed": 0, "unmatched": 0, "not_taken": []}
        assert Nomination.objects.count() == 1


def address(view, school, **query):
    url = reverse(f"programs:{view}", args=[school.code, CODE])
    return f"{url}?{'&'.join(f'{key}={value}' for key, value in query.items())}" if query else url


class TestThePages:
    def test_put_forward_the_ticked_children_of_a_class(self, as_role, school, program, child):
        other = make.EnrollmentFactory(school=school, class_name="2班")
        client = as_role("school", school=school)

        shown = client.get(address("nominate", school, place="三年级|1班")).context["page"]
        answer = client.post(address("nominate", school), {"ids": [child.student_id], "tier": "二档"})

        assert list(shown) == [child]
        assert answer.status_code == 302
        assert current() == {"欧阳小雨": "二档"}
        assert list(client.get(address("nominate", school, tab="open")).context["page"]) == [other]

    def test_say_why_not_and_stay(self, as_role, school, program, child):
        answer = as_role("school", school=school).post(address("nominate", school), {"tier": "一档"})

        assert "请先勾选学生。" in answer.content.decode()

    def test_take_a_child_out_again_with_words(self, as_role, put_forward, school, child):
        put_forward(child)
        client = as_role("school", school=school)

        client.post(reverse("programs:nomination-withdraw", args=[Nomination.objects.get().pk]), {"reason": "转学"})

        listed = client.get(address("nomination-school", school, tab="earlier"))
        assert "转学" in listed.content.decode()
        assert not client.get(address("nomination-school", school)).context["page"].object_list

    def test_show_the_county_every_school_with_its_counts(self, as_role, put_forward, school, program, child, term):
        silent = make.SchoolFactory(code="4116250009")
        make.SchoolCapFactory(school=school, program=program, term=term, people=0)
        put_forward(child)
        county = as_role("approver")

        lines = county.get(reverse("programs:nominations")).context["page"]
        assert [(line.school, line.people, line.tiers) for line in lines] == [
            (school, 1, {"一档": 1}),
            (silent, 0, {}),
        ]
        over = county.get(reverse("programs:nominations"), {"tab": "over"})
        assert "名额 0，已提 1，超 1" in over.content.decode()

    def test_take_a_workbook_and_say_what_came_of_it(self, as_role, school, program, child):
        client = as_role("school", school=school)
        file = SimpleUploadedFile("提名.xlsx", xlsx(HEAD, [line(child), line(child, "特等")]))

        where = client.post(address("nomination-upload", school), {"file": file}).headers["Location"]
        run.execute(Job.objects.get().pk)

        page = client.get(where).content.decode()
        assert "档次不是这个项目在该生学段里的写法。" in page
        assert current() == {"欧阳小雨": "一档"}

    def test_hand_out_the_workbook_on_record(self, as_role, school, program, child):
        answer = as_role("school", school=school).get(address("nomination-template", school))

        assert load_workbook(io.BytesIO(answer.content)).active["D4"].value == "欧阳小雨"
        assert Action.objects.get().verb == "nominations.downloaded"

    def test_offer_nothing_to_press_when_the_list_was_handed_on(self, as_role, school, program, child, term):
        make.AwardListFactory(school=school, term=term, school_approved=True)

        page = as_role("school", school=school).get(address("nomination-school", school)).content.decode()

        assert "学校的资助名单已经核对，现在不能改提名" in page
        assert address("nominate", school) not in page
