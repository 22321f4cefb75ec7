"""Lists of other offices: read as they come, frozen, compared with the one before, withdrawn and never edited."""

import io
from datetime import date
from types import SimpleNamespace

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Action
from common.moves import WrongState
from common.resident_ids import IdKind
from jobs import run
from jobs.choices import JobState
from programs import reference
from students import categories, dating, register_changes, register_sources, registers, runs
from students.choices import LineCode, SnapshotState
from students.headings import HeadingTaken, HeadingUnfit
from students.models import (
    CategoryLabel,
    Crosscheck,
    HardshipCategory,
    RegisterSnapshot,
    RegisterSource,
)
from students.register_changes import Change
from tests import factories as make
from tests.factories import NOW, UserFactory, resident_id
from tests.workbooks import REGISTER_HEAD, xlsx

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _national():
    reference.load_national()


@pytest.fixture
def clerk():
    return UserFactory()


def line(number, *, name="张小明", id_number="", household="H1", relation="之子", village="东关村", head="张大山",
         kind="脱贫户", monitored="", town="城关镇"):  # fmt: skip
    return [town, village, household, str(number), name, id_number, relation, kind, monitored, head]


def hand_in(clerk, lines, *, source="registered-poor", head=REGISTER_HEAD, as_of=date(2021, 10, 1), **texts):
    snapshot = runs.upload_register(
        source=RegisterSource.objects.get(pk=source),
        as_of=as_of,
        content=xlsx(head, lines, **texts),
        name="名单.xlsx",
        by=clerk,
        at=NOW,
    )
    return read(snapshot)


def read(snapshot):
    snapshot.refresh_from_db()
    run.execute(runs.job_of(snapshot).pk)
    return RegisterSnapshot.objects.get(pk=snapshot.pk)


def remarks(snapshot):
    return list(snapshot.lines.values_list("row", "code"))


def households(snapshot):
    return dict(snapshot.persons.values_list("name", "household_no"))


