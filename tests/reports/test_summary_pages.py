"""The page of the annual summary: sentences to read, a box for each section, the file to take along."""

import re

import pytest
from django.urls import reverse
from django.utils.html import escape

from accounts.models import Action
from jobs import files, run
from jobs.models import Job, StoredFile
from reports.models import SummaryText
from tests import factories as make
from tests.reports.summary_reader import read

pytestmark = pytest.mark.django_db

PAGE = "reports:summary-year"
HTMX = {"HX-Request": "true"}


def words(answer):
    return answer.content.decode()


def box(key="honours"):
    return reverse("reports:summary-section", args=[2021, key])


def text(key="honours"):
    return SummaryText.objects.get(section=key)


@pytest.fixture
def year():
    for term in ("2021S", "2021A"):
        make.AwardFactory(confirmed=True, enrollment__term__code=term)


class TestPage:
    def test_opens_with_the_chosen_terms_year(self, as_role, year):
        make.TermFactory(code="2022S")
        shown = words(as_role("auditor").get(reverse("reports:summary")))

        assert "2022年度工作总结" in shown
        assert reverse(PAGE, args=[2021]) in shown

    def test_before_the_first_term_says_so(self, as_role):
        assert 'class="empty"' in words(as_role("auditor").get(reverse("reports:summary")))

    def test_of_an_unknown_year_is_not_found(self, as_role, year):
        client = as_role("preparer")
        for unknown in (1999, 20211, 0):
            assert client.get(reverse(PAGE, args=[unknown])).status_code == 404
        assert client.get(reverse("reports:summary-section", args=[2021, "nonsense"])).status_code == 404

    def test_shows_sentences_and_a_box_for_each_section(self, as_role, year):
        answer = as_role("preparer").get(reverse(PAGE, args=[2021]))

        shown = words(answer)
        assert "2021年全县共资助家庭经济困难学生2人次，资助金额0.1万元" in shown
        sections = [told.section.key for told in answer.context["summary"].sections]
        assert re.findall(r'<section class="card" id="([\w-]+)"', shown) == sections
        assert shown.count("<textarea") == len(sections)

    def test_says_in_english_what_is_in_the_paper_in_chinese(self, as_role, year):
        client = as_role("preparer")
        client.cookies["django_language"] = "en"

        shown = words(client.get(reverse(PAGE, args=[2021])))

        assert "Annual summary" in shown
        assert "2021年春季学期，" in shown
        assert "Spring 2021，" not in shown

    def test_lists_what_is_missing(self, as_role, year):
        SummaryText.objects.create(
            year=2021, section="honours", text="获奖。", written_by=make.UserFactory(), written_at=make.NOW
        )
        answer = as_role("preparer").get(reverse(PAGE, args=[2021]))

        missing = re.findall(r'<li><a href="[^"#]*#([\w-]+)"', words(answer))
        assert missing == [told.section.key for told in answer.context["summary"].gaps]
        assert "donations" in missing
        assert "honours" not in missing

    def test_for_an_auditor_is_to_read(self, as_role, year):
        SummaryText.objects.create(
            year=2021, section="plans", text="<i>打算</i>", written_by=make.UserFactory(), written_at=make.NOW
        )
        shown = words(as_role("auditor").get(reverse(PAGE, args=[2021])))

        assert "<textarea" not in shown
        assert escape("<i>打算</i>") in shown
        assert "【待填写：获得的表彰和荣誉】" in shown

    def test_counts_the_slow_sentences_apart(self, as_role, year, monkeypatch):
        client = as_role("auditor")
        with monkeypatch.context() as patch:
            patch.setattr("programs.gap_answers.figures", lambda term: 1 / 0)
            shown = words(client.get(reverse(PAGE, args=[2021])))
        part = reverse("reports:summary-problems", args=[2021])

        assert f'hx-get="{part}"' in shown
        assert "不应助已助" in words(client.get(part))


