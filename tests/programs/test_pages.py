"""The pages of programs, awards, lists and publicity: who sees and does what, and what the public may read.

That every page answers every role rightly, costs the same for twenty rows as for one and gives its part to htmx
is tested for all pages together (tests/harness).
"""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Action
from common import workdays
from jobs.models import Job
from programs.choices import AwardState, ListState, NoticeState
from programs.models import Award, AwardList, Notice
from tests import factories as make
from tests.harness import world

pytestmark = pytest.mark.django_db
LONG_NUMBER = re.compile(r"(?<![0-9a-f])\d{11,}(?![0-9a-f])")


def words(answer):
    return answer.content.decode()


def said(answer):
    return [str(message) for message in answer.context["messages"]]


@pytest.fixture
def own():
    return world.build()


class TestAwards:
    def test_are_those_of_the_own_school_only(self, as_role, own):
        foreign = make.AwardFactory()

        shown = words(as_role("school", school=own.school).get(reverse("programs:awards")))

        assert own.award.student.get_absolute_url() in shown
        assert foreign.student.get_absolute_url() not in shown

    def test_state_people_and_money_of_what_is_filtered(self, as_role):
        school = make.SchoolFactory(name="清溪小学")
        for amount in (50_000, 62_550):
            make.AwardFactory(enrollment__school=school, amount_fen=amount)
        make.AwardFactory(enrollment__school=school, dropped=True)
        make.AwardFactory()

        page = as_role("auditor").get(reverse("programs:awards"), {"school": "清溪", "tab": "proposed"})

        assert (page.context["page"].total, page.context["amount_fen"]) == (2, 112_550)
        assert [(tab.key, tab.count) for tab in page.context["tabs"] if tab.count] == [
            ("", 3),
            ("proposed", 2),
            ("dropped", 1),
        ]

    def test_are_found_by_the_beginning_of_a_name(self, as_role):
        wanted = make.AwardFactory(enrollment__student__name="欧阳小雨")
        make.AwardFactory(enrollment__student__name="欧阴小雨")

        page = as_role("auditor").get(reverse("programs:awards"), {"q": "欧 阳"})

        assert [award.pk for award in page.context["page"]] == [wanted.pk]

    def test_are_proposed_by_a_background_run_of_the_term(self, as_role, own):
        client = as_role("preparer")

        answer = client.post(reverse("programs:awards-propose", args=[own.term.pk]))

        job = Job.objects.get(kind="awards-propose")
        assert answer.headers["Location"] == job.get_absolute_url()
        assert (job.params, job.started_by) == ({"term_id": own.term.pk}, client.user)

    def test_show_no_whole_number(self, as_role, own):
        shown = words(as_role("preparer").get(reverse("programs:awards")))

        assert own.award.student.masked_id in shown
        assert own.award.student.id_number not in shown


class TestDrop:
    def test_takes_a_child_off_a_draft_with_the_reason(self, as_role):
        award = make.AwardFactory()
        client = as_role("school", school=award.school)

        answer = client.post(reverse("programs:award-drop", args=[award.pk]), {"reason": "已转学"}, follow=True)

        award.refresh_from_db()
        assert (award.state, award.dropped_reason) == (AwardState.DROPPED, "已转学")
        assert said(answer) == ["已移出名单。"]

    def test_asks_for_a_reason(self, as_role):
        award = make.AwardFactory()

        answer = as_role("preparer").post(reverse("programs:award-drop", args=[award.pk]), {"reason": " "})

        assert answer.status_code == 200
        assert "reason" in answer.context["form"].errors
        assert not Action.objects.filter(verb="award.dropped").exists()

    def test_of_a_signed_list_is_refused_in_words(self, as_role):
        award = make.AwardFactory(list__school_approved=True)

        answer = as_role("preparer").post(
            reverse("programs:award-drop", args=[award.pk]), {"reason": "已转学"}, follow=True
        )

        award.refresh_from_db()
        assert award.state == AwardState.PROPOSED
        assert said(answer) == ["名单已经确认，不能再移出学生；请先退回名单。"]