class TestReading:
    def test_what_a_line_says_of_somebodys_school_is_kept_in_its_words(self, clerk):
        lines = [[*line(1, id_number=resident_id(1)), "初中二年级"], [*line(2, name="李四"), ""]]

        snapshot = hand_in(clerk, lines, head=(*REGISTER_HEAD, "在校生状况"))

        assert dict(snapshot.persons.values_list("name", "schooling")) == {"张小明": "初中二年级", "李四": ""}
        assert "在校生状况" not in snapshot.notes["headings"]

    def test_every_line_that_names_nobody_is_said_with_its_number(self, clerk):
        lines = [line(1, id_number=resident_id(1)), line(2, name=""), ["小计", 1], line(3, name="李四")]

        snapshot = hand_in(clerk, lines, above=("全县名单",), below=("审核人：",))

        assert (snapshot.rows_read, snapshot.people, snapshot.rows_refused) == (3, 2, 1)
        assert remarks(snapshot) == [
            (4, LineCode.NO_NAME), (5, LineCode.TOTAL), (6, LineCode.NO_ID), (7, LineCode.FOOT),
        ]  # fmt: skip

    def test_a_number_of_twenty_digits_is_a_disability_card(self, clerk):
        snapshot = hand_in(clerk, [line(1, id_number=f"{resident_id(1)[:6]} {resident_id(1)[6:]}42")])

        assert snapshot.persons.get().id_number == resident_id(1)
        assert remarks(snapshot) == []

    def test_digits_lost_in_a_number_cell_are_no_number(self, clerk):
        snapshot = hand_in(clerk, [line(1, id_number=990101201203040012)])

        person = snapshot.persons.get()
        assert (person.id_number, person.id_kind, person.id_number_index) == ("", IdKind.LOST, None)
        assert remarks(snapshot) == [(2, LineCode.LOST)]

    def test_one_valid_number_twice_keeps_both_lines_and_says_so(self, clerk):
        lines = [
            line(1, id_number=resident_id(1)),
            line(2, name="李四", id_number=resident_id(2)),
            line(3, id_number=resident_id(1), household="H2"),
        ]

        snapshot = hand_in(clerk, lines)

        assert snapshot.people == 3
        assert list(snapshot.lines.values_list("row", "code", "other_row")) == [(4, LineCode.DUPLICATE, 2)]

    def test_a_household_in_its_first_line_only_goes_on_below(self, clerk):
        lines = [
            line(1, name="张大山", relation="户主"),
            line(2, name="张小明", household="", head="", village="", town=""),
            line(3, name="李大河", relation="户主", household="H2", head="李大河", village="西关村"),
            line(4, name="李小明", household="", head="", village="", town=""),
        ]

        snapshot = hand_in(clerk, lines)

        placed = {p.name: (p.household_no, p.head_name, p.town_name, p.village) for p in snapshot.persons.all()}
        assert placed["张小明"] == ("H1", "张大山", "城关镇", "东关村")
        assert placed["李小明"] == ("H2", "李大河", "城关镇", "西关村")
        assert [row for row, code in remarks(snapshot) if code == LineCode.FILLED] == [3, 5]

    def test_whoever_says_something_else_is_of_no_household_above(self, clerk):
        lines = [
            line(1, name="张大山", relation="户主"),
            line(2, name="李小明", household="", head="李大河"),
            line(3, name="王小明", household="", head="", village="西关村"),
            line(4, name="赵大海", household="", head="", relation="户主"),
        ]

        snapshot = hand_in(clerk, lines)

        assert households(snapshot)["张大山"] == "H1"
        assert "H1" not in {households(snapshot)[name] for name in ["李小明", "王小明", "赵大海"]}

    def test_without_a_number_the_head_and_the_village_make_a_household(self, clerk):
        head = ("姓名", "身份证号码", "与户主关系", "户主姓名", "乡镇", "村")
        lines = [
            ["张大山", resident_id(1), "户主", "张大山", "城关镇", "东关村"],
            ["张小明", resident_id(2), "之子", "张大山", "城关镇", "东关村"],
            ["张小红", resident_id(3), "之女", "张大山", "城关镇", "西关村"],
        ]

        snapshot = hand_in(clerk, lines, source="low-income", head=head)

        placed = households(snapshot)
        assert placed["张大山"] == placed["张小明"]
        assert placed["张大山"].startswith("张大山（东关村）")
        assert placed["张小红"] == "张大山（西关村）"
        assert {code for _row, code in remarks(snapshot)} == {LineCode.BY_HEAD}

    def test_two_heads_of_one_name_and_village_are_two_households(self, clerk):
        head = ("乡镇", "村", "姓名", "证件号码", "与户主关系", "户主姓名", "户主证件号码")
        lines = [
            ["城关镇", "东关村", "张小明", resident_id(2), "之子", "张大山", resident_id(8)],
            ["城关镇", "东关村", "张小红", resident_id(3), "之女", "张大山", resident_id(9)],
        ]

        snapshot = hand_in(clerk, lines, head=head)

        placed = households(snapshot)
        assert placed["张小明"] != placed["张小红"]
        assert not any(resident_id(number)[-4:] in text for number in (8, 9) for text in placed.values())

    def test_the_heads_own_line_tells_them_apart_too(self, clerk):
        head = ("姓名", "身份证号码", "与户主关系", "户主姓名", "乡镇", "村")
        lines = [
            ["张大山", resident_id(1), "户主", "张大山", "城关镇", "东关村"],
            ["张小明", resident_id(2), "之子", "张大山", "城关镇", "东关村"],
            ["张大山", resident_id(3), "户主", "张大山", "城关镇", "东关村"],
            ["张小红", resident_id(4), "之女", "张大山", "城关镇", "东关村"],
        ]

        snapshot = hand_in(clerk, lines, source="low-income", head=head)

        first, boy, second, girl = snapshot.persons.order_by("row").values_list("household_no", flat=True)
        assert (first, second) == (boy, girl)
        assert first != second

    def test_words_for_categories_that_nobody_knows_are_counted(self, clerk):
        lines = [line(1, kind="甲类户"), line(2, name="李四", kind="甲类户"), line(3, name="王五")]

        snapshot = hand_in(clerk, lines)

        assert snapshot.notes["labels"] == {"甲类户": 2}
        assert set(snapshot.persons.values_list("category", flat=True)) == {"lifted-from-poverty"}

    def test_a_killed_run_ends_in_the_same_rows(self, clerk, monkeypatch):
        monkeypatch.setattr(registers, "CHUNK_ROWS", 2)
        lines = [
            line(1, name="张大山", relation="户主"),
            line(2, name="", household=""),
            line(3, household="", head="", village="", town="", id_number=resident_id(5)),
            line(4, name="张小红", household="", head="", id_number=resident_id(5)),
        ]
        undisturbed = hand_in(clerk, lines)
        snapshot = runs.upload_register(
            source=RegisterSource.objects.get(pk="low-income"), as_of=date(2021, 10, 1),
            content=xlsx([*REGISTER_HEAD[:7], "低保类别", "", "户主姓名"], lines), name="名单.xlsx", by=clerk, at=NOW,
        )  # fmt: skip
        job = runs.job_of(snapshot)
        real = registers.insert
        calls = []

        def dies(*args):
            calls.append(args)
            if len(calls) == 3:
                raise RuntimeError
            real(*args)

        monkeypatch.setattr(registers, "insert", dies)
        with pytest.raises(RuntimeError):
            run.execute(job.pk)
        monkeypatch.setattr(registers, "insert", real)
        job.refresh_from_db()
        job.lease_until = NOW
        job.save()
        run.execute(job.pk)
        snapshot.refresh_from_db()

        assert snapshot.state == SnapshotState.FROZEN
        assert (snapshot.rows_read, snapshot.rows_refused) == (undisturbed.rows_read, undisturbed.rows_refused)
        assert households(snapshot) == households(undisturbed)
        assert remarks(snapshot) == remarks(undisturbed)


