"""The desk by keyboard: twenty suspicions in a row, a reason where one is due, a slip taken back, a school asked."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from students import questions, samples
from students.choices import MatchState
from students.models import Match, SchoolQuestion
from tests.factories import NOW, CrosscheckFactory, MatchFactory, RegisterPersonFactory, UserFactory, resident_id

pytestmark = pytest.mark.django_db(transaction=True)
MOMENT = 320
"""Milliseconds after which a new case takes a key: nobody decides what was not yet seen."""
PLAIN = ["id-two-off", "name-same", "guardian", "village"]


def suspicion(number, *, reasons=PLAIN, **facts):
    right = resident_id(number)
    wrong = right[:13] + str((int(right[13]) + 1) % 10) + str((int(right[14]) + 1) % 10) + right[15:]
    match = MatchFactory(
        suspected=True,
        score=90 - number,
        reasons=reasons,
        tier=reasons[0],
        enrollment__student__id_number=right,
        person__id_number=wrong,
        person__household_no=f"H{number}",
        **facts,
    )
    RegisterPersonFactory(snapshot=match.person.snapshot, household_no=f"H{number}", row=1000 + number, name="张建国")
    return match


@pytest.fixture
def queue():
    return [suspicion(number) for number in range(1, 23)]


def press(page, key, *, then):
    """Press a key on a case that a person has had a moment to look at, and wait for the next one."""
    page.wait_for_timeout(MOMENT)
    page.keyboard.press(key)
    page.wait_for_url(f"**{then.get_absolute_url()}*")
    expect(page.locator("#main h1")).to_contain_text(then.enrollment.student.name)


def states(matches):
    return list(Match.objects.filter(pk__in=[one.pk for one in matches]).order_by("pk").values_list("state", flat=True))


class TestByKeyboard:
    def test_twenty_cases_are_decided_one_after_the_other(self, page, sign_in, queue):
        sign_in("preparer")
        page.goto(queue[0].get_absolute_url())

        for number, following in enumerate(queue[1:21]):
            press(page, "1y2n"[number % 4], then=following)

        expected = [MatchState.CONFIRMED, MatchState.CONFIRMED, MatchState.REJECTED, MatchState.REJECTED] * 5
        assert states(queue[:20]) == expected
        expect(page.locator("#nav").get_by_role("link", name="名单比对")).to_contain_text("2项待办")
        expect(page.locator(".notes")).to_contain_text("已记录结论。")

    def test_j_and_k_go_through_the_queue_and_decide_nothing(self, page, sign_in, queue):
        sign_in("preparer")
        page.goto(queue[0].get_absolute_url())

        press(page, "j", then=queue[1])
        press(page, "j", then=queue[2])
        press(page, "k", then=queue[1])

        assert set(states(queue)) == {MatchState.SUSPECTED}

    def test_a_slip_is_taken_back(self, page, sign_in, queue):
        sign_in("preparer")
        page.goto(queue[0].get_absolute_url())

        press(page, "1", then=queue[1])
        expect(page.locator("#nav-count")).to_contain_text("21")
        press(page, "u", then=queue[0])

        expect(page.locator("#nav-count")).to_contain_text("22")
        assert states(queue[:1]) == [MatchState.SUSPECTED]
        expect(page.locator(".notes")).to_contain_text("已撤销结论")

    def test_a_key_struck_twice_decides_one_case(self, page, sign_in, queue):
        sign_in("preparer")
        page.goto(queue[0].get_absolute_url())
        page.wait_for_timeout(MOMENT)

        page.keyboard.press("1")
        page.keyboard.press("1")
        page.wait_for_url(f"**{queue[1].get_absolute_url()}")
        page.keyboard.press("1")
        page.wait_for_timeout(MOMENT)

        assert states(queue[:2]) == [MatchState.CONFIRMED, MatchState.SUSPECTED]

    def test_against_the_evidence_the_reason_is_asked_for_and_sent_by_key(self, page, sign_in):
        first = suspicion(1, reasons=["id-one-off", "name-same"])
        second, third = suspicion(2), suspicion(3)
        sign_in("preparer")
        page.goto(first.get_absolute_url())
        page.wait_for_timeout(MOMENT)

        page.keyboard.press("2")
        expect(page.get_by_text("这个结论与比对依据不一致，请写明理由。")).to_be_visible()
        expect(page.get_by_role("textbox", name="理由")).to_be_focused()
        page.keyboard.type("2021 年户口簿是另一人")
        press(page, "Control+Enter", then=second)
        press(page, "1", then=third)

        first.refresh_from_db()
        assert (first.state, first.note) == (MatchState.REJECTED, "2021 年户口簿是另一人")
        assert states([second]) == [MatchState.CONFIRMED]

    def test_a_reason_can_be_written_first(self, page, sign_in, queue):
        sign_in("preparer")
        page.goto(queue[0].get_absolute_url())

        page.keyboard.press("r")
        page.keyboard.type("n1")
        page.keyboard.press("Escape")
        press(page, "1", then=queue[1])

        queue[0].refresh_from_db()
        assert (queue[0].state, queue[0].note) == (MatchState.CONFIRMED, "n1")

    def test_the_school_is_asked_and_the_case_is_out_of_the_way(self, page, sign_in, queue):
        sign_in("preparer")
        page.goto(queue[0].get_absolute_url())

        press(page, "3", then=queue[1])
        expect(page.get_by_role("link", name="上一条")).to_have_count(0)

        assert SchoolQuestion.objects.get().student == queue[0].enrollment.student

    def test_the_last_case_leads_back_to_the_desk(self, page, sign_in):
        only = suspicion(1)
        sign_in("preparer")
        page.goto(only.get_absolute_url())
        page.wait_for_timeout(MOMENT)

        page.keyboard.press("1")
        page.wait_for_url(f"**{only.crosscheck.get_absolute_url()}")

        expect(page.get_by_text("这里没有记录")).to_be_visible()
        expect(page.locator(".notes")).to_contain_text("已记录结论。")
        assert states([only]) == [MatchState.CONFIRMED]

    def test_the_address_is_that_of_the_case_shown(self, page, sign_in, queue):
        sign_in("preparer")
        page.goto(f"{queue[0].get_absolute_url()}?tier={PLAIN[0]}")

        press(page, "1", then=queue[1])
        page.reload()
        expect(page.locator("#main h1")).to_contain_text(queue[1].enrollment.student.name)
        expect(page.get_by_role("navigation", name="主导航")).to_be_visible()
        page.go_back()

        expect(page.locator("#main h1")).to_contain_text(queue[0].enrollment.student.name)
        expect(page.get_by_role("link", name="学生资助管理平台")).to_be_visible()

    def test_the_keys_are_explained(self, page, sign_in, queue, assert_clean):
        sign_in("preparer")
        page.goto(queue[0].get_absolute_url())

        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()
        assert_clean(page)
        page.keyboard.press("1")

        assert states(queue[:1]) == [MatchState.SUSPECTED]

    def test_works_without_the_script(self, browser, live_server, sign_in, browser_context, queue):
        sign_in("preparer")
        plain = browser.new_context(
            base_url=live_server.url, java_script_enabled=False, storage_state=browser_context.storage_state()
        )
        page = plain.new_page()
        page.goto(queue[0].get_absolute_url())

        page.get_by_role("button", name="是同一人", exact=True).click()

        expect(page.locator("#main h1")).to_contain_text(queue[1].enrollment.student.name)
        plain.close()
        assert states(queue[:1]) == [MatchState.CONFIRMED]


class TestOnASmallScreen:
    @pytest.fixture
    def small(self, page):
        page.set_viewport_size({"width": 390, "height": 844})
        return page

    def test_the_verdict_is_at_hand_without_scrolling(self, small, sign_in, queue):
        sign_in("preparer")
        small.goto(queue[0].get_absolute_url())
        small.wait_for_timeout(MOMENT)

        for verdict in ("是同一人", "不是同一人", "问学校"):
            expect(small.get_by_role("button", name=verdict, exact=True)).to_be_in_viewport(ratio=1)
        small.get_by_role("button", name="是同一人", exact=True).click()

        expect(small.locator("#main h1")).to_contain_text(queue[1].enrollment.student.name)
        assert states(queue[:1]) == [MatchState.CONFIRMED]

    def test_what_is_asked_for_is_not_covered(self, small, sign_in):
        case = suspicion(1, reasons=["id-one-off", "name-same"])
        sign_in("preparer")
        small.goto(case.get_absolute_url())
        small.wait_for_timeout(MOMENT)

        small.get_by_role("button", name="不是同一人", exact=True).click()
        reason = small.get_by_role("textbox", name="理由")
        expect(reason).to_be_focused()

        field, bar = reason.bounding_box(), small.locator(".actbar").bounding_box()
        assert field["y"] + field["height"] <= bar["y"]

    def test_both_records_fit_side_by_side(self, small, sign_in, queue):
        sign_in("auditor")
        small.goto(queue[0].get_absolute_url())

        records = small.get_by_role("region", name="两份记录")
        assert records.evaluate("box => box.scrollWidth <= box.clientWidth")


@pytest.mark.parametrize("width", [1440, 1024, 390])
class TestEveryPage:
    def test_is_clean(self, page, sign_in, queue, assert_clean, width):
        by = UserFactory()
        check = CrosscheckFactory()
        question = questions.ask(queue[3], by=by, at=NOW, words="户口簿上是哪个字？")
        answered = questions.ask(queue[4], by=by, at=NOW)
        officer = UserFactory(officer=True, school=answered.school)
        questions.answer(answered, verdict="not-same", words="重名", by=officer, at=NOW)
        sample = samples.draw(check, tier=PLAIN[0], by=by, at=NOW)
        samples.judge(sample.lines.first(), finding="same", by=by, at=NOW)
        page.set_viewport_size({"width": width, "height": 900})

        sign_in("preparer")
        for address in [
            check.get_absolute_url(),
            f"{check.get_absolute_url()}?tab=by-tier",
            f"{check.get_absolute_url()}?tab=by-school",
            queue[0].get_absolute_url(),
            queue[4].get_absolute_url(),
            sample.get_absolute_url(),
            reverse("students:questions"),
        ]:
            page.goto(address)
            page.wait_for_load_state("networkidle")
            assert_clean(page)
        sign_in("school", school=question.school)
        page.goto(reverse("students:questions"))
        assert_clean(page)

    def test_the_officer_answers(self, page, sign_in, queue, width):
        question = questions.ask(queue[3], by=UserFactory(), at=NOW, words="户口簿上是哪个字？")
        sign_in("school", school=question.school)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(reverse("students:questions"))

        page.get_by_label("说明").fill("花名册写错一位")
        page.get_by_role("button", name="是同一人", exact=True).click()

        expect(page.get_by_text("已答复，由县资助中心作结论。")).to_be_visible()
        question.refresh_from_db()
        assert question.answer == "same"
