"""The findings on pages: what is listed, what is told, who may say what; and no full number anywhere."""

from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Action
from audits import finding_runs, findings
from audits.findings import RULES
from audits.models import Finding, FindingWord
from common.moves import WrongState
from common.roles import Role
from jobs import run
from jobs.models import Job
from programs.models import Award
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

LIST = reverse("audits:findings")


@pytest.fixture
def auditor(as_role):
    return as_role(Role.AUDITOR)


@pytest.fixture
def preparer(as_role):
    return as_role(Role.PREPARER)


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


class TestList:
    def test_tells_each_in_a_sentence_with_school_child_and_money(self, auditor):
        finding = make.FindingFactory()

        page = text(auditor.get(LIST))

        assert "义务教育寄宿生生活补助审定 600.00 元，所依据的标准是 500.00 元。" in page
        assert finding.school.name in page
        assert finding.student.name in page
        assert "涉及 <b>100.00</b> 元" in page

    def test_puts_the_gravest_first(self, auditor):
        make.FindingFactory(amount_fen=900_000)
        grave = make.FindingFactory(rule="paid-twice", severity="grave", severity_order=0, facts={})

        assert auditor.get(LIST).context["lines"][0].finding == grave

    def test_leaves_out_what_is_gone_until_somebody_asks(self, auditor):
        make.FindingFactory(gone=True)

        assert auditor.get(LIST).context["page"].total == 0
        assert auditor.get(LIST, {"standing": "gone"}).context["page"].total == 1
        assert auditor.get(LIST, {"standing": "all"}).context["page"].total == 1

    def test_is_narrowed_by_rule_weight_school_and_child(self, auditor):
        one = make.FindingFactory(award__enrollment__school__name="槐店小学")
        make.FindingFactory(rule="missed", severity="notable", severity_order=2, facts={"program": "x", "days": 1})

        for query in ({"rule": "off-standard"}, {"severity": "serious"}, {"q": "槐店"}, {"q": one.student.name}):
            assert [line.finding for line in auditor.get(LIST, query).context["lines"]] == [one], query

    def test_counts_its_tabs_and_their_money(self, auditor):
        make.FindingFactory(state="explained", amount_fen=12_300)
        make.FindingFactory(amount_fen=4_500)

        answer = auditor.get(LIST, {"tab": "explained"})

        assert {tab.key: tab.count for tab in answer.context["tabs"]} == {
            "": 2,
            "open": 1,
            "explained": 1,
            "mended": 0,
            "confirmed": 0,
        }
        assert answer.context["total_fen"] == 12_300

    def test_follows_the_term_of_the_top_bar(self, auditor):
        make.FindingFactory()
        spring = make.FindingFactory(award__enrollment__term=make.TermFactory(code="2021S"))

        auditor.post(reverse("switch-term"), {"term": "2021S"})

        assert [line.finding for line in auditor.get(LIST).context["lines"]] == [spring]

    def test_of_a_rule_that_is_no_more_names_the_code(self, auditor):
        finding = make.FindingFactory(rule="of-yesterday")

        assert "of-yesterday" in text(auditor.get(LIST))
        assert "of-yesterday" in text(auditor.get(finding.get_absolute_url()))

    @pytest.mark.parametrize("role", [Role.SCHOOL, Role.ADMIN])
    def test_is_for_nobody_else(self, as_role, role):
        assert as_role(role).get(LIST).status_code == 403


class TestSentences:
    def test_every_rule_fills_its_sentence_with_what_it_finds(self, auditor):
        """A fact that a sentence asks for and the rule does not give would be an empty place."""
        award = make.AwardFactory(confirmed=True)
        Award.objects.update(amount_fen=60_000)
        make.NoticeFactory(list=award.list, down=True, ends_on=NOW.date().replace(day=12))

        run.execute(finding_runs.begin(award.term, by=auditor.user, at=NOW).pk, at=NOW)

        assert Finding.objects.count() >= 3
        for finding in Finding.objects.all():
            page = text(auditor.get(finding.get_absolute_url()))
            assert str(RULES[finding.rule].title) in page
            assert "  " not in auditor.get(finding.get_absolute_url()).context["shown"].sentence