class TestHeadings:
    HEAD = ("乡", "村", "户编号", "娃娃大名", "号码登记", "与户主关系", "户类型", "户主姓名")

    def lines(self):
        return [["城关镇", "东关村", "H1", "张小明", resident_id(1), "之子", "脱贫户", "张大山"]]

    def refused(self, clerk):
        return hand_in(clerk, self.lines(), head=self.HEAD)

    def test_that_are_not_understood_are_named(self, clerk):
        snapshot = self.refused(clerk)

        assert (snapshot.state, snapshot.refusal_code) == (SnapshotState.REFUSED, "missing-columns")
        assert snapshot.notes["headings"] == ["娃娃大名", "号码登记"]

    def test_never_show_what_is_somebodys(self, clerk):
        content_without_head = [["张小明", "男", resident_id(1)], ["李小红", "女", resident_id(2)]]

        snapshot = hand_in(clerk, content_without_head, head=("王小丽", "女", resident_id(3)))

        assert snapshot.state == SnapshotState.REFUSED
        assert snapshot.notes["headings"] == []

    def test_once_mended_let_the_same_file_be_read_again(self, clerk):
        snapshot = self.refused(clerk)
        source = snapshot.source
        words = {**source.headings, "name": [*source.headings["name"], "娃娃大名"]}
        words["id_number"] = [*words["id_number"], "号码登记"]
        settle(source, clerk, words=words)

        runs.read_register_again(snapshot, by=clerk, at=NOW)
        snapshot = read(snapshot)

        assert (snapshot.state, snapshot.people) == (SnapshotState.FROZEN, 1)
        assert RegisterSnapshot.objects.count() == 1
        assert Action.objects.filter(verb="register.read-again", actor=clerk).exists()

    def test_are_not_asked_for_again_by_the_first_run(self, clerk):
        snapshot = self.refused(clerk)
        first = runs.job_of(snapshot)
        runs.read_register_again(snapshot, by=clerk, at=NOW)
        run.retry(first, by=clerk, at=NOW)

        job = run.execute(first.pk)

        snapshot.refresh_from_db()
        assert (job.state, job.result) == (JobState.DONE, {})
        assert snapshot.state == SnapshotState.UPLOADED

    def test_of_a_frozen_list_are_not_read_again(self, clerk):
        snapshot = hand_in(clerk, [line(1)])

        with pytest.raises(WrongState):
            runs.read_register_again(snapshot, by=clerk, at=NOW)

    def test_that_are_unknown_are_said_of_a_list_that_could_be_read_too(self, clerk):
        snapshot = hand_in(clerk, [[*line(1), "甲"]], head=[*REGISTER_HEAD, "帮扶联系人单位"])

        assert "帮扶联系人单位" in snapshot.notes["headings"]