class TestBox:
    def test_keeps_what_is_written(self, as_role, year):
        client = as_role("approver")

        answer = client.post(box(), {"text": "获评先进单位。", "before": ""})

        assert answer.headers["Location"] == reverse(PAGE, args=[2021]) + "#honours"
        assert (text().text, text().written_by) == ("获评先进单位。", client.user)
        assert "获评先进单位。" in words(client.get(reverse(PAGE, args=[2021])))

    def test_carries_when_its_words_were_written(self, as_role, year):
        client = as_role("preparer")
        client.post(box(), {"text": "一", "before": ""})
        before = re.search(r'name="before" value="([^"]+)"', words(client.get(box())))[1]

        client.post(box(), {"text": "二", "before": before})

        assert before == text().written_at.isoformat() or text().text == "二"
        assert text().text == "二"

    @pytest.mark.parametrize("headers", [{}, HTMX])
    def test_gives_the_slower_of_two_both_words_to_see(self, as_role, year, headers):
        fast, slow = as_role("preparer"), as_role("preparer")
        fast.post(box(), {"text": "先写的话", "before": ""})

        answer = slow.post(box(), {"text": "后写的话", "before": ""}, headers=headers)

        shown = words(answer)
        assert answer.status_code == (200 if headers else 422)
        assert fast.user.name in shown
        assert "先写的话" in shown
        assert re.search(r"<textarea[^>]*>\s*后写的话</textarea>", shown)
        assert text().text == "先写的话"
        # With both in view the next save holds.
        before = re.search(r'name="before" value="([^"]+)"', shown)[1]
        slow.post(box(), {"text": "先写的话，后写的话", "before": before}, headers=headers)
        assert text().text == "先写的话，后写的话"

    @pytest.mark.parametrize("before", ["", "yesterday", "2021-13-45T00:00", "2021-10-11T09:30:00", "9" * 40])
    def test_nonsense_for_a_moment_never_overwrites(self, as_role, year, before):
        client = as_role("preparer")
        client.post(box(), {"text": "一", "before": ""})

        assert client.post(box(), {"text": "二", "before": before}).status_code == 422
        assert text().text == "一"

    def test_answers_htmx_with_the_section_and_what_is_missing(self, as_role, year):
        answer = as_role("preparer").post(box(), {"text": "获奖。", "before": ""}, headers=HTMX)

        shown = words(answer)
        assert shown.count("<section") == 1
        assert 'id="summary-gaps" hx-swap-oob="true"' in shown
        assert "#honours" not in shown
        assert "<html" not in shown

    def test_refuses_too_many_words(self, as_role, year):
        answer = as_role("preparer").post(box(), {"text": "字" * 20_001, "before": ""})

        assert answer.status_code == 422
        assert not SummaryText.objects.exists()

    def test_blots_out_whole_numbers(self, as_role, year):
        words_with = "身份证411625201001011234，卡6222021234567890123，电话13812345678"

        as_role("preparer").post(box(), {"text": words_with, "before": ""})

        assert not re.search(r"\d{6}", text().text)

    def test_strips_what_no_paper_holds(self, as_role, year):
        as_role("preparer").post(box(), {"text": "一\x00\x1b二\r\n三", "before": ""})

        assert text().text == "一二\n三"

    def test_is_not_for_auditors_and_schools(self, as_role, year):
        for role in ("auditor", "school", "admin"):
            assert as_role(role).post(box(), {"text": "x", "before": ""}).status_code == 403
        assert not SummaryText.objects.exists()


class TestFile:
    def test_is_made_by_a_run_and_on_record(self, as_role, year):
        client = as_role("auditor")
        answer = client.post(reverse("reports:summary-file", args=[2021]))
        job = run.execute(Job.objects.get(kind="summary-file").pk)

        assert answer.headers["Location"] == job.get_absolute_url()
        stored = StoredFile.objects.get(pk=job.result["file_id"])
        assert stored.name == "2021年学生资助管理中心工作总结.docx"
        paper = read(files.content(stored))
        assert paper.title == "2021年学生资助管理中心工作总结"
        assert "2021年全县共资助家庭经济困难学生2人次，资助金额0.1万元" in paper.text("常规资助工作落实情况")
        action = Action.objects.get(verb="summary.taken")
        assert (action.actor, action.details["year"], action.details["sha256"]) == (client.user, 2021, stored.sha256)
        assert client.get(reverse("jobs:file", args=[stored.pk])).status_code == 200

    def test_holds_what_people_wrote(self, as_role, year):
        client = as_role("preparer")
        client.post(box(), {"text": "获评先进单位。", "before": ""})
        client.post(reverse("reports:summary-file", args=[2021]))
        job = run.execute(Job.objects.get(kind="summary-file").pk)

        paper = read(files.content(StoredFile.objects.get(pk=job.result["file_id"])))
        assert paper.text("资助工作所获得的荣誉") == "获评先进单位。"

    def test_of_an_unknown_year_is_not_begun(self, as_role, year):
        assert as_role("preparer").post(reverse("reports:summary-file", args=[1999])).status_code == 404
        assert not Job.objects.exists()
