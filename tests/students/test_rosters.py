"""What a school's file becomes: checked without a trace, confirmed by a person, in force as a whole."""

from datetime import date

import pytest

from accounts.models import Action
from common import sealed
from common.moves import WrongState
from jobs import run
from jobs.choices import JobState
from programs.reference import load_national
from schools.choices import TermState
from schools.models import SchoolKind
from students import roster_reading, rosters
from students.choices import EnrollmentState, RosterState, Severity
from students.models import Card, Enrollment, Roster, RosterCorrection, Student
from students.roster_changes import by_name
from students.roster_rows import masked_value
from tests.factories import NOW, RosterFactory, SchoolFactory, TermFactory, UserFactory, card_number, resident_id
from tests.workbooks import ROSTER_HEAD, roster, roster_row, xlsx

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    load_national()
    return SchoolFactory(code="4116250001", name="示范小学", kind=SchoolKind.objects.get(pk="primary"))


@pytest.fixture
def officer(school):
    return UserFactory(officer=True, school=school)


def child(number, **facts):
    return roster_row(number, **{"id_number": resident_id(number), **facts})


def upload(school, officer, rows, *, term=None, named=True):
    term = term or TermFactory()
    content = roster(rows, school=school.name, code=school.code, term=term.code) if named else roster(rows)
    uploaded = rosters.upload(school=school, term=term, content=content, name="花名册.xlsx", by=officer, at=NOW)
    job = run.start("roster-check", by=officer, at=NOW, school=school, roster_id=uploaded.pk)
    job = run.execute(job.pk)
    uploaded.refresh_from_db()
    return uploaded, job


def put_in_force(school, officer, rows, *, reason="期中核对", word="已看户口簿", term=None):
    uploaded, _job = upload(school, officer, rows, term=term)
    rosters.confirm(uploaded, by=officer, at=NOW, reason=reason, word=word)
    job = run.start("roster-commit", by=officer, at=NOW, school=school, roster_id=uploaded.pk)
    assert run.execute(job.pk).state == JobState.DONE
    uploaded.refresh_from_db()
    return uploaded


ADULT = resident_id(801, born_on=date(1985, 5, 6))
OTHER_ADULT = resident_id(802, born_on=date(1986, 5, 6))


def put_in_force_with_guardians(school, officer, children):
    content = xlsx((*ROSTER_HEAD, "监护人身份证号"), [[*row, number] for row, number in children])
    uploaded = rosters.upload(
        school=school, term=TermFactory(), content=content, name="花名册.xlsx", by=officer, at=NOW
    )
    check_once_more(uploaded, officer)
    rosters.confirm(uploaded, by=officer, at=NOW, reason="期中核对", word="已看户口簿")
    job = run.start("roster-commit", by=officer, at=NOW, school=school, roster_id=uploaded.pk)
    assert run.execute(job.pk).state == JobState.DONE


def check_once_more(uploaded, officer):
    job = run.start("roster-check", by=officer, at=NOW, school=uploaded.school, roster_id=uploaded.pk)
    assert run.execute(job.pk).state == JobState.DONE
    uploaded.refresh_from_db()


def mend(uploaded, officer, cells):
    rosters.correct(uploaded, cells, by=officer, at=NOW)
    check_once_more(uploaded, officer)