def settle(source, clerk, **changes):
    now = {
        "words": source.headings,
        "category": source.category,
        "when_entering": source.when_entering,
        "when_leaving": source.when_leaving,
    }
    register_sources.keep(source, **{**now, **changes}, by=clerk, at=NOW)


class TestSources:
    def test_a_new_one_reads_lists_with_the_usual_headings(self, clerk):
        register_sources.add(
            code="staff-2", name="教职工困难名单", office="教育局",
            category=HardshipCategory.objects.get(pk="orphan"), by=clerk, at=NOW,
        )  # fmt: skip

        snapshot = hand_in(clerk, [["张小明", resident_id(1)]], source="staff-2", head=("姓名", "身份证号"))

        assert snapshot.persons.get().category_id == "orphan"
        assert Action.objects.filter(verb="source.added").count() == 1

    @pytest.mark.parametrize("taken", [{"code": "orphan"}, {"name": "最低生活保障对象名单"}])
    def test_a_code_and_a_name_are_taken_once(self, clerk, taken):
        facts = {"code": "new-one", "name": "新名单", "office": "教育局", **taken}

        with pytest.raises(register_sources.SourceTaken):
            register_sources.add(**facts, category=HardshipCategory.objects.get(pk="orphan"), by=clerk, at=NOW)

    def test_a_change_is_on_record_word_by_word(self, clerk):
        source = RegisterSource.objects.get(pk="orphan")

        settle(source, clerk, words={**source.headings, "sex": ["性别", "男女"]}, when_entering="next-term")

        source.refresh_from_db()
        details = Action.objects.get(verb="source.changed").details
        assert source.headings["sex"] == ["性别", "男女"]
        assert details == {"sex": {"added": ["男女"], "removed": []}, "when_entering": "next-term"}

    def test_nothing_new_leaves_no_trace(self, clerk):
        settle(RegisterSource.objects.get(pk="orphan"), clerk)

        assert not Action.objects.filter(verb="source.changed").exists()

    @pytest.mark.parametrize(
        ("words", "refusal"),
        [
            ({"phone": ["姓 名"]}, HeadingTaken),
            ({"name": []}, register_sources.HeadingMissing),
            ({"phone": ["19900001234"]}, HeadingUnfit),
        ],
    )
    def test_a_layout_that_cannot_be_read_by_is_refused(self, clerk, words, refusal):
        source = RegisterSource.objects.get(pk="orphan")

        with pytest.raises(refusal):
            settle(source, clerk, words={**source.headings, **words})

    def test_what_the_county_changed_survives_the_next_reference_data(self, clerk):
        mine, other = RegisterSource.objects.get(pk="orphan"), RegisterSource.objects.get(pk="martyr")
        settle(mine, clerk, words={**mine.headings, "sex": ["男女"]})
        RegisterSource.objects.filter(pk=other.pk).update(headings={"name": ["名字"]})

        reference.load_national()

        mine.refresh_from_db()
        other.refresh_from_db()
        assert mine.headings["sex"] == ["男女"]
        assert "姓名" in other.headings["name"]