class TestList:
    def test_shows_each_role_the_act_that_is_due(self, as_role):
        due = {
            "draft": {"school": "programs:list-approve"},
            "school_approved": {
                "school": "programs:list-put-up",
                "preparer": "programs:list-put-up",
                "approver": "programs:list-put-up",
            },
            "closed": {"approver": "programs:list-confirm"},
            "confirmed": {},
        }
        acts = {act for by_role in due.values() for act in by_role.values()}
        for state, by_role in due.items():
            award = make.AwardFactory(**({f"list__{state}": True} if state != "draft" else {}))
            for role in ("preparer", "approver", "school", "auditor"):
                client = as_role(role, **({"school": award.school} if role == "school" else {}))
                page = words(client.get(award.list.get_absolute_url()))
                offered = {act for act in acts if reverse(act, args=[award.list.pk]) in page}
                assert offered == ({by_role[role]} if role in by_role else set()), f"{role} of a list {state}"

    def test_goes_from_the_school_to_the_board_to_the_second_signature(self, as_role):
        award = make.AwardFactory()
        officer, approver = as_role("school", school=award.school), as_role("approver")

        officer.post(reverse("programs:list-approve", args=[award.list.pk]))
        officer.post(reverse("programs:list-put-up", args=[award.list.pk]), {"working_days": 5})
        notice = Notice.objects.get()
        Notice.objects.update(
            starts_on=timezone.localdate() - timedelta(days=20), ends_on=timezone.localdate() - timedelta(days=1)
        )
        officer.post(reverse("programs:notice-take-down", args=[notice.pk]), {"result": "公示无异议"})
        approver.post(reverse("programs:list-confirm", args=[award.list.pk]))

        signed = AwardList.objects.get()
        assert signed.state == ListState.CONFIRMED
        assert (signed.school_approved_by, signed.confirmed_by) == (officer.user, approver.user)

    def test_goes_from_the_officer_to_the_principal_where_the_school_has_one(self, as_role):
        award = make.AwardFactory()
        principal = as_role("school", user=make.UserFactory(principal=True, school=award.school))
        officer = as_role("school", school=award.school)
        address = award.list.get_absolute_url()
        prepare, approve = (reverse(f"programs:list-{act}", args=[award.list.pk]) for act in ("prepare", "approve"))

        assert prepare in words(officer.get(address))
        assert approve not in words(officer.get(address)) + words(principal.get(address))
        officer.post(prepare)
        assert approve not in words(officer.get(address))
        assert approve in words(principal.get(address))
        principal.post(approve)

        signed = AwardList.objects.get()
        assert (signed.school_prepared_by, signed.school_approved_by) == (officer.user, principal.user)

    def test_says_where_one_person_signs_alone_and_lets_the_county_sign_by_the_paper(self, as_role):
        award = make.AwardFactory()
        county = as_role("approver")

        assert "本校没有负责人账号，由您一人确认" in words(
            as_role("school", school=award.school).get(award.list.get_absolute_url())
        )
        for_school = reverse("programs:list-approve-for-school", args=[award.list.pk])
        assert for_school in words(county.get(award.list.get_absolute_url()))
        county.post(for_school, {"paper": "校长签字的名单，10月8日收到"})

        assert AwardList.objects.get().school_approved_by == county.user

    def test_prepared_by_oneself_cannot_be_confirmed(self, as_role):
        client = as_role("approver")
        award = make.AwardFactory(list__closed=True, list__prepared_by=client.user)

        answer = client.post(reverse("programs:list-confirm", args=[award.list.pk]), follow=True)

        assert AwardList.objects.get().state == ListState.CLOSED
        assert said(answer) == ["名单是您提出的，必须由另一个人审定。"]

    def test_goes_back_with_a_reason_that_the_school_reads(self, as_role):
        award = make.AwardFactory(list__school_approved=True)

        as_role("preparer").post(reverse("programs:list-send-back", args=[award.list.pk]), {"reason": "缺两名学生"})

        shown = words(as_role("school", school=award.school).get(award.list.get_absolute_url()))
        assert AwardList.objects.get().state == ListState.DRAFT
        assert "缺两名学生" in shown

    def test_cannot_be_put_up_for_less_than_five_working_days(self, as_role):
        award = make.AwardFactory(list__school_approved=True)

        answer = as_role("preparer").post(reverse("programs:list-put-up", args=[award.list.pk]), {"working_days": 4})

        assert "working_days" in answer.context["form"].errors
        assert not Notice.objects.exists()

    @pytest.mark.parametrize(
        "act", ["award-drop", "list-approve", "list-put-up", "list-confirm", "list-send-back", "notice-take-down"]
    )
    def test_is_read_by_the_auditor_only(self, as_role, own, act):
        rows = {"award-drop": own.award, "notice-take-down": own.notice}

        answer = as_role("auditor").post(reverse(f"programs:{act}", args=[rows.get(act, own.award_list).pk]))

        assert answer.status_code == 403


