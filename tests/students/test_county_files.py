"""One workbook for all schools: every row finds its school, and each school's part goes the way of its own file."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Action
from common import sheets
from common.columns import Head
from common.moves import WrongState
from jobs import run
from jobs.choices import JobState
from jobs.models import Job
from programs.reference import load_national
from schools.choices import TermState
from schools.models import SchoolKind, Term
from students import county_files, county_parts, roster_commit, rosters, runs
from students.choices import CountyFileState, EnrollmentState, RosterState
from students.models import CountyFile, Enrollment, Roster, Student
from tests import factories as make
from tests.factories import NOW, resident_id
from tests.workbooks import ROSTER_HEAD, roster, roster_row, xlsx

pytestmark = pytest.mark.django_db

CODES = ("4116250001", "4116250002", "4116250003")
HEAD = ("学校标识码", *ROSTER_HEAD)


@pytest.fixture
def schools():
    load_national()
    make.TermFactory()
    kind = SchoolKind.objects.get(pk="primary")
    return [make.SchoolFactory(code=code, name=f"示范{code[-1]}小", kind=kind) for code in CODES]


@pytest.fixture
def preparer():
    return make.UserFactory()


def line(number, code, **facts):
    """A child of the county's workbook; its school stands in the first column."""
    return [code, *roster_row(number, **{"id_number": resident_id(number), **facts})]


def lines(count=4):
    """Children of three schools, one after the other in turn."""
    return [line(number, CODES[number % 3]) for number in range(3 * count)]


def hand_in(preparer, rows, *, head=HEAD, above=(), below=()):
    content = xlsx(head, rows, above=above, below=below)
    return runs.upload_county_file(term=Term.objects.get(), content=content, name="全县汇总.xlsx", by=preparer, at=NOW)


def work_off(kind):
    """What the worker does with the waiting run of this kind."""
    return run.execute(Job.objects.waiting().get(kind=kind).pk)


def checked(preparer, rows, **layout):
    found = hand_in(preparer, rows, **layout)
    job = work_off("county-file-check")
    found.refresh_from_db()
    return found, job


def committed(preparer, rows, *, reason="", word=""):
    found, _job = checked(preparer, rows)
    runs.confirm_county_file(found, by=preparer, at=NOW, reason=reason, word=word)
    job = work_off("county-file-commit")
    found.refresh_from_db()
    return found, job


def trace():
    """What is in force, as rows that can be compared."""
    return sorted(Enrollment.objects.values_list("school__code", "student__key", "class_name", "state", "row"))