class TestComparison:
    LATER = date(2021, 10, 8)

    def test_a_first_list_is_compared_with_nothing(self, clerk):
        snapshot = hand_in(clerk, [line(1)])

        assert (snapshot.compared_with, snapshot.came, snapshot.left, snapshot.changed) == (None, 0, 0, 0)

    def changes(self, clerk, before, now):
        first = hand_in(clerk, before)
        second = hand_in(clerk, now, as_of=self.LATER)
        assert second.compared_with == first
        found = {
            change: sorted(register_changes.people(second, change).values_list("name", flat=True)) for change in Change
        }
        assert (second.came, second.left, second.changed) == tuple(len(found[change]) for change in Change)
        return found

    def test_says_who_came_and_who_left(self, clerk):
        stays = line(1, name="张大山", id_number=resident_id(1), relation="户主")
        found = self.changes(
            clerk,
            [stays, line(2, name="张小明", id_number=resident_id(2))],
            [stays, line(3, name="李小红", id_number=resident_id(3), household="H2", head="李大河")],
        )

        assert found == {"came": ["李小红"], "left": ["张小明"], "changed": []}

    @pytest.mark.parametrize(
        "mended",
        [
            {"id_number": resident_id(2)[:-1] + "0"},
            {"id_number": ""},
            {"name": "张晓明"},
            {"household": "H9"},
            {"kind": "", "monitored": "边缘易致贫户"},
        ],
    )
    def test_somebody_who_was_mended_neither_came_nor_left(self, clerk, mended):
        facts = {"name": "张小明", "id_number": resident_id(2)}

        found = self.changes(clerk, [line(1, **facts)], [line(1, **{**facts, **mended})])

        assert {kind: len(people) for kind, people in found.items()} == {"came": 0, "left": 0, "changed": 1}

    def test_another_person_of_the_same_household_is_another_person(self, clerk):
        found = self.changes(clerk, [line(1, name="张小明")], [line(1, name="张小红")])

        assert found == {"came": ["张小红"], "left": ["张小明"], "changed": []}

    def test_shows_both_sides_of_a_change(self, clerk):
        hand_in(clerk, [line(1, id_number=resident_id(1))])
        second = hand_in(clerk, [line(1, id_number=resident_id(1), monitored="边缘易致贫户")], as_of=self.LATER)

        people = register_changes.people(second, Change.CHANGED)
        rows = register_changes.for_list(people, second, Change.CHANGED)
        [changed] = register_changes.lines(rows, Change.CHANGED)

        assert (changed.before.category_id, changed.now.category_id) == ("lifted-from-poverty", "marginal-at-risk")
        assert changed.differs == {"category"}

    def test_wonders_at_a_list_that_lacks_a_third_of_the_one_before(self, clerk):
        lines = [line(n, name=f"张小{'一二三四五六'[n]}") for n in range(6)]
        hand_in(clerk, lines)

        assert not register_changes.is_unusual(hand_in(clerk, lines[:4], as_of=self.LATER))
        assert register_changes.is_unusual(hand_in(clerk, lines[:2], as_of=date(2021, 10, 9)))

    def test_passes_over_withdrawn_lists_and_later_days(self, clerk):
        first = hand_in(clerk, [line(1)])
        wrong = hand_in(clerk, [line(1), line(2, name="李四")], as_of=date(2021, 10, 5))
        registers.withdraw(wrong, by=clerk, at=NOW, reason="部门发错了文件")

        assert hand_in(clerk, [line(1)], as_of=date(2021, 10, 8)).compared_with == first
        assert hand_in(clerk, [line(1)], as_of=date(2021, 9, 1)).compared_with is None