class TestConfirmingMany:
    def test_says_first_how_many_can_be_done_of_how_many(self, as_role):
        client = as_role("approver")
        ready = make.AwardFactory(list__closed=True).list
        mine = make.AwardFactory(list__closed=True, list__prepared_by=client.user).list
        early = make.AwardFactory(list__published=True).list

        answer = client.post(reverse("programs:lists-confirm"), {"ids": [ready.pk, mine.pk, early.pk]})

        assert answer.context["ready"] == [ready]
        assert "可对 1 / 3 份名单办理" in words(answer)
        assert not AwardList.objects.filter(state=ListState.CONFIRMED).exists()

    def test_then_does_it(self, as_role):
        client = as_role("approver")
        ready = [make.AwardFactory(list__closed=True).list for _each in range(3)]
        objected = make.AwardFactory(list__closed=True, state=AwardState.SUSPENDED).list
        ids = ",".join(str(each.pk) for each in [*ready, objected])

        answer = client.post(reverse("programs:lists-confirm"), {"ids": ids, "sure": "1"}, follow=True)

        assert AwardList.objects.filter(state=ListState.CONFIRMED).count() == 3
        assert said(answer) == [
            f"{objected.school.name}：还有 1 名学生的异议没有办结。",
            "已审定 3 / 4 份名单。",
        ]

    def test_can_take_every_list_whose_publicity_is_over(self, as_role):
        ready = {make.AwardFactory(list__closed=True).list for _each in range(2)}
        make.AwardFactory(list__published=True)

        answer = as_role("approver").post(reverse("programs:lists-confirm"), {"all_closed": "1"})

        assert set(answer.context["ready"]) == ready


class TestNotice:
    def test_counts_the_working_days_left(self, as_role, own):
        page = as_role("preparer").get(own.notice.get_absolute_url())

        assert page.context["days_left"] == workdays.count(timezone.localdate(), own.notice.ends_on)

    def test_takes_an_objection_against_one_child(self, as_role):
        notice = make.NoticeFactory(list=make.AwardFactory(list__published=True).list)
        award, other = notice.list.awards.get(), make.AwardFactory(enrollment__school=notice.list.school)

        as_role("school", school=award.school).post(
            reverse("programs:objection-raise", args=[notice.pk, award.pk]),
            {"words": "家里有商品房", "channel": "visit"},
        )

        award.refresh_from_db()
        other.refresh_from_db()
        assert (award.state, other.state) == (AwardState.SUSPENDED, AwardState.PROPOSED)

    @pytest.mark.parametrize(("is_upheld", "state"), [("yes", AwardState.DROPPED), ("no", AwardState.PROPOSED)])
    def test_answers_an_objection(self, as_role, is_upheld, state):
        objection = make.ObjectionFactory(award__state=AwardState.SUSPENDED)

        as_role("preparer").post(
            reverse("programs:objection-answer", args=[objection.pk]), {"is_upheld": is_upheld, "answer": "已入户核查"}
        )

        objection.award.refresh_from_db()
        assert objection.award.state == state

    def test_is_not_taken_down_before_its_end(self, as_role, own):
        answer = as_role("preparer").post(
            reverse("programs:notice-take-down", args=[own.notice.pk]), {"result": "公示无异议"}, follow=True
        )

        assert Notice.objects.get(pk=own.notice.pk).state == NoticeState.UP
        assert said(answer) == [f"公示到 {own.notice.ends_on.isoformat()} 才满期，不能提前撤下。"]

    def test_is_printed_with_the_public_columns(self, as_role, own):
        sheet = words(as_role("school", school=own.school).get(reverse("programs:notice-sheet", args=[own.notice.pk])))

        assert own.award.student.name in sheet
        assert own.award.student.masked_id not in sheet