class TestCheck:
    def test_counts_the_rows_and_writes_no_child(self, school, officer):
        uploaded, job = upload(school, officer, [child(1), child(2), roster_row(3)])

        assert job.state == JobState.DONE
        assert uploaded.state == RosterState.CHECKED
        assert (uploaded.rows_read, uploaded.rows_good, uploaded.rows_refused, uploaded.rows_doubtful) == (3, 3, 0, 1)
        assert uploaded.came == 3
        assert not Student.objects.exists()

    @pytest.mark.parametrize(
        ("facts", "code", "severity"),
        [
            ({"name": ""}, "name-missing", Severity.ERROR),
            ({"name": "王三（转）"}, "name-odd", Severity.DOUBT),
            ({"id_number": 411625201203150012}, "id-digits-lost", Severity.ERROR),
            ({"id_number": ""}, "id-missing", Severity.DOUBT),
            ({"id_number": resident_id(1)[:-2] + "00"}, "id-end-lost", Severity.DOUBT),
            ({"id_number": "411625120315001"}, "id-old", Severity.DOUBT),
            ({"id_number": "H12345678"}, "id-other", Severity.DOUBT),
            ({"stage": "本科"}, "stage-missing", Severity.ERROR),
            ({"stage": "初中", "grade": "七年级"}, "stage-not-here", Severity.ERROR),
            ({"grade": "高三"}, "grade-of-other-stage", Severity.ERROR),
            ({"class_name": ""}, "class-missing", Severity.ERROR),
            ({"boarding": "不详"}, "boarding-unknown", Severity.ERROR),
            ({"sex": "女"}, "id-sex-differs", Severity.NOTE),
            ({"born_on": "2013-01-01"}, "id-birth-differs", Severity.NOTE),
            ({"grade": "六年级", "born_on": ""}, "age-odd", Severity.NOTE),
            ({"guardian_phone": "12345"}, "phone-odd", Severity.NOTE),
            ({"card_number": "6217", "card_holder": "王建国"}, "card-odd", Severity.DOUBT),
            ({"card_number": card_number(1)}, "card-holder-missing", Severity.DOUBT),
        ],
    )
    def test_finds_the_problem_in_its_cell(self, school, officer, facts, code, severity):
        row = child(1)
        uploaded, _job = upload(school, officer, [roster_row(1, **{"id_number": row[4], **facts}), child(2)])

        issue = uploaded.issues.get(code=code)

        assert (issue.row, issue.severity) == (4, severity)
        assert uploaded.rows_refused == (severity == Severity.ERROR)

    def test_the_same_child_twice_is_refused_the_second_time(self, school, officer):
        uploaded, _job = upload(school, officer, [child(1), child(2), child(1)])

        issue = uploaded.issues.get(code="id-twice")

        assert (issue.row, issue.params) == (6, {"other": 4})
        assert uploaded.rows_good == 2

    def test_a_number_in_a_list_of_problems_is_masked(self, school, officer):
        wrong = resident_id(1)[:-1] + ("0" if resident_id(1)[-1] != "0" else "1")
        uploaded, _job = upload(school, officer, [child(2), roster_row(1, id_number=wrong)])

        shown = uploaded.issues.get(code="id-wrong").value

        assert "*" in shown
        assert wrong not in shown

    @pytest.mark.parametrize(
        ("name", "code", "term", "refusal"),
        [("别的小学", "4116250009", "2021A", "other-school"), ("示范小学", "4116250001", "2021S", "other-term")],
    )
    def test_the_wrong_file_is_refused_as_a_whole(self, school, officer, name, code, term, refusal):
        content = roster([child(1)], school=name, code=code, term=term)
        uploaded = rosters.upload(
            school=school, term=TermFactory(), content=content, name="花名册.xlsx", by=officer, at=NOW
        )

        job = run.execute(run.start("roster-check", by=officer, at=NOW, roster_id=uploaded.pk).pk)
        uploaded.refresh_from_db()

        assert (job.state, job.error_code) == (JobState.FAILED, refusal)
        assert (uploaded.state, uploaded.refusal_code) == (RosterState.REFUSED, refusal)

    def test_a_closed_term_takes_no_roster(self, school, officer):
        with pytest.raises(rosters.TermClosed):
            rosters.upload(
                school=school,
                term=TermFactory(state=TermState.CLOSED),
                content=roster([child(1)]),
                name="花名册.xlsx",
                by=officer,
                at=NOW,
            )