class TestSplitting:
    def test_gives_each_school_its_rows_wherever_they_stand(self, schools, preparer):
        found, job = checked(preparer, lines())

        assert (job.state, found.state) == (JobState.DONE, CountyFileState.CHECKED)
        assert (found.rows_read, found.rows_unrouted) == (12, 0)
        assert list(county_files.versions(found).values_list("school__code", "version", "rows_read", "state")) == [
            (code, 1, 4, RosterState.CHECKED) for code in CODES
        ]
        assert not Student.objects.exists()

    def test_says_which_rows_have_no_school_and_why(self, schools, preparer):
        make.SchoolFactory(code="4116250009", is_active=False)
        rows = [
            line(1, CODES[0]),
            line(2, "4116259999"),
            line(3, ""),
            line(4, "4116250009"),
            line(5, resident_id(5)),
        ]

        found, _job = checked(preparer, rows)

        assert (found.rows_read, found.rows_unrouted) == (5, 4)
        assert [(row, reason) for row, _code, reason in found.unrouted] == [
            (3, "unknown-school"),
            (4, "no-code"),
            (5, "closed-school"),
            (6, "unknown-school"),
        ]
        assert found.unrouted[0][1] == "4116259999"
        assert resident_id(5) not in str(found.unrouted)

    @pytest.mark.parametrize("code", [4116250001, " 4116250001 ", "４１１６２５０００１", "'4116250001"])
    def test_reads_a_code_however_it_was_typed(self, schools, preparer, code):
        found, _job = checked(preparer, [line(1, code)])

        assert list(county_files.versions(found).values_list("school__code", flat=True)) == [CODES[0]]

    @pytest.mark.parametrize("heading", ["学校代码", "学校编码", "学校（机构）标识码", "* 学校标识码", "学校标识识码"])
    def test_knows_the_column_by_its_other_names(self, schools, preparer, heading):
        _found, job = checked(preparer, lines(), head=(heading, *ROSTER_HEAD))

        assert job.state == JobState.DONE

    def test_goes_by_the_name_where_there_is_no_code(self, schools, preparer):
        make.SchoolFactory(name="同名小学")
        make.SchoolFactory(name="同名小学")
        rows = [line(1, "示范1小"), line(2, " 示范2小"), line(3, "同名小学")]

        found, _job = checked(preparer, rows, head=("学校名称", *ROSTER_HEAD))

        assert list(county_files.versions(found).values_list("school__code", flat=True)) == list(CODES[:2])
        assert found.rows_unrouted == 1

    def test_passes_over_titles_and_totals(self, schools, preparer):
        found, _job = checked(
            preparer, lines(), above=("2021年秋季学期全县学生汇总",), below=("合计：12人", "填表人：")
        )

        assert (found.rows_read, found.rows_unrouted) == (12, 0)

    @pytest.mark.parametrize(
        ("rows", "head", "above", "code"),
        [
            ([roster_row(1)], ROSTER_HEAD, (), "no-school-column"),
            ([line(1, "4116259999")], HEAD, (), "no-known-school"),
            (lines(1), HEAD, ("2020年秋季学期全县学生汇总",), "other-term"),
            (lines(1), ("学校标识码", *ROSTER_HEAD[:-12]), (), "missing-columns"),
        ],
    )
    def test_refuses_the_wrong_file_as_a_whole(self, schools, preparer, rows, head, above, code):
        make.TermFactory(code="2020A")
        found = runs.upload_county_file(
            term=Term.objects.get(pk="2021A"),
            content=xlsx(head, rows, above=above),
            name="全县.xlsx",
            by=preparer,
            at=NOW,
        )

        job = work_off("county-file-check")
        found.refresh_from_db()

        assert (job.state, job.error_code) == (JobState.FAILED, code)
        assert (found.state, found.refusal_code) == (CountyFileState.REFUSED, code)
        assert not Roster.objects.exists()

    def test_a_closed_term_takes_none(self, schools, preparer):
        Term.objects.update(state=TermState.CLOSED)

        with pytest.raises(rosters.TermClosed):
            hand_in(preparer, lines())

    def test_leaves_out_a_school_whose_last_version_is_just_being_committed(self, schools, preparer):
        make.RosterFactory(school=schools[1], state=RosterState.COMMITTING)

        found, _job = checked(preparer, lines())

        assert county_files.versions(found).count() == 2
        assert found.rows_unrouted == 4
        assert found.unrouted == [[3, CODES[1], "busy-school"]]


class TestParts:
    def test_are_the_same_bytes_for_the_same_rows(self, schools, preparer):
        found, _job = checked(preparer, lines())
        first, second = county_files.split(found), county_files.split(found)

        assert [part.content() for part in first.parts.values()] == [part.content() for part in second.parts.values()]

    def test_hold_every_cell_as_what_it_was(self, schools, preparer):
        head = Head({"name": 0}, {"name": "姓名"}, first_row=2, last_row=3, preamble="全县", heading_rows=[2, 3])
        cells = ["王·小明\n", 4.116e17, 3.0, True, None, date(2012, 3, 4), datetime.fromisoformat("2012-03-04T05:06")]
        writer = county_parts.PartWriter(head)
        for number in range(7, 4_007):
            writer.add(number, cells)

        table = county_parts.PartTable(writer.content())
        read = list(table.lines())

        assert (read[0], read[-1], len(read)) == ((7, cells), (4_006, cells), 4_000)
        assert [type(cell) for cell in read[0][1]] == [type(cell) for cell in cells]
        assert table.cell(cells, "name") == "王·小明\n"
        assert table.head == replace(head, preamble="")
        assert table.height == 4_000

    def test_are_no_larger_than_a_school_may_be(self):
        writer = county_parts.PartWriter(Head(columns={}, headings={}, first_row=1, last_row=1, preamble=""))
        for number in range(2, 5):
            writer.add(number, ["x"])

        with pytest.raises(sheets.CAUSES["too-many-rows"]):
            county_parts.PartTable(writer.content(), limits=replace(sheets.SMALL, rows=2))

    def test_belong_to_their_school(self, schools, preparer):
        found, _job = checked(preparer, lines())

        assert [(one.file.school, one.file.name) for one in county_files.versions(found)] == [
            (school, f"全县汇总（{school.name}）") for school in schools
        ]