class TestOne:
    @pytest.fixture
    def finding(self):
        return make.FindingEvidenceFactory().finding

    def test_shows_the_rows_behind_it_with_a_way_to_them(self, finding, auditor):
        page = text(auditor.get(finding.get_absolute_url()))

        award = Award.objects.get()
        assert award.list.get_absolute_url() in page
        assert award.student.masked_id in page
        assert award.student.id_number not in page
        assert "金额（元） 600.00" in page

    def test_tells_what_lies_of_a_quota_apart_from_the_whole(self, auditor):
        quota = make.QuotaFactory(amount_fen=25_380_000)
        line = make.FindingEvidenceFactory(
            row_type="disbursements.quota", row_id=str(quota.pk), facts={"amount_fen": 285_000}
        )

        page = text(auditor.get(line.finding.get_absolute_url()))

        assert "指标共 253,800.00 元" in page
        assert "滞留金额（元） 2,850.00" in page

    def test_shows_a_row_that_nobody_can_find_any_more_by_its_number(self, finding, auditor):
        make.FindingEvidenceFactory(finding=finding, row_type="programs.award", row_id="999999", award=None)

        assert "999999" in text(auditor.get(finding.get_absolute_url()))

    def test_costs_the_same_for_one_row_and_for_many(self, finding, auditor):
        address = finding.get_absolute_url()
        auditor.get(address)
        with CaptureQueriesContext(connection) as one:
            auditor.get(address)
        for _more in range(10):
            make.FindingEvidenceFactory(finding=finding)
            make.FindingWordFactory(finding=finding)
        with CaptureQueriesContext(connection) as many:
            auditor.get(address)

        assert len(many) == len(one)

    def test_offers_the_county_its_words_and_the_auditor_theirs(self, finding, auditor, preparer):
        address = finding.get_absolute_url()

        assert [state for state, *_rest in preparer.get(address).context["form"].options] == ["explained", "mended"]
        assert [state for state, *_rest in auditor.get(address).context["form"].options] == ["confirmed"]

    def test_takes_an_explanation(self, finding, preparer):
        say = reverse("audits:finding-say", args=[finding.pk])

        answer = preparer.post(say, {"state": "explained", "words": "标准已经更正。"}, follow=True)

        assert "标准已经更正。" in text(answer)
        assert "已说明" in text(answer)
        assert Finding.objects.get().state == "explained"

    def test_asks_for_words(self, finding, preparer):
        answer = preparer.post(reverse("audits:finding-say", args=[finding.pk]), {"state": "explained"})

        assert list(answer.context["form"].errors) == ["words"]
        assert "err" in text(answer)
        assert FindingWord.objects.count() == 0

    def test_counts_the_end_of_a_line_as_one_sign_as_the_browser_does(self, finding, preparer):
        words = "\r\n".join(["一二三四"] * 100)

        preparer.post(reverse("audits:finding-say", args=[finding.pk]), {"state": "explained", "words": words})

        assert FindingWord.objects.get().words == "\n".join(["一二三四"] * 100)

    def test_keeps_what_was_typed_when_it_cannot_be_taken(self, finding, preparer):
        say = reverse("audits:finding-say", args=[finding.pk])

        too_long = preparer.post(say, {"state": "mended", "words": "已退回。" + "字" * 500})
        undecided = preparer.post(say, {"words": "标准已经更正。"})

        assert "已退回。" in text(too_long)
        assert 'value="mended" required checked' in text(too_long)
        assert "504" in str(too_long.context["form"].errors["words"])
        assert "标准已经更正。" in text(undecided)
        assert undecided.context["form"].errors["state"]
        assert FindingWord.objects.count() == 0

    def test_keeps_what_was_typed_when_somebody_else_was_first(self, finding, preparer, monkeypatch):
        say = reverse("audits:finding-say", args=[finding.pk])

        def too_late(*args, **kwargs):
            raise WrongState()

        monkeypatch.setattr(findings, "move", too_late)

        answer = preparer.post(say, {"state": "explained", "words": "标准已经更正。"})

        assert "标准已经更正。" in text(answer)
        assert "状态已经变化" in text(answer)

    def test_takes_from_the_county_no_word_of_an_auditor(self, finding, preparer):
        preparer.post(reverse("audits:finding-say", args=[finding.pk]), {"state": "confirmed", "words": "属实。"})

        assert Finding.objects.get().state == "open"

    def test_takes_from_the_auditor_what_opens_it_again(self, auditor):
        finding = make.FindingFactory(state="mended")

        auditor.post(reverse("audits:finding-say", args=[finding.pk]), {"state": "open", "words": "没有追回。"})

        assert Finding.objects.get().state == "open"

    def test_says_when_it_is_not_found_any_more(self, auditor):
        finding = make.FindingFactory(gone=True)

        assert "2021-10-11 的核查已不再发现" in text(auditor.get(finding.get_absolute_url()))