class TestCommit:
    def test_makes_the_enrollments_equal_to_the_file(self, school, officer):
        put_in_force(school, officer, [child(n) for n in range(1, 11)])
        second = put_in_force(
            school,
            officer,
            [child(1, class_name="2班"), *(child(n) for n in range(2, 10)), child(11)],
        )

        studying = Enrollment.objects.studying().filter(school=school)

        assert (second.came, second.left, second.changed) == (1, 1, 1)
        assert studying.count() == 10
        assert (
            studying.get(student__id_number_index=Student.objects.get(name=child(1)[1]).id_number_index).class_name
            == "2班"
        )
        assert Enrollment.objects.get(student__name=child(10)[1]).state == EnrollmentState.LEFT
        assert list(Roster.objects.order_by("version").values_list("state", flat=True)) == [
            RosterState.SUPERSEDED,
            RosterState.IN_FORCE,
        ]
        assert Action.objects.filter(verb="roster.in-force").count() == 2

    def test_leaves_the_refused_rows_out(self, school, officer):
        put_in_force(school, officer, [child(1), child(2, boarding="不详")])

        assert Enrollment.objects.count() == 1

    def test_a_child_whose_row_is_refused_has_not_left(self, school, officer):
        put_in_force(school, officer, [child(n) for n in range(1, 11)])

        second = put_in_force(school, officer, [*(child(n) for n in range(1, 10)), child(10, boarding="不详")])

        assert (second.left, second.rows_refused) == (0, 1)
        assert Enrollment.objects.studying().count() == 10

    def test_seals_what_is_personal(self, school, officer):
        put_in_force(
            school, officer, [child(1, card_number=card_number(7), card_holder="王建国", card_relation="父亲")]
        )

        student, card = Student.objects.get(), Card.objects.get()

        assert (student.id_number, student.guardian_phone) == (resident_id(1), "19900001234")
        assert (card.number, card.holder, card.relation) == (card_number(7), "王建国", "父亲")

    def test_a_guardians_number_stays_where_a_later_file_says_nothing_of_it(self, school, officer):
        put_in_force_with_guardians(school, officer, [(child(1), ADULT), (child(2), ADULT), (child(3), ADULT)])

        put_in_force(school, officer, [child(1), child(2, guardian_name="李秀英"), child(3)])

        known = dict(Student.objects.values_list("id_number", "guardian_id"))
        assert known == {resident_id(1): ADULT, resident_id(2): "", resident_id(3): ADULT}
        assert Student.objects.filter(guardian_id_index=None).count() == 1

    def test_a_guardians_number_follows_the_file_that_has_it(self, school, officer):
        put_in_force_with_guardians(school, officer, [(child(1), ADULT), (child(2), ADULT)])

        put_in_force_with_guardians(school, officer, [(child(1), OTHER_ADULT), (child(2), "")])

        students = {student.id_number: student for student in Student.objects.all()}
        assert students[resident_id(1)].guardian_id == OTHER_ADULT
        assert students[resident_id(1)].guardian_id_index == sealed.index("id", OTHER_ADULT)
        assert (students[resident_id(2)].guardian_id, students[resident_id(2)].guardian_id_index) == ("", None)

    def test_a_new_card_replaces_the_old_one_and_keeps_it(self, school, officer):
        for number in (7, 8):
            put_in_force(school, officer, [child(1, card_number=card_number(number), card_holder="王建国")])

        assert Card.objects.get(is_current=True).number == card_number(8)
        assert Card.objects.count() == 2

    def test_asks_for_a_reason_when_many_leave(self, school, officer):
        put_in_force(school, officer, [child(n) for n in range(1, 11)])
        uploaded, _job = upload(school, officer, [child(1)])

        with pytest.raises(rosters.ReasonNeeded):
            rosters.confirm(uploaded, by=officer, at=NOW)
        rosters.confirm(uploaded, by=officer, at=NOW, reason="撤并教学点")

        assert uploaded.state == RosterState.COMMITTING

    def test_is_confirmed_once(self, school, officer):
        uploaded, _job = upload(school, officer, [child(1)])
        stale_copy = Roster.objects.get(pk=uploaded.pk)
        rosters.confirm(uploaded, by=officer, at=NOW)

        with pytest.raises(WrongState):
            rosters.confirm(stale_copy, by=officer, at=NOW)

    def test_a_file_with_no_good_row_cannot_be_confirmed(self, school, officer):
        uploaded, _job = upload(school, officer, [child(1, grade="高三")])

        with pytest.raises(rosters.NothingGood):
            rosters.confirm(uploaded, by=officer, at=NOW)

    def test_needs_a_word_for_what_is_doubtful_and_keeps_it_with_the_child(self, school, officer):
        uploaded, _job = upload(school, officer, [child(1), roster_row(2), roster_row(3, note="户口正在办理")])

        with pytest.raises(rosters.WordNeeded):
            rosters.confirm(uploaded, by=officer, at=NOW)
        put_in_force(school, officer, [child(1), roster_row(2), roster_row(3, note="户口正在办理")], word="已报派出所")

        notes = Enrollment.objects.order_by("row").values_list("note", flat=True)
        assert list(notes) == ["", "已报派出所", "户口正在办理"]

    def test_is_refused_when_another_version_came_into_force_since_the_check(self, school, officer):
        uploaded, _job = upload(school, officer, [child(1)])
        RosterFactory(school=school, term=uploaded.term, version=9)

        with pytest.raises(rosters.Overtaken):
            rosters.confirm(uploaded, by=officer, at=NOW)