class TestWithdrawal:
    def test_says_who_and_when(self, clerk):
        snapshot = hand_in(clerk, [line(1)])
        registers.withdraw(snapshot, by=clerk, at=NOW, reason="部门发错了文件")

        act = registers.withdrawal(snapshot)

        assert (act.actor, act.at, act.details["reason"]) == (clerk, NOW, "部门发错了文件")

    def test_is_seen_by_the_cross_check_that_uses_the_list(self, clerk):
        kept, gone = make.RegisterSnapshotFactory(), make.RegisterSnapshotFactory()
        check = make.CrosscheckFactory(state="running", snapshots=[kept, gone])
        assert registers.withdrawn_among(check) == []
        registers.refuse_withdrawn(check)

        registers.withdraw(gone, by=clerk, at=NOW, reason="部门发错了文件")

        assert registers.withdrawn_among(check) == [gone]
        with pytest.raises(registers.ListWithdrawn) as refusal:
            registers.refuse_withdrawn(check)
        assert str(gone) in str(refusal.value)

    def test_happens_once(self, clerk):
        snapshot = make.RegisterSnapshotFactory()
        registers.withdraw(snapshot, by=clerk, at=NOW, reason="部门发错了文件")

        with pytest.raises(WrongState):
            registers.withdraw(snapshot, by=clerk, at=NOW, reason="再撤一次")


class TestCategories:
    def order(self):
        return list(HardshipCategory.objects.order_by("priority").values_list("pk", flat=True))

    def test_change_places_in_the_order_of_reports(self, clerk):
        before = self.order()

        categories.shift(HardshipCategory.objects.get(pk=before[1]), direction="up", by=clerk, at=NOW)

        assert self.order() == [before[1], before[0], *before[2:]]
        action = Action.objects.get(verb="category.moved")
        assert (action.target_id, action.details) == (before[1], {"direction": "up", "beside": before[0]})

    @pytest.mark.parametrize(("place", "direction"), [(0, "up"), (-1, "down")])
    def test_at_an_end_stay_where_they_are(self, clerk, place, direction):
        before = self.order()

        categories.shift(HardshipCategory.objects.get(pk=before[place]), direction=direction, by=clerk, at=NOW)

        assert self.order() == before
        assert not Action.objects.exists()

    def test_keep_the_countys_order_through_the_next_reference_data(self, clerk):
        categories.shift(HardshipCategory.objects.get(pk=self.order()[0]), direction="down", by=clerk, at=NOW)
        mine = self.order()

        reference.load_national()

        assert self.order() == mine

    def test_get_another_word_that_the_next_list_is_read_by(self, clerk):
        categories.add_label(HardshipCategory.objects.get(pk="orphan"), label="孤残儿童", by=clerk, at=NOW)

        snapshot = hand_in(clerk, [line(1, kind="孤残儿童")])

        assert snapshot.persons.get().category_id == "orphan"

    def test_lose_a_word_that_no_list_uses_and_do_not_get_it_back_with_the_reference_data(self, clerk):
        category = CategoryLabel.objects.get(label="低保户").category

        categories.remove_label(category, label="低保户", by=clerk, at=NOW)
        reference.load_national()

        assert not CategoryLabel.objects.filter(label="低保户").exists()
        assert Action.objects.get(verb="category.label-removed").details == {"label": "低保户"}
        categories.add_label(category, label="低保户", by=clerk, at=NOW)
        reference.load_national()
        assert CategoryLabel.objects.filter(label="低保户").exists()

    def test_keep_a_word_that_a_list_was_read_by_and_say_which(self, clerk):
        snapshot = hand_in(clerk, [line(1, kind="脱贫户"), line(2, name="李四", kind="脱贫户")])
        category = CategoryLabel.objects.get(label="脱贫户").category

        with pytest.raises(categories.LabelInUse) as refusal:
            categories.remove_label(category, label="脱贫户", by=clerk, at=NOW)

        assert refusal.value.params == {"label": "脱贫户", "list": str(snapshot), "lists": 1, "lines": 2}
        assert CategoryLabel.objects.filter(label="脱贫户").exists()

    @pytest.mark.parametrize("taken", ["低保户", "特困救助供养学生"])
    def test_a_word_stands_for_one_category(self, clerk, taken):
        with pytest.raises(categories.LabelTaken):
            categories.add_label(HardshipCategory.objects.get(pk="orphan"), label=taken, by=clerk, at=NOW)
        assert CategoryLabel.objects.filter(label=taken, category="orphan").count() == 0