class TestProblems:
    def test_point_into_the_workbook_of_the_county(self, schools, preparer):
        rows = lines()
        rows[7] = line(7, CODES[1], boarding="不详")

        found, _job = checked(preparer, rows, above=("全县学生汇总",))
        problem = county_files.versions(found).get(school=schools[1]).issues.get(code="boarding-unknown")

        assert (problem.row, problem.column) == (7 + 3, HEAD.index("就读方式") + 1)

    def test_a_number_cell_that_lost_the_last_digits_of_an_id_is_refused(self, schools, preparer):
        found, _job = checked(preparer, [*lines(), line(20, CODES[0], id_number=411625201203150012)])

        version = county_files.versions(found).get(school=schools[0])

        assert version.issues.get(code="id-digits-lost").row == 14
        assert (version.rows_good, version.rows_refused) == (4, 1)

    def test_are_those_that_the_schools_own_file_would_have(self, schools, preparer):
        facts = [{"name": ""}, {"stage": "本科"}, {"born_on": "2013-01-01"}, {"id_number": ""}]
        rows = [line(number, CODES[0], **more) for number, more in enumerate(facts)]

        found, _job = checked(preparer, rows)
        own = rosters.upload(
            school=schools[0], term=Term.objects.get(), content=roster([row[1:] for row in rows]), name="x.xlsx",
            by=preparer, at=NOW,
        )  # fmt: skip

        part = county_files.versions(found).get()
        problems = {(row, field, code) for row, field, code in part.issues.values_list("row", "field", "code")}
        assert problems == {
            (number, problem.field, problem.code)
            for row in rosters.examine(own).rows
            for number, problem in ((row.number, problem) for problem in row.problems)
        }
        assert problems