class TestDifference:
    def test_names_who_came_left_and_changed(self, school, officer):
        put_in_force(school, officer, [child(1), child(2), child(3)])
        uploaded, _job = upload(school, officer, [child(2), child(3, boarding="走读"), child(4)])

        difference = by_name(uploaded).difference

        assert [row.name for row in difference.came] == [child(4)[1]]
        assert [known.name for known in difference.left] == [child(1)[1]]
        assert [(one.row.name, one.what) for one in difference.changed] == [(child(3)[1], ("boarding",))]

    @pytest.mark.parametrize(
        ("facts", "what"),
        [
            ({"class_name": "2班"}, ("class_name",)),
            ({"name": "王小改"}, ("name",)),
            ({"grade": "四年级"}, ("grade",)),
            ({"card_number": card_number(5), "card_holder": "王建国"}, ("card_number",)),
        ],
    )
    def test_says_which_facts_of_a_child_changed(self, school, officer, facts, what):
        put_in_force(school, officer, [child(1)])

        uploaded, _job = upload(school, officer, [child(1, **facts)])

        [one] = by_name(uploaded).difference.changed
        assert one.what == what
        assert uploaded.changed == 1

    def test_a_mended_number_is_a_change_and_the_child_keeps_its_record(self, school, officer):
        wrong = resident_id(1)[:-1] + ("1" if resident_id(1)[-1] != "1" else "2")
        put_in_force(school, officer, [child(1, id_number=wrong), child(2)])
        student = Student.objects.get(name=child(1)[1])

        again = put_in_force(school, officer, [child(1), child(2)])

        assert (again.came, again.left, again.changed) == (0, 0, 1)
        student.refresh_from_db()
        assert student.id_number == resident_id(1)
        assert Enrollment.objects.get(student=student).state == EnrollmentState.STUDYING
        assert Student.objects.count() == 2

    def test_two_children_of_one_name_are_not_taken_for_one(self, school, officer):
        put_in_force(school, officer, [child(1), child(2)])
        far = resident_id(250, born_on=date(2011, 9, 9))

        uploaded, _job = upload(school, officer, [child(1, id_number=far), child(2)])

        assert (uploaded.came, uploaded.left, uploaded.changed) == (1, 1, 0)

    def test_names_the_school_that_a_child_comes_from_or_goes_to(self, school, officer):
        other = SchoolFactory(code="4116250002", name="邻村小学", kind=school.kind)
        put_in_force(other, UserFactory(officer=True, school=other), [child(1)])
        put_in_force(school, officer, [child(2)])
        uploaded, _job = upload(school, officer, [child(1)])
        put_in_force(other, UserFactory(officer=True, school=other), [child(2)])

        found = by_name(uploaded)

        assert [(row.name, school) for row, school in found.came] == [(child(1)[1], "邻村小学")]
        assert [(known.name, school) for known, school in found.left] == [(child(2)[1], "邻村小学")]

    def test_a_child_whose_number_lost_its_digits_has_not_left(self, school, officer):
        put_in_force(school, officer, [child(1), child(2)])

        again = put_in_force(school, officer, [child(1, id_number=411625201203150012), child(2)])

        assert again.left == 0
        assert Enrollment.objects.studying().count() == 2

    def test_at_the_beginning_of_a_term_stands_against_last_term_s_children_moved_up(self, school, officer):
        spring, autumn = TermFactory(code="2021S"), TermFactory(code="2021A")
        put_in_force(school, officer, [child(1), child(2), child(3, grade="六年级")], term=spring)

        uploaded, _job = upload(school, officer, [child(1, grade="四年级"), child(2, grade="三年级")], term=autumn)

        difference = by_name(uploaded).difference
        assert difference.is_against_last_term
        assert (difference.base, difference.left) == (2, [])
        assert [(one.row.name, one.what) for one in difference.changed] == [(child(2)[1], ("grade",))]

    def test_a_list_that_lacks_most_of_last_term_s_children_needs_a_reason(self, school, officer):
        put_in_force(school, officer, [child(n) for n in range(1, 11)], term=TermFactory(code="2021S"))
        uploaded, _job = upload(school, officer, [child(1, grade="四年级")], term=TermFactory(code="2021A"))

        with pytest.raises(rosters.ReasonNeeded):
            rosters.confirm(uploaded, by=officer, at=NOW)

    def test_the_share_that_is_unusual_is_the_term_s(self, school, officer):
        put_in_force(school, officer, [child(n) for n in range(1, 11)])
        uploaded, _job = upload(school, officer, [child(n) for n in range(1, 8)])
        assert rosters.is_unusual(uploaded)

        uploaded.term.unusual_share = 30

        assert not rosters.is_unusual(uploaded)