TERM = SimpleNamespace(starts_on=date(2021, 9, 1), roster_due_on=date(2021, 9, 30), ends_on=date(2022, 1, 20))


def source(when_entering="at-once", when_leaving="term-end"):
    return SimpleNamespace(when_entering=when_entering, when_leaving=when_leaving)


@pytest.mark.parametrize("rule", ["at-once", "next-term"])
class TestEntering:
    def test_a_list_from_before_the_term_or_its_first_weeks_says_how_the_term_began(self, rule):
        for day in (date(2021, 5, 1), TERM.starts_on, TERM.roster_due_on):
            assert dating.begins_on(source(rule), day, TERM) == TERM.starts_on

    def test_within_the_term_the_rule_of_the_source_decides(self, rule):
        day = date(2021, 11, 11)

        assert dating.begins_on(source(rule), day, TERM) == (day if rule == "at-once" else None)

    def test_after_the_term_is_no_fact_of_it(self, rule):
        assert dating.begins_on(source(rule), date(2022, 2, 1), TERM) is None

    def test_nobody_enters_by_the_first_list_of_a_source(self, rule):
        assert dating.begins_on(source(rule), date(2021, 11, 11), TERM, is_first=True) == TERM.starts_on


@pytest.mark.parametrize("rule", ["at-once", "term-end"])
class TestLeaving:
    def test_whoever_the_list_of_the_terms_beginning_does_not_name_has_no_fact_in_it(self, rule):
        for day in (date(2021, 5, 1), TERM.starts_on, TERM.roster_due_on):
            assert dating.ends_on(source(when_leaving=rule), day, TERM) is None

    def test_within_the_term_the_rule_of_the_source_decides(self, rule):
        day = date(2021, 11, 11)

        assert dating.ends_on(source(when_leaving=rule), day, TERM) == (day if rule == "at-once" else TERM.ends_on)

    def test_after_the_term_it_held_to_the_end(self, rule):
        assert dating.ends_on(source(when_leaving=rule), date(2022, 3, 1), TERM) == TERM.ends_on