class TestRun:
    @pytest.mark.parametrize("role", [Role.AUDITOR, Role.PREPARER, Role.APPROVER])
    def test_is_ordered_by_whoever_reads_the_county(self, as_role, role):
        term, client = make.TermFactory(), as_role(role)

        client.post(reverse("audits:findings-run"))

        job = Job.objects.get()
        assert (job.kind, job.term, job.started_by) == ("findings-run", term, client.user)
        assert Action.objects.get().verb == "findings.run-begun"
        assert "正在排队" in text(client.get(LIST))

    def test_needs_a_term(self, auditor):
        auditor.post(reverse("audits:findings-run"))

        assert Job.objects.count() == 0

    def test_tells_when_it_was_last_done(self, auditor):
        term = make.TermFactory()
        run.execute(finding_runs.begin(term, by=auditor.user, at=NOW).pk)

        page = text(auditor.get(LIST))

        assert "最近核查：2021-10-11 09:30" in page
        assert "没有疑点" in page


class TestRules:
    def test_shows_every_rule_with_its_document_and_what_it_found(self, auditor):
        make.FindingFactory()

        answer = auditor.get(reverse("audits:rules"))

        page = text(answer)
        for rule in RULES.values():
            assert str(rule.title) in page
            assert str(rule.basis) in page
        assert {line["rule"].code: line["n"] for line in answer.context["lines"] if line["n"]} == {"off-standard": 1}


class TestExport:
    def test_is_a_workbook_with_masked_numbers_and_the_last_word_and_on_record(self, auditor):
        finding = make.FindingFactory()
        make.FindingWordFactory(finding=finding, words="第一句。")
        make.FindingWordFactory(finding=finding, words="=1+1")
        make.FindingFactory(gone=True)

        answer = auditor.get(reverse("audits:findings-export"))

        rows = list(load_workbook(BytesIO(answer.content)).active.values)
        [line] = rows[3:]
        assert line[6] == finding.student.masked_id
        assert (line[7], line[14]) == (100, "=1+1")
        assert "义务教育寄宿生生活补助审定 600.00 元" in line[8]
        assert not any(finding.student.id_number in str(cell) for row in rows for cell in row)
        action = Action.objects.get(verb="findings.exported")
        assert (action.actor, action.details) == (auditor.user, {"rows": 1})

    def test_follows_the_filters(self, auditor):
        make.FindingFactory()
        make.FindingFactory(gone=True, state="explained")

        answer = auditor.get(reverse("audits:findings-export"), {"standing": "all", "tab": "explained"})

        assert len(list(load_workbook(BytesIO(answer.content)).active.values)) == 4