class TestMending:
    def test_puts_a_value_into_a_cell_and_leaves_the_file_as_it_is(self, school, officer):
        uploaded, _job = upload(school, officer, [child(1, grade="高九"), child(2)])
        assert uploaded.rows_refused == 1

        mend(uploaded, officer, {(4, "grade"): "三年级"})

        assert (uploaded.rows_refused, uploaded.rows_good, uploaded.checks) == (0, 2, 2)
        assert not uploaded.issues.exclude(severity=Severity.NOTE).exists()
        assert RosterCorrection.objects.get().value == "三年级"
        assert Roster.objects.get().file.sha256 == uploaded.file.sha256

    def test_leaves_a_row_out(self, school, officer):
        uploaded, _job = upload(school, officer, [child(1), child(1), child(2)])
        assert uploaded.rows_refused == 1

        mend(uploaded, officer, {(5, ""): ""})

        assert (uploaded.rows_read, uploaded.rows_refused) == (2, 0)

    def test_explains_a_doubt_in_words(self, school, officer):
        uploaded, _job = upload(school, officer, [child(1), roster_row(2)])
        assert uploaded.rows_doubtful == 1

        mend(uploaded, officer, {(5, "note"): "户口正在办理"})

        assert uploaded.rows_doubtful == 0
        rosters.confirm(uploaded, by=officer, at=NOW)

    def test_can_be_taken_back(self, school, officer):
        uploaded, _job = upload(school, officer, [child(1, grade="高九")])
        mend(uploaded, officer, {(4, "grade"): "三年级"})

        mend(uploaded, officer, {(4, "grade"): None})

        assert uploaded.rows_refused == 1
        assert not RosterCorrection.objects.exists()

    def test_takes_every_proposal_of_a_kind(self, school, officer):
        uploaded, _job = upload(school, officer, [child(1, name="王 小一"), child(2, name="王　小二"), child(3)])
        [code] = set(uploaded.issues.filter(field="name").values_list("code", flat=True))

        rosters.accept(uploaded, code, by=officer, at=NOW)
        check_once_more(uploaded, officer)

        assert [row.name for row in roster_reading.rows(uploaded)][:2] == ["王小一", "王小二"]

    def test_of_a_column_that_does_not_exist_is_refused(self, school, officer):
        uploaded, _job = upload(school, officer, [child(1)])

        with pytest.raises(rosters.NotAColumn):
            rosters.correct(uploaded, {(4, "is_admin"): "1"}, by=officer, at=NOW)

    def test_ends_with_the_word_of_confirmation(self, school, officer):
        confirmed = put_in_force(school, officer, [child(1)])

        with pytest.raises(WrongState):
            rosters.correct(confirmed, {(4, "grade"): "四年级"}, by=officer, at=NOW)

    def test_goes_on_with_the_rows_that_stayed_out(self, school, officer):
        first = put_in_force(school, officer, [child(1), child(2, grade="高九"), child(3, grade="高十")])
        assert Enrollment.objects.studying().count() == 1

        rest = rosters.continue_with_rest(first, by=officer, at=NOW)
        check_once_more(rest, officer)
        mend(rest, officer, {(5, "grade"): "三年级", (6, "grade"): "三年级"})

        assert (rest.version, rest.rows_good, rest.came, rest.left) == (2, 3, 2, 0)

    def test_a_version_without_such_rows_has_no_rest(self, school, officer):
        whole = put_in_force(school, officer, [child(1)])

        with pytest.raises(rosters.NothingLeft):
            rosters.continue_with_rest(whole, by=officer, at=NOW)


