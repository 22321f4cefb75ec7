"""The pages of recognition, gone through by hand from the telling to the list in force, and those of re-checks."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from jobs.models import StoredFile
from programs import rechecks, rounds
from programs.models import Application, RecheckDraw, RecognitionList, RecognitionRound
from tests import factories as make

pytestmark = pytest.mark.django_db


def words(answer):
    return answer.content.decode()


def url(name, *args):
    return reverse(f"programs:{name}", args=args)


@pytest.fixture
def pupils():
    school = make.SchoolFactory()
    return [
        make.EnrollmentFactory(school=school, student__name=name, class_name=class_name)
        for name, class_name in (("欧阳小雨", "1班"), ("林晓", "1班"), ("周建", "2班"))
    ]


@pytest.fixture
def officer(as_role, pupils):
    return as_role("school", school=pupils[0].school)


@pytest.fixture
def today():
    return timezone.localdate()


class TestAWholeRound:
    def test_is_gone_through_on_the_pages(self, officer, as_role, pupils, today):
        answer = officer.post(
            url("round-begin"), {"kind": "yearly", "told_on": today.isoformat(), "told_how": "家长会"}, follow=True
        )
        round = RecognitionRound.objects.get()
        assert answer.redirect_chain[-1][0] == round.get_absolute_url()

        ticked = {"children": [child.pk for child in pupils], "applied_on": today.isoformat(), "promise_signed": "on"}
        answer = officer.post(url("round-enter", round.pk), ticked, follow=True)
        assert "已录入 3 人。" in words(answer)

        for place in ("三年级1班", "三年级2班"):
            address = f"{url('round-class', round.pk)}?place={place}"
            lines = officer.get(address).context["lines"]
            officer.post(address, {f"{row.pk}-level": "hard" for row, _form in lines})
        assert set(Application.objects.values_list("state", "class_level")) == {("class_reviewed", "hard")}

        panel = {
            "held_on": today.isoformat(),
            "present": "张建国 校长\n李梅　班主任\n王芳，家长代表",
            "minutes": "通过",
        }
        officer.post(url("round-panel", round.pk), panel)
        for place in ("三年级1班", "三年级2班"):
            address = f"{url('round-votes', round.pk)}?place={place}"
            said = {}
            for row, form in officer.get(address).context["lines"]:
                assert form.initial == {"votes_for": 3, "votes_against": 0, "level": "hard", "words": ""}
                said |= {f"{row.pk}-{name}": value for name, value in form.initial.items()}
            officer.post(address, said)
        officer.post(url("round-reviewed", round.pk))
        officer.post(url("round-publish", round.pk), {"working_days": 5})
        round.refresh_from_db()
        assert (round.state, round.meetings.get().present[2]) == ("published", {"name": "王芳", "duty": "家长代表"})

        board = words(officer.get(url("round-sheet", round.pk)))
        assert all(child.student.name in board for child in pupils)
        assert pupils[0].student.masked_id not in board

        too_early = officer.post(url("round-close", round.pk), {"result": "无异议"}, follow=True)
        assert "不能提前结束" in words(too_early)
        before = timezone.now() - timedelta(days=20)
        first = timezone.localdate(before)
        RecognitionRound.objects.update(public_from=first, public_to=first + timedelta(days=8))
        board = words(officer.get(url("round-sheet", round.pk)))
        assert "公示已经结束，名单不再打印" in board
        assert not any(child.student.name in board for child in pupils)
        officer.post(url("round-close", round.pk), {"result": "无异议"})

        county = as_role("approver")
        assert "等县资助中心备案" in words(county.get(round.get_absolute_url()))
        county.post(url("round-record", round.pk))
        made = RecognitionList.objects.get()
        assert (made.state, made.people, made.round) == ("in_force", 3, round)
        assert "学年认定" in words(county.get(url("recognitions")))
        assert "学年认定" in words(county.get(made.get_absolute_url()))

    def test_says_on_the_form_why_it_cannot_begin(self, officer, today):
        said = {"kind": "change", "told_on": today.isoformat(), "told_how": "家长会"}

        answer = officer.post(url("round-begin"), said)

        assert answer.context["form"].non_field_errors() == [str(rounds.NothingToChange())]

    def test_is_begun_by_the_county_for_a_school(self, as_role, pupils, today):
        said = {"school": pupils[0].school.code, "kind": "yearly", "told_on": today.isoformat(), "told_how": "公告"}

        as_role("preparer").post(url("round-begin"), said)

        assert RecognitionRound.objects.get().school == pupils[0].school


class TestTheChildren:
    def test_are_found_by_name_and_class(self, officer, pupils):
        round = make.RecognitionRoundFactory(school=pupils[0].school)

        by_name = officer.get(url("round-children", round.pk), {"q": "欧阳"})
        by_class = officer.get(url("round-children", round.pk), {"place": "三年级2班"})

        assert by_name.context["page"].object_list == [pupils[0]]
        assert by_class.context["page"].object_list == [pupils[2]]

    def test_need_a_signed_promise(self, officer, pupils):
        round = make.RecognitionRoundFactory(school=pupils[0].school)

        answer = officer.post(url("round-enter", round.pk), {"children": pupils[0].pk}, follow=True)

        assert "个人承诺" in words(answer)
        assert not Application.objects.exists()

    def test_of_another_school_are_not_entered(self, officer, pupils, today):
        round = make.RecognitionRoundFactory(school=pupils[0].school)
        foreign = make.EnrollmentFactory()

        said = {"children": foreign.pk, "applied_on": today.isoformat(), "promise_signed": "on"}
        officer.post(url("round-enter", round.pk), said)

        assert not Application.objects.exists()

    def test_can_be_put_forward_as_poor_no_longer(self, officer, pupils):
        listed = make.RecognitionListFactory(school=pupils[0].school)
        make.RecognitionFactory(list=listed, student=pupils[0].student)
        round = make.RecognitionRoundFactory(school=pupils[0].school, kind="change")

        officer.post(url("round-enter", round.pk), {"children": pupils[0].pk, "not_poor": "1"})

        assert Application.objects.get().wished_level == "not-poor"

    def test_have_forms_without_numbers_and_categories(self, officer, pupils):
        round = make.RecognitionRoundFactory(school=pupils[0].school)
        fact = make.HardshipFactory(match__enrollment=pupils[0])

        of_class = words(officer.get(url("round-forms", round.pk), {"place": "三年级1班"}))
        ticked = words(officer.post(url("round-forms", round.pk), {"children": pupils[2].pk}))
        blank = words(officer.get(url("round-forms", round.pk)))

        assert of_class.count("家庭经济困难学生认定申请表") == 2
        assert pupils[0].student.guardian_name in of_class
        assert str(fact.category) not in of_class
        assert pupils[0].student.masked_id not in of_class
        assert pupils[2].student.name in ticked
        assert pupils[0].student.name not in blank

    def test_who_are_listed_elsewhere_are_shown_by_fact(self, officer, pupils):
        round = make.RecognitionRoundFactory(school=pupils[0].school)
        fact = make.HardshipFactory(match__enrollment=pupils[0])

        page = officer.get(url("round-facts", round.pk))

        assert page.context["page"].object_list == [fact]
        assert "本校有 1 名学生在部门名单上" in words(officer.get(round.get_absolute_url()))


class TestAnApplication:
    @pytest.fixture
    def mine(self, pupils):
        return make.ApplicationFactory(enrollment=pupils[0])

    def test_keeps_the_familys_words(self, officer, mine):
        officer.post(url("application-describe", mine.pk), {"words": "父亲患病", "wished_level": "special"})

        mine.refresh_from_db()
        assert (mine.words, mine.wished_level) == ("父亲患病", "special")

    def test_takes_a_paper_and_hands_it_to_school_and_county_only(self, officer, as_role, mine, settings, tmp_path):
        settings.FILES_DIR = tmp_path
        paper = SimpleUploadedFile("诊断.pdf", b"%PDF-1.4 paper")

        officer.post(url("application-attach", mine.pk), {"title": "诊断证明", "file": paper})

        address = reverse("jobs:file", args=[StoredFile.objects.get(kind="attachment").pk])
        assert address in words(officer.get(url("application", mine.pk)))
        assert officer.get(address).content == b"%PDF-1.4 paper"
        assert as_role("preparer").get(address).status_code == 200
        assert as_role("school").get(address).status_code == 404
        assert as_role("auditor").get(address).status_code == 404
        assert address not in words(as_role("auditor").get(url("application", mine.pk)))

    def test_can_be_withdrawn_on_its_page(self, officer, mine):
        assert "撤回这份申请" in words(officer.get(url("application", mine.pk)))

        officer.post(url("round-withdraw", mine.round_id), {"applications": mine.pk})

        mine.refresh_from_db()
        assert mine.state == "withdrawn"
        assert "撤回这份申请" not in words(officer.get(url("application", mine.pk)))

    def test_says_beside_the_form_what_is_no_paper(self, officer, mine):
        paper = SimpleUploadedFile("诊断.pdf", b"MZ not a paper")

        answer = officer.post(url("application-attach", mine.pk), {"title": "诊断证明", "file": paper})

        assert "PDF、JPG 或 PNG" in words(answer)
        assert not StoredFile.objects.filter(kind="attachment").exists()

    def test_can_be_objected_to_while_it_hangs_out(self, officer, pupils):
        round = make.RecognitionRoundFactory(school=pupils[0].school, published=True)
        decided = make.ApplicationFactory(enrollment=pupils[0], round=round, decided=True)

        officer.post(url("application-object", decided.pk), {"words": "反映家中有车"})

        decided.refresh_from_db()
        assert (decided.state, decided.level_words) == ("class_reviewed", "反映家中有车")
        assert "公示期间收到异议" in words(officer.get(round.get_absolute_url()))
        assert [row.pk for row, _form in officer.get(url("round-votes", round.pk)).context["lines"]] == [decided.pk]


class TestVotes:
    def test_that_are_wrong_keep_what_was_written_and_say_whose_they_are(self, officer, pupils):
        round = make.RecognitionRoundFactory(school=pupils[0].school)
        row = make.ApplicationFactory(enrollment=pupils[0], round=round, state="class_reviewed", class_level="hard")
        make.PanelMeetingFactory(round=round)
        said = {f"{row.pk}-votes_for": 9, f"{row.pk}-votes_against": 0, f"{row.pk}-level": "hard"}

        answer = officer.post(url("round-votes", round.pk), said)

        assert f"{row.student.name}的票数之和超过了到会人数（5 人）。" in words(answer)
        assert 'value="9"' in words(answer)

    def test_without_a_number_are_asked_for(self, officer, pupils):
        round = make.RecognitionRoundFactory(school=pupils[0].school)
        row = make.ApplicationFactory(enrollment=pupils[0], round=round, state="class_reviewed", class_level="hard")

        answer = officer.post(url("round-votes", round.pk), {f"{row.pk}-level": "hard"})

        assert "请填写票数，没有就填 0。" in words(answer)


class TestMeetings:
    def test_over_an_objection_are_asked_for_and_kept_beside_the_first(self, officer, pupils, today):
        round = make.RecognitionRoundFactory(school=pupils[0].school, published=True, public_result="收到异议")
        make.PanelMeetingFactory(round=round, minutes="第一次的记录", published_at=timezone.now(), held_on=today)
        make.ApplicationFactory(enrollment=pupils[0], round=round, state="class_reviewed", class_level="hard")

        assert "请登记这一次的评议会议" in words(officer.get(round.get_absolute_url()))
        assert "请先登记这一次的评议会议" in words(officer.get(url("round-votes", round.pk)))
        page = words(officer.get(url("round-panel", round.pk)))
        assert "以前会议的结果已经公示过" in page
        assert "第一次的记录" not in page
        said = {"held_on": today.isoformat(), "present": "张建国 校长", "minutes": "第二次的记录"}
        officer.post(url("round-panel", round.pk), said)

        page = words(officer.get(round.get_absolute_url()))
        assert "第一次的记录" in page
        assert "第二次的记录" in page
        assert "结果已公示，记录不再改动" in page


class TestAbandoning:
    def test_is_the_countys_with_a_reason_that_the_school_reads(self, officer, as_role, pupils):
        round = make.RecognitionRoundFactory(school=pupils[0].school)
        county, address = as_role("approver"), url("round-abandon", round.pk)
        assert address in words(county.get(round.get_absolute_url()))
        assert address not in words(officer.get(round.get_absolute_url()))
        assert officer.post(address, {"reason": "x"}).status_code == 403

        assert county.post(address, {"reason": " "}).context["form"].errors.keys() == {"reason"}
        county.post(address, {"reason": "改用名单上报"})

        assert "改用名单上报" in words(officer.get(round.get_absolute_url()))
        assert address not in words(county.get(round.get_absolute_url()))
        tabs = county.get(url("rounds")).context["tabs"]
        assert {tab.key: tab.count for tab in tabs}["abandoned"] == 1

    def test_is_what_is_left_of_a_round_in_a_closed_term(self, officer, as_role, pupils):
        round = make.RecognitionRoundFactory(school=pupils[0].school)
        assert "困难认定没有办完" in words(as_role("preparer").get(url("term-close", round.term_id)))
        type(round.term).objects.update(state="closed")

        assert "这次认定不能再办理" in words(officer.get(round.get_absolute_url()))


class TestTheCounty:
    def test_sees_rounds_by_state_and_schools_that_have_not_begun(self, as_role, pupils):
        make.RecognitionRoundFactory(school=pupils[0].school, published=True)
        idle = make.SchoolFactory()
        make.SchoolFactory(is_active=False)
        listed = make.RecognitionListFactory()
        county = as_role("auditor")

        everything = county.get(url("rounds"))
        waiting = county.get(url("rounds"), {"tab": "none"})

        counts = {tab.key: tab.count for tab in everything.context["tabs"]}
        assert (counts["published"], counts["open"]) == (1, 0)
        assert idle in waiting.context["page"].object_list
        assert pupils[0].school not in waiting.context["page"].object_list
        assert listed.school not in waiting.context["page"].object_list

    def test_does_not_record_what_it_registered_itself(self, as_role, pupils):
        county = as_role("preparer")
        round = make.RecognitionRoundFactory(
            school=pupils[0].school, published=True, state="closed", public_result="无异议", reviewed_by=county.user
        )

        page = county.get(round.get_absolute_url())
        county.post(url("round-record", round.pk))

        round.refresh_from_db()
        assert "备案必须由另一个人办理" in words(page)
        assert round.state == "closed"

    def test_lets_the_autumns_lists_hold_in_spring(self, as_role, pupils):
        make.RecognitionListFactory(school=pupils[0].school)
        spring = make.TermFactory(code="2022S")
        county = as_role("preparer")
        county.post(reverse("switch-term"), {"term": "2022S"})

        assert county.get(url("recognitions")).context["to_carry"] == 1
        county.post(url("recognitions-carry-on"))

        assert "沿用2021年秋季学期的名单" in words(county.get(url("recognitions")))
        assert RecognitionList.objects.filter(term=spring).count() == 1


class TestRechecks:
    @pytest.fixture
    def drawn(self, as_role):
        listed = make.RecognitionListFactory()
        make.RecognitionFactory.create_batch(4, list=listed)
        as_role("preparer").post(url("recheck-begin"), {"percent": 50})
        return RecheckDraw.objects.get()

    def test_are_drawn_and_drawn_again_the_same(self, as_role, drawn):
        page = as_role("auditor").get(drawn.get_absolute_url(), {"again": "1"})

        assert drawn.lines.count() == 2
        assert "重新抽取的结果相同" in words(page)

    def test_are_noted_by_the_school_and_stay_open_until_taken_up(self, as_role, drawn, today):
        line = drawn.lines.first()
        officer = as_role("school", school=line.school)
        said = {"way": "visit", "result": "not-poor", "words": "", "done_on": today.isoformat()}

        refused = officer.post(url("recheck", line.pk), said)
        officer.post(url("recheck", line.pk), said | {"words": "父母均已就业"})

        assert str(rechecks.FindingUnsaid()) in words(refused)
        page = officer.get(url("rechecks"), {"tab": "take-up"})
        assert page.context["page"].object_list == [line]

    def test_of_another_school_are_not_there(self, as_role, drawn):
        assert as_role("school").get(url("recheck", drawn.lines.first().pk)).status_code == 404