class TestConfirming:
    def test_puts_every_school_in_force_with_one_word(self, schools, preparer):
        found, job = committed(preparer, lines())

        assert (found.state, found.confirmed_by) == (CountyFileState.DONE, preparer)
        assert (job.result["schools"], job.result["rows"], job.result["skipped"]) == (3, 12, [])
        assert set(county_files.versions(found).values_list("state", flat=True)) == {RosterState.IN_FORCE}
        assert Enrollment.objects.studying().count() == 12
        assert Enrollment.objects.get(row=3).school == schools[1]
        assert Action.objects.filter(verb="roster.in-force").count() == 3

    def test_lets_children_leave_only_where_the_file_names_the_school(self, schools, preparer):
        committed(preparer, lines(6))
        rest = [row for row in lines(6) if row[0] == CODES[0]][:-1]

        committed(preparer, rest)

        left = Enrollment.objects.filter(state=EnrollmentState.LEFT)
        assert [enrollment.school for enrollment in left] == [schools[0]]
        assert Enrollment.objects.studying().count() == 17

    def test_keeps_rows_with_errors_and_schools_without_a_good_row_out(self, schools, preparer):
        rows = [line(1, CODES[0]), line(2, CODES[0], boarding="不详"), line(3, CODES[1], boarding="不详")]

        found, job = committed(preparer, rows)

        assert Enrollment.objects.count() == 1
        assert job.result["skipped"] == [CODES[1]]
        assert county_files.versions(found).get(school=schools[1]).state == RosterState.CHECKED

    def test_asks_for_a_reason_where_many_leave_a_school(self, schools, preparer):
        committed(preparer, lines(6))
        found, _job = checked(preparer, [row for row in lines(6) if row[0] != CODES[2]][:-4])

        with pytest.raises(county_files.ReasonNeeded) as refused:
            county_files.confirm(found, by=preparer, at=NOW)
        county_files.confirm(found, by=preparer, at=NOW, reason="两校合并")

        assert refused.value.params["schools"] == 2
        assert found.state == CountyFileState.COMMITTING

    def test_asks_for_a_word_where_rows_are_doubtful_and_keeps_it_with_them(self, schools, preparer):
        rows = [line(1, CODES[0]), line(2, CODES[1], id_number="")]
        found, _job = checked(preparer, rows)
        with pytest.raises(county_files.WordNeeded):
            county_files.confirm(found, by=preparer, at=NOW)

        runs.confirm_county_file(found, by=preparer, at=NOW, word="户口正在办理")
        work_off("county-file-commit")

        assert Enrollment.objects.get(school=schools[1]).note == "户口正在办理"
        assert Enrollment.objects.get(school=schools[0]).note == ""

    def test_takes_nothing_where_nothing_is_good(self, schools, preparer):
        found, _job = checked(preparer, [line(1, CODES[0], boarding="不详")])

        with pytest.raises(county_files.NothingToTake):
            county_files.confirm(found, by=preparer, at=NOW)

    def test_is_done_once(self, schools, preparer):
        found, _job = committed(preparer, lines())

        with pytest.raises(WrongState):
            county_files.confirm(found, by=preparer, at=NOW)

    def test_passes_over_a_school_that_handed_in_its_own_version_meanwhile(self, schools, preparer):
        found, _job = checked(preparer, lines())
        runs.confirm_county_file(found, by=preparer, at=NOW)
        own = rosters.upload(
            school=schools[1], term=Term.objects.get(), content=roster([roster_row(50)]), name="本校.xlsx",
            by=preparer, at=NOW,
        )  # fmt: skip

        job = work_off("county-file-commit")
        own.refresh_from_db()

        assert (job.state, job.result["schools"], job.result["skipped"]) == (JobState.DONE, 2, [CODES[1]])
        assert not Enrollment.objects.filter(school=schools[1]).exists()
        assert own.state == RosterState.UPLOADED

    def test_passes_over_a_school_that_put_its_own_version_in_force_meanwhile(self, schools, preparer):
        found, _job = checked(preparer, lines())
        county_files.versions(found).filter(school=schools[1]).update(state=RosterState.DISCARDED)
        make.RosterFactory(school=schools[1], version=2)

        runs.confirm_county_file(found, by=preparer, at=NOW)
        job = work_off("county-file-commit")

        assert (job.state, job.result["skipped"]) == (JobState.DONE, [CODES[1]])

    def test_can_be_given_up(self, schools, preparer):
        found, _job = checked(preparer, lines())

        county_files.discard(found, by=preparer, at=NOW)

        assert found.state == CountyFileState.DISCARDED
        assert set(Roster.objects.values_list("state", flat=True)) == {RosterState.DISCARDED}
        assert not Enrollment.objects.exists()


class Killed(Exception):
    """Stands for whatever ends a process."""


def dies_after(monkeypatch, module, name, calls):
    """Let the run die in the midst of the transaction of one school; its next try lives."""
    real, left = getattr(module, name), [calls]

    def dying(*args, **kwargs):
        done = real(*args, **kwargs)
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return done

    monkeypatch.setattr(module, name, dying)


def try_again(kind):
    job = Job.objects.waiting().get(kind=kind)
    with pytest.raises(Killed):
        run.execute(job.pk)
    Job.objects.filter(pk=job.pk).update(lease_until=NOW)  # the pause after an error is over
    return run.execute(job.pk)


class TestKilledAndRunAgain:
    @pytest.mark.parametrize(("module", "name"), [(rosters, "open_version"), (rosters, "examine"), (rosters, "record")])
    @pytest.mark.parametrize("calls", [1, 2, 3])
    def test_the_check_ends_in_the_same_versions(self, schools, preparer, monkeypatch, module, name, calls):
        monkeypatch.setattr(county_files, "SCHOOLS_AT_ONCE", 1)
        found = hand_in(preparer, lines())
        dies_after(monkeypatch, module, name, calls)

        job = try_again("county-file-check")
        found.refresh_from_db()

        assert (job.state, job.cursor, job.total) == (JobState.DONE, 12, 12)
        assert (found.state, found.rows_read) == (CountyFileState.CHECKED, 12)
        assert (
            list(Roster.objects.order_by("school").values_list("version", "state", "rows_read"))
            == [(1, RosterState.CHECKED, 4)] * 3
        )

    @pytest.mark.parametrize("calls", [1, 2, 3])
    def test_the_commit_ends_in_the_same_rows(self, schools, preparer, monkeypatch, calls):
        found, _job = checked(preparer, lines())
        runs.confirm_county_file(found, by=preparer, at=NOW)
        dies_after(monkeypatch, roster_commit, "commit_at_once", calls)

        job = try_again("county-file-commit")
        found.refresh_from_db()

        assert (job.state, job.cursor, job.total) == (JobState.DONE, 12, 12)
        assert (job.result["schools"], job.result["rows"]) == (3, 12)
        assert found.state == CountyFileState.DONE
        assert len(trace()) == 12
        assert Action.objects.filter(verb="roster.in-force").count() == 3