class TestStatus:
    def test_a_suspended_child_keeps_its_place_and_does_not_count(self, school, officer):
        put_in_force(school, officer, [child(1), child(2)])
        content = xlsx([*ROSTER_HEAD, "在校状态"], [[*child(1), "休学"], [*child(2), "转出"], [*child(3), "在读"]])

        uploaded = rosters.upload(
            school=school, term=TermFactory(), content=content, name="花名册.xlsx", by=officer, at=NOW
        )
        check_once_more(uploaded, officer)

        assert (uploaded.came, uploaded.left, uploaded.changed) == (1, 1, 1)
        rosters.confirm(uploaded, by=officer, at=NOW, reason="休学一名")
        job = run.start("roster-commit", by=officer, at=NOW, school=school, roster_id=uploaded.pk)
        assert run.execute(job.pk).state == JobState.DONE
        states = dict(Enrollment.objects.values_list("student__name", "state"))
        assert states == {child(1)[1]: "suspended", child(2)[1]: "left", child(3)[1]: "studying"}


class TestRegistered:
    """Whether the national register has a child (学籍): what the file says, if it has a column for it."""

    def hand_in(self, school, officer, *answers):
        lines = [[*child(number), answer] for number, answer in enumerate(answers, start=1)]
        content = xlsx([*ROSTER_HEAD, "学籍情况"], lines)
        uploaded = rosters.upload(
            school=school, term=TermFactory(), content=content, name="花名册.xlsx", by=officer, at=NOW
        )
        check_once_more(uploaded, officer)
        rosters.confirm(uploaded, by=officer, at=NOW, reason="学籍核对")
        job = run.start("roster-commit", by=officer, at=NOW, school=school, roster_id=uploaded.pk)
        assert run.execute(job.pk).state == JobState.DONE
        return uploaded

    def known(self):
        return list(Enrollment.objects.order_by("student__name").values_list("is_registered", flat=True))

    def test_is_kept_and_stays_where_a_later_file_says_nothing_of_it(self, school, officer):
        self.hand_in(school, officer, "在籍", "未注册学籍", "")
        assert self.known() == [True, False, None]

        put_in_force(school, officer, [child(1), child(2), child(3)])

        assert self.known() == [True, False, None]

    def test_follows_the_file_that_has_it(self, school, officer):
        self.hand_in(school, officer, "有", "有")
        self.hand_in(school, officer, "无", "")

        assert self.known() == [False, None]

    def test_is_a_change_only_where_it_was_known(self, school, officer):
        put_in_force(school, officer, [child(1), child(2)])

        assert self.hand_in(school, officer, "有", "有").changed == 0
        assert self.hand_in(school, officer, "无", "有").changed == 1


class TestMaskedValue:
    @pytest.mark.parametrize("cell", [resident_id(7), "13900000007", f"周小雨 {resident_id(7)}"])
    def test_hides_a_number_in_whatever_cell_it_stands(self, cell):
        assert cell.split()[-1] not in masked_value("name", cell)

    def test_leaves_other_text_as_it_is(self):
        assert masked_value("name", "周小雨2") == "周小雨2"