class TestPages:
    """What county staff see and do; who may open which page is tested for all pages together."""

    def test_a_refused_list_leads_to_its_source_and_back_to_reading(self, as_role, clerk):
        client = as_role("preparer")
        snapshot = hand_in(clerk, TestHeadings().lines(), head=TestHeadings.HEAD)

        shown = client.get(snapshot.get_absolute_url()).content.decode()
        assert "娃娃大名" in shown
        assert snapshot.source.get_absolute_url() in shown
        source = client.get(snapshot.source.get_absolute_url())
        assert "娃娃大名" in source.content.decode()

        form = source.context["form"]
        answers = {field.html_name: field.value() or "" for field in form}
        answers["words_name"] += "\n娃娃大名"
        answers["words_id_number"] += "\n号码登记"
        saved = client.post(snapshot.source.get_absolute_url(), answers)
        assert saved.status_code == 302, saved.context["form"].errors
        client.post(reverse("students:snapshot-read-again", args=[snapshot.pk]))

        assert read(snapshot).state == SnapshotState.FROZEN

    def test_a_heading_of_two_fields_is_said_on_the_page(self, as_role):
        client = as_role("preparer")
        source = RegisterSource.objects.get(pk="orphan")
        form = client.get(source.get_absolute_url()).context["form"]

        answers = {field.html_name: field.value() or "" for field in form} | {"words_phone": "姓名"}
        shown = client.post(source.get_absolute_url(), answers).content.decode()

        assert "已经是“姓名”的表头写法" in shown

    def test_a_new_source_is_added_and_opened(self, as_role):
        answers = {
            "code": "Union-Staff",
            "name": "困难职工子女名单",
            "office": "总工会",
            "category": "other-low-income",
        }

        answer = as_role("preparer").post(reverse("students:source-create"), answers)

        assert answer["Location"] == reverse("students:source", args=["union-staff"])
        assert "困难职工子女名单" in as_role("auditor").get(reverse("students:sources")).content.decode()

    def test_a_withdrawn_list_says_by_whom_and_why_and_cannot_be_chosen(self, as_role, clerk):
        make.TermFactory()
        snapshot = hand_in(clerk, [line(1)])
        registers.withdraw(snapshot, by=clerk, at=NOW, reason="部门发错了文件")
        client = as_role("preparer")

        shown = client.get(snapshot.get_absolute_url()).content.decode()
        assert "部门发错了文件" in shown
        assert f"{clerk.name} · 2021-10-11 09:30" in shown
        begin = reverse("students:crosscheck-begin")
        assert snapshot not in client.get(begin).context["form"].fields["snapshots"].queryset
        assert client.post(begin, {"snapshots": [snapshot.pk]}).status_code == 200
        assert not Crosscheck.objects.exists()

    def test_changes_are_shown_by_kind_narrowed_and_taken_along(self, as_role, clerk):
        hand_in(clerk, [line(1, name="张小明"), line(2, name="李小红", household="H2")])
        snapshot = hand_in(
            clerk,
            [line(1, name="王大力", household="H3"), line(2, name="李小红", household="H2", monitored="边缘易致贫户")],
            as_of=date(2021, 10, 8),
        )
        client = as_role("auditor")
        address = reverse("students:snapshot-changes", args=[snapshot.pk])

        def people(**query):
            return [change.person.name for change in client.get(address, query).context["lines"]]

        assert people() == people(tab="came") == ["王大力"]
        assert people(tab="left") == ["张小明"]
        assert people(tab="changed") == ["李小红"]
        assert people(tab="changed", household="H9") == []
        export = client.get(reverse("students:snapshot-changes-export", args=[snapshot.pk]))
        sheet = load_workbook(io.BytesIO(export.content)).active
        names = [(row[0], row[1]) for row in sheet.iter_rows(min_row=4, values_only=True)]
        assert names == [("新进入", "王大力"), ("离开", "张小明"), ("信息变动", "李小红")]
        assert Action.objects.filter(verb="register.changes-exported").count() == 1

    def test_lines_are_shown_with_their_reason(self, as_role, clerk):
        snapshot = hand_in(clerk, [line(1, id_number=resident_id(1)), line(2, name="")])
        address = reverse("students:snapshot-lines", args=[snapshot.pk])

        page = as_role("auditor").get(address, {"tab": "no-name"})

        assert [(remark.row, is_taken) for remark, _person, is_taken in page.context["lines"]] == [(3, False)]
        assert address in as_role("auditor").get(snapshot.get_absolute_url()).content.decode()

    def test_the_order_of_categories_is_moved_and_a_word_added(self, as_role):
        client = as_role("approver")
        first, second = HardshipCategory.objects.order_by("priority")[:2]

        client.post(reverse("students:category-move", args=[second.pk]), {"direction": "up"})
        answers = {"label": "孤残儿童", "official_from": "2022-01-01", "official_to": ""}
        client.post(reverse("students:category-label", args=["orphan"]), answers)

        page = client.get(reverse("students:categories"))
        assert page.context["rows"][:2] == [second, first]
        assert "孤残儿童" in page.content.decode()
        assert 'value="孤残儿童"' in client.get(reverse("students:category-label", args=["orphan"])).content.decode()
        client.post(reverse("students:category-label-remove", args=["orphan"]), {"label": "孤残儿童"})
        assert "孤残儿童" not in client.get(reverse("students:categories")).content.decode()