class TestPublicPage:
    def url(self, notice):
        return reverse("programs:public", args=[notice.token])

    def test_needs_no_sign_in_and_asks_not_to_be_indexed(self, client, own):
        answer = client.get(self.url(own.notice))

        assert answer.status_code == 200
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["Cache-Control"] == "no-store"

    def test_has_the_allowed_columns_and_no_other(self, client, own):
        Award.objects.filter(pk=own.award.pk).update(category=make.HardshipCategoryFactory(code="disabled"))

        shown = words(client.get(self.url(own.notice)))

        head = re.findall(r"<th(?: [^>]*)?>(.*?)</th>", shown.split("</thead>")[0])
        assert head[:-1] == ["序号", "姓名", "学校", "年级", "班级", "资助项目", "金额（元）"]
        assert "操作" in head[-1]
        row = re.findall(r"<td[^>]*>(.*?)</td>", shown.split("<tbody>")[1].split("</tbody>")[0])
        award = own.award
        assert row[:7] == [
            "1", award.student.name, award.school.name, award.grade, award.class_name, award.program.name, "500.00",
        ]  # fmt: skip

    def test_says_nothing_else_of_a_child(self, client, own):
        student = own.award.student
        card = make.CardFactory(student=student)
        category = make.HardshipCategoryFactory(code="disabled")
        Award.objects.filter(pk=own.award.pk).update(category=category, level="special")

        shown = words(client.get(self.url(own.notice)))

        secrets = [
            student.id_number, student.masked_id, student.id_number[-4:], student.guardian_name, student.guardian_phone,
            student.guardian_phone[-4:], student.born_on.isoformat(), student.village, student.town_name, card.number,
            card.number[-4:], category.name, "特别困难", student.get_absolute_url(),
        ]  # fmt: skip
        table = shown.split("<table")[1].split("</table>")[0]
        assert [secret for secret in secrets if secret in table] == []
        assert LONG_NUMBER.findall(table) == []

    def test_leaves_out_whom_an_objection_holds(self, client, own):
        Award.objects.filter(pk=own.award.pk).update(state=AwardState.SUSPENDED)

        assert own.award.student.name not in words(client.get(self.url(own.notice))).split("<tbody>")[1]

    @pytest.mark.parametrize(("starts", "ends", "status"), [(-20, -1, 410), (1, 20, 404)], ids=["over", "not yet"])
    def test_is_there_on_its_days_only(self, client, own, starts, ends, status):
        today = timezone.localdate()
        Notice.objects.filter(pk=own.notice.pk).update(
            starts_on=today + timedelta(days=starts), ends_on=today + timedelta(days=ends)
        )

        answer = client.get(self.url(own.notice))
        assert answer.status_code == status
        assert own.award.student.name not in words(answer)

    def test_is_gone_when_it_is_taken_down(self, client, own):
        Notice.objects.filter(pk=own.notice.pk).update(
            state=NoticeState.DOWN, result="公示无异议", taken_down_at=timezone.now()
        )

        assert client.get(self.url(own.notice)).status_code == 410


class TestProgram:
    def test_shows_standards_rules_shares_and_exclusions_with_their_documents(self, as_role):
        program = make.ProgramFactory()
        make.StandardFactory(program=program, amount_fen=62_550, document_no="示教〔2021〕7号")
        make.RuleFactory(program=program, description="家庭经济困难的寄宿生")
        make.ShareFactory(program=program, per_mille=485)
        make.ExclusionFactory(program=program)

        shown = words(as_role("auditor").get(reverse("programs:program", args=[program.pk])))

        for expected in ("625.50", "示教〔2021〕7号", "家庭经济困难的寄宿生", "48.5", "项目 day-pupil-living"):
            assert expected in shown


class TestExplanation:
    def test_says_why_with_rule_amount_and_document(self, as_role):
        enrollment = make.EnrollmentFactory()
        program = make.ProgramFactory(stages=[enrollment.stage])
        make.TermProgramFactory(term=enrollment.term, program=program)
        make.RuleFactory(program=program)
        make.StandardFactory(program=program)

        shown = words(
            as_role("school", school=enrollment.school).get(reverse("programs:explain", args=[enrollment.pk]))
        )

        assert "应享受" in shown
        assert "500.00" in shown
        assert "示教〔2019〕1号" in shown

    def test_says_what_is_missing(self, as_role):
        enrollment = make.EnrollmentFactory(is_boarding=False)
        program = make.ProgramFactory(stages=[enrollment.stage])
        make.TermProgramFactory(term=enrollment.term, program=program)
        make.RuleFactory(program=program, is_boarding=True)

        page = as_role("auditor").get(reverse("programs:explain", args=[enrollment.pk]))

        assert page.context["explanation"].given == []
        assert "不符合" in words(page)
