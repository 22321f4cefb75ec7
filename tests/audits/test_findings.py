"""A run keeps what the rules find and what people said to it; people explain, mend, confirm and open again."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Action
from audits import finding_runs, findings
from audits.choices import FindingState
from audits.findings import RULES, Found, NotAnAuditor, NotTheCounty, Rule, WordsMissing
from audits.models import Finding, FindingEvidence, FindingWord
from common.moves import WrongState
from jobs import run
from jobs.choices import JobState
from programs.models import Award
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def term():
    return make.TermFactory()


@pytest.fixture
def auditor():
    return make.UserFactory(auditor=True)


@pytest.fixture
def one_rule(monkeypatch):
    """Only the rule of amounts: what it finds is changed by one column."""
    rule = RULES["off-standard"]
    monkeypatch.setattr(findings, "RULES", {"off-standard": rule})
    monkeypatch.setattr(finding_runs, "RULES", {"off-standard": rule})


@pytest.fixture
def award(term):
    """An award that is off its standard."""
    award = make.AwardFactory(confirmed=True)
    Award.objects.filter(pk=award.pk).update(amount_fen=60_000)
    return award


def mended(award):
    Award.objects.filter(pk=award.pk).update(amount_fen=50_000)


def broken(award, fen=60_000):
    Award.objects.filter(pk=award.pk).update(amount_fen=fen)


def look(term, *, at=NOW, by=None):
    job = run.execute(finding_runs.begin(term, by=by or make.UserFactory(auditor=True), at=at).pk, at=at)
    assert job.state == JobState.DONE, job.error_code
    return job


class TestRun:
    pytestmark = pytest.mark.usefixtures("one_rule")

    def test_keeps_what_is_found_with_its_rows(self, term, award):
        job = look(term)

        found = Finding.objects.get()
        assert (found.rule, found.school, found.student) == ("off-standard", award.school, award.student)
        assert (found.severity, found.state, found.amount_fen) == ("serious", "open", 10_000)
        assert (found.first_found_at, found.last_found_at, found.gone_at) == (NOW, NOW, None)
        assert list(found.evidence.values_list("position", "row_type", "row_id")) == [
            (1, "programs.award", str(award.pk)),
            (2, "programs.standard", str(award.standard_id)),
        ]
        assert job.result == {"findings": 1, "new": 1, "gone": 0}

    def test_finds_the_same_again_as_the_same(self, term, award):
        look(term)
        first = Finding.objects.get()

        look(term, at=NOW + DAY)

        again = Finding.objects.get()
        assert again.pk == first.pk
        assert (again.first_found_at, again.last_found_at) == (NOW, NOW + DAY)
        assert FindingEvidence.objects.count() == 2

    def test_renews_numbers_and_rows(self, term, award):
        look(term)
        broken(award, 70_000)

        look(term, at=NOW + DAY)

        found = Finding.objects.get()
        assert (found.amount_fen, found.facts["amount_fen"]) == (20_000, 70_000)
        assert found.evidence.get(position=1).facts == {"amount_fen": 70_000}

    def test_says_since_when_something_is_gone_and_keeps_its_rows(self, term, award):
        look(term)
        mended(award)

        look(term, at=NOW + DAY)
        job = look(term, at=NOW + 2 * DAY)

        found = Finding.objects.get()
        assert found.gone_at == NOW + DAY
        assert found.last_found_at == NOW
        assert found.evidence.count() == 2
        assert job.result == {"findings": 0, "new": 0, "gone": 0}

    def test_lets_what_comes_back_stand_again_with_its_state_and_words(self, term, award):
        look(term)
        findings.explain(Finding.objects.get(), "批文更正。", by=make.UserFactory(), at=NOW)
        mended(award)
        look(term, at=NOW + DAY)
        broken(award)

        look(term, at=NOW + 2 * DAY)

        found = Finding.objects.get()
        assert (found.gone_at, found.state) == (None, "explained")
        assert [word.words for word in found.words.all()] == ["批文更正。"]

    def test_opens_again_what_was_mended_and_comes_back(self, term, award, auditor):
        look(term)
        findings.mend(Finding.objects.get(), "已改回标准。", by=make.UserFactory(), at=NOW)
        mended(award)
        look(term, at=NOW + DAY)
        assert Finding.objects.get().state == "mended"
        broken(award)

        look(term, at=NOW + 2 * DAY, by=auditor)

        found = Finding.objects.get()
        assert (found.gone_at, found.state) == (None, "open")
        last = found.words.last()
        assert (last.state, last.words, last.by, last.at) == (
            "open",
            finding_runs.CAME_BACK,
            auditor,
            NOW + 2 * DAY,
        )

    def test_opens_again_what_was_mended_in_words_alone(self, term, award):
        look(term)
        findings.mend(Finding.objects.get(), "已改回标准。", by=make.UserFactory(), at=NOW)

        look(term, at=NOW + DAY)

        assert Finding.objects.get().state == "open"

    def test_does_not_speak_of_what_was_mended_after_it_was_ordered(self, term, award):
        look(term)
        job = finding_runs.begin(term, by=make.UserFactory(auditor=True), at=NOW + DAY)
        findings.mend(Finding.objects.get(), "已改回标准。", by=make.UserFactory(), at=NOW + 2 * DAY)

        run.execute(job.pk, at=NOW + 2 * DAY)

        assert Finding.objects.get().state == "mended"

    def test_keeps_terms_apart(self, term, award):
        spring = make.TermFactory(code="2021S")

        look(spring)

        assert Finding.objects.count() == 0

    def test_lets_go_of_what_a_rule_found_that_is_no_more(self, term, award):
        make.FindingFactory(award=award, rule="of-yesterday")

        look(term, at=NOW + DAY)

        assert Finding.objects.get(rule="of-yesterday").gone_at == NOW + DAY

    def test_one_that_was_overtaken_writes_nothing(self, term, award):
        job = finding_runs.begin(term, by=make.UserFactory(auditor=True), at=NOW - DAY)
        make.FindingFactory(award=award, last_found_at=NOW)

        assert run.execute(job.pk).error_code == "findings-overtaken"
        assert Finding.objects.count() == 1

    def test_is_one_run_however_often_somebody_presses(self, term, auditor):
        first = finding_runs.begin(term, by=auditor, at=NOW)

        assert finding_runs.begin(term, by=make.UserFactory(), at=NOW + DAY) == first
        assert Action.objects.filter(verb="findings.run-begun").count() == 1
        run.execute(first.pk)
        assert finding_runs.begin(term, by=auditor, at=NOW + DAY) != first

    def test_leaves_a_trace(self, term, award, auditor):
        look(term, by=auditor)

        action = Action.objects.get(verb="findings.run-done")
        assert (action.actor, action.target_id) == (auditor, term.pk)
        assert action.details == {"findings": 1, "new": 1, "gone": 0}

    def test_takes_a_key_that_a_rule_says_twice_once(self, term, monkeypatch):
        rule = RULES["off-standard"]
        twice = Rule(**{**vars(rule), "look": lambda *_given: [Found("1"), Found("1")]})
        monkeypatch.setattr(finding_runs, "RULES", {"off-standard": twice})

        look(term)

        assert Finding.objects.count() == 1


class TestWholeRun:
    def test_goes_on_at_the_rule_where_it_was_interrupted(self, term, award, monkeypatch):
        """It ends in the same rows as an undisturbed one."""
        seen = []

        def counted(rule):
            def look_once(term, today):
                seen.append(rule.code)
                if seen.count("two-schools") == 1 and rule.code == "two-schools":
                    raise RuntimeError("the worker is gone")
                return rule.look(term, today)

            return Rule(**{**vars(rule), "look": look_once})

        monkeypatch.setattr(finding_runs, "RULES", {code: counted(rule) for code, rule in RULES.items()})
        job = finding_runs.begin(term, by=make.UserFactory(auditor=True), at=NOW)
        with pytest.raises(RuntimeError):
            run.execute(job.pk)
        assert Finding.objects.filter(rule="off-standard").count() == 1

        job.refresh_from_db()
        type(job).objects.filter(pk=job.pk).update(lease_until=NOW)
        done = run.execute(job.pk)

        assert done.state == JobState.DONE
        assert (done.cursor, done.total) == (len(RULES), len(RULES))
        assert [code for code in RULES if seen.count(code) != 1] == ["two-schools"]

    def test_asks_as_often_for_many_rows_as_for_one(self, term):
        def case():
            award = make.AwardFactory(confirmed=True)
            broken(award)
            return award

        case()
        with CaptureQueriesContext(connection) as one:
            look(term)
        for _more in range(5):
            case()
        with CaptureQueriesContext(connection) as many:
            look(term, at=NOW + DAY)

        # A finding more is no query more; a second run updates what a first one wrote.
        assert len(many) <= len(one) + 4


class TestWords:
    @pytest.fixture
    def finding(self):
        return make.FindingFactory()

    @pytest.fixture
    def officer(self):
        return make.UserFactory(officer=True)

    @pytest.mark.parametrize(
        ("act", "role", "state", "verb"),
        [
            (findings.explain, "preparer", "explained", "finding.explained"),
            (findings.explain, "approver", "explained", "finding.explained"),
            (findings.mend, "preparer", "mended", "finding.mended"),
            (findings.confirm, "auditor", "confirmed", "finding.confirmed"),
        ],
    )
    def test_are_kept_with_who_and_when_and_change_the_state(self, finding, act, role, state, verb):
        by = make.UserFactory(role=role)

        act(finding, " 依据县教育局批文。 ", by=by, at=NOW)

        finding.refresh_from_db()
        word = FindingWord.objects.get()
        assert finding.state == state
        assert (word.state, word.words, word.by, word.at) == (state, "依据县教育局批文。", by, NOW)
        action = Action.objects.get()
        assert (action.actor, action.verb, action.target_id) == (by, verb, str(finding.pk))

    def test_of_an_auditor_open_it_again(self, auditor):
        finding = make.FindingFactory(state="explained")

        findings.reopen(finding, "没有附批文。", by=auditor, at=NOW)

        assert Finding.objects.get().state == "open"

    @pytest.mark.parametrize("act", [findings.explain, findings.mend])
    @pytest.mark.parametrize("role", ["auditor", "school", "admin"])
    def test_of_explaining_are_the_countys(self, finding, act, role):
        with pytest.raises(NotTheCounty):
            act(finding, "没有问题。", by=make.UserFactory(role=role), at=NOW)

        assert FindingWord.objects.count() == 0

    @pytest.mark.parametrize("act", [findings.confirm, findings.reopen])
    @pytest.mark.parametrize("role", ["preparer", "approver", "school", "admin"])
    def test_of_confirming_are_the_auditors(self, act, role):
        finding = make.FindingFactory(state="explained")

        with pytest.raises(NotAnAuditor):
            act(finding, "没有问题。", by=make.UserFactory(role=role), at=NOW)

        assert Finding.objects.get().state == "explained"

    def test_are_asked_for(self, finding):
        with pytest.raises(WordsMissing):
            findings.explain(finding, "  ", by=make.UserFactory(), at=NOW)

        finding.refresh_from_db()
        assert finding.state == "open"

    def test_hold_no_number_of_anybody(self, finding):
        findings.explain(
            finding, "户主证件号 990101198001011234，卡号 6200001234567890123。", by=make.UserFactory(), at=NOW
        )

        words = FindingWord.objects.get().words
        assert "990101198001011234" not in words
        assert "6200001234567890123" not in words

    def test_of_an_auditor_are_not_passed_over_by_an_explanation(self, auditor):
        finding = make.FindingFactory(state=FindingState.CONFIRMED)

        with pytest.raises(WrongState):
            findings.explain(finding, "没有问题。", by=make.UserFactory(), at=NOW)

    def test_go_to_what_somebody_else_has_just_confirmed_no_more(self, finding, auditor):
        stale = Finding.objects.get()
        findings.confirm(finding, "核对属实。", by=auditor, at=NOW)

        with pytest.raises(WrongState):
            findings.explain(stale, "没有问题。", by=make.UserFactory(), at=NOW)

    def test_are_never_changed_or_taken_out(self):
        word = make.FindingWordFactory()
        for change in (lambda: FindingWord.objects.update(words="别的"), word.delete):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()