def queries(work):
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


class TestCost:
    def test_is_counted_in_schools_and_not_in_rows(self, schools, preparer):
        costs = []
        for count in (2, 2, 40):  # the first one also makes the desks of the schools
            found = hand_in(preparer, lines(count))
            costs.append(queries(lambda: work_off("county-file-check")))
            county_files.discard(CountyFile.objects.get(pk=found.pk), by=preparer, at=NOW)

        assert costs[2] == costs[1]


class TestPages:
    def test_a_preparer_hands_in_looks_and_confirms(self, as_role, schools):
        client = as_role("preparer")
        file = SimpleUploadedFile("全县.xlsx", xlsx(HEAD, [*lines(), line(30, "4116259999")]))
        answer = client.post(reverse("students:county-file-upload"), {"file": file})
        found = CountyFile.objects.get()
        assert answer.url == found.get_absolute_url()
        assert "正在排队" in client.get(answer.url).content.decode()

        work_off("county-file-check")
        page = client.get(found.get_absolute_url()).content.decode()
        assert "1 行没有分到学校" in page
        assert "确认入库 3 所学校、12 行" in page
        assert county_files.versions(found)[0].get_absolute_url() in page

        assert client.post(reverse("students:county-file-confirm", args=[found.pk])).url == found.get_absolute_url()
        work_off("county-file-commit")
        assert "已逐校入库" in client.get(found.get_absolute_url()).content.decode()
        assert Enrollment.objects.count() == 12

    def test_the_second_look_asks_for_words_where_they_are_needed(self, as_role, schools, preparer):
        found, _job = checked(preparer, [line(1, CODES[0], id_number="")])
        client, address = as_role("preparer"), reverse("students:county-file-confirm", args=[found.pk])

        asked = client.post(address)
        found.refresh_from_db()
        assert (asked.status_code, found.state) == (200, CountyFileState.CHECKED)
        assert 'name="word"' in asked.content.decode()

        client.post(address, {"word": "户口正在办理"})
        found.refresh_from_db()
        assert (found.state, found.word) == (CountyFileState.COMMITTING, "户口正在办理")

    def test_the_schools_with_problems_can_be_looked_at_alone(self, as_role, schools, preparer):
        found, _job = checked(preparer, [line(1, CODES[0]), line(2, CODES[1], boarding="不详")])

        shown = as_role("auditor").get(found.get_absolute_url(), {"tab": "problems"})

        assert [roster.school for roster in shown.context["page"]] == [schools[1]]

    def test_schools_that_were_left_out_are_named_when_it_is_done(self, as_role, schools, preparer):
        found, _job = committed(preparer, [line(1, CODES[0]), line(2, CODES[1], boarding="不详")])

        shown = as_role("auditor").get(found.get_absolute_url(), {"tab": "out"})

        assert "1 所学校没有按这份文件入库" in shown.content.decode()
        assert [roster.school for roster in shown.context["page"]] == [schools[1]]

    def test_an_unreadable_file_is_refused_on_the_spot(self, as_role, schools):
        file = SimpleUploadedFile("全县.xlsx", b"no sheet at all \x00\x01")

        answer = as_role("preparer").post(reverse("students:county-file-upload"), {"file": file})

        assert "不是能读的表格文件" in answer.content.decode()
        assert not CountyFile.objects.exists()

    def test_a_file_can_be_given_up(self, as_role, schools, preparer):
        found, _job = checked(preparer, lines())

        as_role("approver").post(reverse("students:county-file-discard", args=[found.pk]))
        found.refresh_from_db()

        assert found.state == CountyFileState.DISCARDED
