"""Programs, standards, rules, shares, exclusions and documents as county staff keep them on pages."""

from datetime import date
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import Action
from audits.wording import VERBS
from jobs import wording
from jobs.choices import FileKind
from jobs.models import StoredFile
from programs import catalogue, documents, program_sheet, share_sets, standards, term_programs, terms
from programs.choices import Pays, Scope, Severity
from programs.models import Award, Exclusion, PolicyDocument, Program, Rule, Share, Standard, TermProgram
from programs.term_programs import CarriedOut
from students.choices import CategoryGroup
from tests import factories as make

pytestmark = pytest.mark.django_db
NEW_NUMBER = "示教〔2022〕9号"


@pytest.fixture
def by():
    return make.UserFactory(role="preparer")


@pytest.fixture
def term():
    return make.TermFactory(code="2021A")


@pytest.fixture
def signed(term):
    """An award that a school has signed in autumn 2021, with its standard and its rule."""
    return make.AwardFactory(enrollment__term=term, list__school_approved=True)


def acts(verb):
    return Action.objects.filter(verb=verb)


def days(row):
    row.refresh_from_db()
    return row.valid_from, row.valid_to


def succeed(standard, by, **changed):
    facts = {"valid_from": date(2022, 2, 1), "document_no": NEW_NUMBER, "amount_fen": 62_500, **changed}
    return standards.succeed(standard, by=by, at=make.NOW, **facts)


class TestSucceeding:
    """Another amount is another row from a day; what was signed stays as it was."""

    def test_ends_the_old_row_on_the_day_before(self, signed, by):
        old = signed.standard

        new = succeed(old, by)

        assert days(old) == (date(2019, 9, 1), date(2022, 1, 31))
        assert days(new) == (date(2022, 2, 1), None)
        assert (old.amount_fen, new.amount_fen, new.document_no) == (50_000, 62_500, NEW_NUMBER)
        assert (new.program, new.tier) == (old.program, old.tier)
        assert Award.objects.get().standard == old
        act = acts("standard.succeeded").get()
        assert act.target_id == str(new.pk)
        assert {fact.value for fact in wording.facts(act.details)} == {"500.00", "625.00", "2022-02-01", NEW_NUMBER}

    def test_takes_over_the_end_of_the_old_row(self, by):
        old = make.StandardFactory(valid_to=date(2025, 1, 31))

        assert succeed(old, by).valid_to == date(2025, 1, 31)

    @pytest.mark.parametrize("day", [date(2021, 9, 1), date(2021, 8, 1), date(2020, 2, 1)])
    def test_may_not_reach_back_to_a_term_that_was_signed(self, signed, by, day):
        with pytest.raises(standards.ReachesBack) as refused:
            succeed(signed.standard, by, valid_from=day)

        assert "2021年秋季学期" in str(refused.value)
        assert days(signed.standard) == (date(2019, 9, 1), None)
        assert Standard.objects.count() == 1

    @pytest.mark.parametrize("day", [date(2019, 9, 1), date(2018, 2, 1), date(2023, 8, 1)])
    def test_begins_while_the_old_row_holds(self, by, day):
        old = make.StandardFactory(valid_to=date(2023, 7, 31))

        with pytest.raises(standards.OutsideDays):
            succeed(old, by, valid_from=day)

    def test_says_something_new(self, by):
        old = make.StandardFactory()

        with pytest.raises(standards.Unchanged):
            succeed(old, by, amount_fen=old.amount_fen, document_no=old.document_no)

        assert days(old)[1] is None

    def test_of_a_rule_keeps_its_place_and_what_it_is_not_told_to_change(self, signed, by):
        old = signed.rule
        old.categories.add(make.HardshipCategoryFactory())

        new = standards.succeed(
            old, valid_from=date(2022, 2, 1), document_no=NEW_NUMBER, is_boarding=True, by=by, at=make.NOW
        )

        assert (new.position, new.is_boarding, new.categories.count()) == (old.position, True, 1)
        assert days(old)[1] == date(2022, 1, 31)
        assert Rule.objects.on(date(2021, 9, 1)).get() == old
        assert Rule.objects.on(date(2022, 3, 1)).get() == new

    def test_is_offered_from_the_terms_after_those_that_were_signed(self, signed):
        offered = [day for day, _term in standards.beginnings(after=signed.term.starts_on)]

        assert offered == [date(2022, 2, 1), date(2022, 8, 1), date(2023, 2, 1)]


class TestChanging:
    def test_of_a_signed_standard_is_refused_with_the_term(self, signed, by):
        with pytest.raises(standards.InUse) as refused:
            standards.change(signed.standard, amount_fen=99_900, by=by, at=make.NOW)

        assert "2021年秋季学期" in str(refused.value)
        assert Standard.objects.get().amount_fen == 50_000

    def test_of_a_signed_rule_is_refused(self, signed, by):
        with pytest.raises(standards.InUse):
            standards.change(signed.rule, categories=[make.HardshipCategoryFactory()], by=by, at=make.NOW)

        assert not signed.rule.categories.exists()

    def test_of_the_document_number_goes_with_signed_awards_too(self, signed, by):
        standards.change(signed.standard, document_no=NEW_NUMBER, note="文号已核实", by=by, at=make.NOW)

        assert Standard.objects.get().document_no == NEW_NUMBER
        assert acts("standard.changed").get().details["columns"] == ["文号", "说明"]

    def test_of_the_end_does_not_cut_off_a_signed_term(self, signed, by):
        with pytest.raises(standards.ReachesBack):
            standards.change(signed.standard, valid_to=date(2021, 7, 31), by=by, at=make.NOW)

        standards.change(signed.standard, valid_to=date(2022, 1, 31), by=by, at=make.NOW)
        assert days(signed.standard)[1] == date(2022, 1, 31)

    def test_goes_while_awards_are_only_proposed_and_says_that_they_are_behind(self, by):
        award = make.AwardFactory()

        standards.change(award.standard, amount_fen=62_500, by=by, at=make.NOW)

        assert standards.proposals_behind(award.program) == 1

    def test_that_changes_nothing_leaves_no_trace(self, by):
        row = make.StandardFactory()

        standards.change(row, amount_fen=row.amount_fen, by=by, at=make.NOW)

        assert not Action.objects.exists()

    def test_to_days_that_meet_another_row_is_refused(self, by):
        old = make.StandardFactory()
        succeed(old, by)

        with pytest.raises(standards.Overlaps):
            standards.change(old, valid_to=None, by=by, at=make.NOW)

        assert days(old)[1] == date(2022, 1, 31)


class TestAdding:
    def standard(self, by, **facts):
        facts = {"amount_fen": 50_000, "valid_from": date(2020, 2, 1), "document_no": NEW_NUMBER, **facts}
        return standards.add(Standard(program=make.ProgramFactory(), **facts), by=by, at=make.NOW)

    def test_for_the_same_children_on_the_same_day_is_refused(self, by):
        make.StandardFactory()

        with pytest.raises(standards.Overlaps):
            self.standard(by)

    def test_for_other_children_goes_beside_it(self, by):
        make.StandardFactory()

        self.standard(by, ownership="private")
        self.standard(by, category=make.HardshipCategoryFactory())
        self.standard(by, school_kind=make.SchoolKindFactory(), basis="capped-fee")

        assert acts("standard.added").count() == 3

    def test_needs_an_amount_unless_the_schools_fee_counts(self, by):
        with pytest.raises(standards.AmountMissing):
            self.standard(by, amount_fen=None)
        with pytest.raises(standards.AmountMissing):
            self.standard(by, amount_fen=None, basis="capped-fee")

        assert self.standard(by, basis="school-fee").amount_fen is None

    def test_does_not_end_before_it_begins(self, by):
        with pytest.raises(standards.DaysReversed):
            self.standard(by, valid_to=date(2020, 1, 31))

    def test_of_two_rules_in_one_place_is_refused(self, by):
        rule = make.RuleFactory()
        second = Rule(program=rule.program, position=1, description="另一条", valid_from=date(2020, 2, 1))

        with pytest.raises(standards.SamePlace):
            standards.add(second, by=by, at=make.NOW)


class TestRemoving:
    def test_what_no_award_ever_rested_on(self, by):
        standards.remove(make.StandardFactory(), by=by, at=make.NOW)

        assert not Standard.objects.exists()
        assert acts("standard.removed").exists()

    @pytest.mark.parametrize("kept", ["standard", "rule"])
    def test_what_an_award_names_is_refused_even_a_dropped_one(self, by, kept):
        award = make.AwardFactory(dropped=True)

        with pytest.raises(standards.Referenced):
            standards.remove(getattr(award, kept), by=by, at=make.NOW)


class TestShares:
    @pytest.fixture
    def found(self):
        return share_sets.find(make.ShareFactory().program, date(2019, 9, 1))

    def succeed(self, found, by, day=date(2022, 2, 1), **parts):
        parts = parts or {"central": 600, "county": 400}
        return share_sets.succeed(found, valid_from=day, parts=parts, document_no=NEW_NUMBER, by=by, at=make.NOW)

    def test_are_succeeded_as_a_whole(self, found, by):
        self.succeed(found, by)

        on = {
            day: dict(Share.objects.on(day).values_list("payer", "per_mille"))
            for day in (found.valid_from, date(2022, 3, 1))
        }
        assert on == {found.valid_from: {"county": 1000}, date(2022, 3, 1): {"central": 600, "county": 400}}
        assert acts("shares.succeeded").get().details["parts"] == {"central": 600, "county": 400}

    def test_add_up_to_the_whole(self, found, by):
        with pytest.raises(share_sets.NotWhole) as refused:
            self.succeed(found, by, central=600, county=399)

        assert "99.9%" in str(refused.value)
        assert Share.objects.count() == 1

    def test_that_confirmed_awards_were_shared_by_stay(self, found, term, by):
        make.AwardFactory(confirmed=True, enrollment__term=term, program=found.program)

        with pytest.raises(share_sets.SharesInUse):
            self.succeed(found, by, day=date(2021, 8, 1))
        with pytest.raises(share_sets.SharesInUse):
            share_sets.change(found, parts={"city": 1000}, valid_to=None, document_no=NEW_NUMBER, by=by, at=make.NOW)
        with pytest.raises(share_sets.SharesInUse):
            share_sets.remove(found, by=by, at=make.NOW)
        share_sets.change(found, parts=found.parts, valid_to=None, document_no=NEW_NUMBER, by=by, at=make.NOW)

        assert Share.objects.values_list("payer", "per_mille", "document_no").get() == ("county", 1000, NEW_NUMBER)

    def test_of_a_term_before_may_be_put_right_from_the_next_on(self, found, term, by):
        make.AwardFactory(confirmed=True, enrollment__term=term, program=found.program)

        assert self.succeed(found, by).valid_from == date(2022, 2, 1)

    def test_do_not_meet(self, found, by):
        with pytest.raises(share_sets.SharesOverlap):
            share_sets.add(
                found.program,
                parts={"city": 1000},
                valid_from=date(2020, 2, 1),
                document_no=NEW_NUMBER,
                by=by,
                at=make.NOW,
            )


class TestPrograms:
    def facts(self, **changed):
        return {
            "name": "高中春雨助学金",
            "short_name": "春雨助学",
            "kind": "money",
            "payee": "student",
            "way": "school",
            "purpose": "资助家庭遭遇变故的学生。",
            "stages": [make.StageFactory()],
        } | changed

    def test_are_entered_without_a_code_to_think_of(self, by):
        program = catalogue.add_program(**self.facts(), by=by, at=make.NOW)

        assert (program.code, program.way, program.stages.count()) == ("county-1", "school", 1)
        assert acts("program.added").get().target_id == "county-1"

    def test_have_names_of_their_own(self, by):
        catalogue.add_program(**self.facts(), by=by, at=make.NOW)

        with pytest.raises(catalogue.NameTaken):
            catalogue.add_program(**self.facts(), by=by, at=make.NOW)

    def test_keep_the_form_and_the_stage_of_what_children_had(self, signed, by):
        program = signed.program
        program.stages.set([signed.stage])
        other = make.StageFactory(code="junior")

        now = self.facts(stages=[signed.stage], kind=program.kind, payee=program.payee, way=program.way)
        for changed in ({"kind": "waiver"}, {"payee": "school"}, {"way": "school"}, {"stages": [other]}):
            with pytest.raises(catalogue.HasAwards):
                catalogue.change_program(program, **now | changed, by=by, at=make.NOW)
        catalogue.change_program(program, **now | {"stages": [signed.stage, other]}, by=by, at=make.NOW)

        assert Program.objects.get().stages.count() == 2

    def test_exclude_each_other_once(self, by):
        exclusion = make.ExclusionFactory()
        facts = {"severity": Severity.WARN, "scope": Scope.MONTH, "document_no": "", "by": by, "at": make.NOW}

        with pytest.raises(catalogue.PairKnown):
            catalogue.add_exclusion(exclusion.other, other=exclusion.program, **facts)
        with pytest.raises(catalogue.WithItself):
            catalogue.add_exclusion(exclusion.other, other=exclusion.other, **facts)
        catalogue.change_exclusion(exclusion, **facts)

        assert Exclusion.objects.values_list("severity", "scope").get() == ("warn", "month")


class TestDocuments:
    PDF = documents.Brought(b"%PDF-1.7 notice", "通知.pdf")

    def test_keep_their_file_and_are_found_by_their_number(self, by):
        document = documents.add(
            number=NEW_NUMBER,
            title="关于提高标准的通知",
            issued_on=date(2022, 1, 5),
            brought=self.PDF,
            by=by,
            at=make.NOW,
        )

        assert StoredFile.objects.get().kind == FileKind.POLICY
        assert documents.by_number() == {NEW_NUMBER: document}
        assert acts("document.added").get().details["has_file"] is True

    def test_that_were_replaced_are_no_papers_for_schools_any_more(self, by, as_role):
        entered = {"number": NEW_NUMBER, "title": "通知", "issued_on": date(2022, 1, 5)}
        document = documents.add(**entered, brought=self.PDF, by=by, at=make.NOW)
        wrong, school = document.file, as_role("school").user
        right = documents.Brought(b"%PDF-1.7 another", "通知二.pdf")

        facts = {"title": document.title, "issued_on": document.issued_on}
        documents.change(document, **facts, brought=right, by=by, at=make.NOW)

        assert list(StoredFile.objects.visible_to(school)) == [document.file]
        documents.remove(document, by=by, at=make.NOW)
        assert not StoredFile.objects.visible_to(school).exists()
        assert StoredFile.objects.visible_to(by).filter(pk=wrong.pk).exists()

    def test_of_one_number_are_one(self, by):
        make.PolicyDocumentFactory(number=NEW_NUMBER)

        with pytest.raises(documents.NumberTaken):
            documents.add(number=NEW_NUMBER, title="又一份", issued_on=None, by=by, at=make.NOW)

    def test_that_rows_name_stay(self, by):
        document = make.PolicyDocumentFactory(number=make.StandardFactory().document_no)

        with pytest.raises(documents.Cited):
            documents.remove(document, by=by, at=make.NOW)

    def test_that_nobody_entered_are_listed(self):
        make.StandardFactory()
        make.RuleFactory()

        assert documents.not_entered() == [("示教〔2019〕1号", 2)]


class TestATermsPrograms:
    def test_are_kept_with_months_and_who_pays(self, term, by):
        program = make.ProgramFactory()

        term_programs.keep(
            term,
            [CarriedOut(program, Pays.OLD_SCHOOL, date(2021, 10, 1), date(2021, 12, 1))],
            by=by,
            at=make.NOW,
        )

        row = TermProgram.objects.get()
        assert (row.pays, row.first_month, row.last_month) == ("old-school", date(2021, 10, 1), date(2021, 12, 1))
        assert acts("term.programs-kept").get().details["added"] == [program.pk]

    def test_that_children_were_given_are_not_taken_out(self, term, by):
        award = make.AwardFactory(enrollment__term=term)
        make.TermProgramFactory(term=term, program=award.program)

        with pytest.raises(term_programs.StillAwarded):
            term_programs.keep(term, [], by=by, at=make.NOW)

    def test_of_a_closed_term_stay(self, by):
        closed = make.TermFactory(code="2021S", state="closed")

        with pytest.raises(term_programs.TermClosed):
            term_programs.keep(closed, [CarriedOut(make.ProgramFactory())], by=by, at=make.NOW)

    @pytest.mark.parametrize(
        ("first", "last", "expected"),
        [
            (date(2021, 12, 1), date(2021, 10, 1), term_programs.MonthsReversed),
            (date(2021, 7, 1), None, term_programs.MonthOutside),
            (None, date(2022, 2, 1), term_programs.MonthOutside),
        ],
    )
    def test_lie_in_the_half_year_of_the_term(self, term, by, first, last, expected):
        with pytest.raises(expected):
            term_programs.keep(term, [CarriedOut(make.ProgramFactory(), "new-school", first, last)], by=by, at=make.NOW)

    def test_go_on_in_the_next_year(self, by):
        model = make.TermFactory(
            code="2020A", starts_on=date(2020, 9, 1), ends_on=date(2021, 1, 20), roster_due_on=date(2020, 9, 20)
        )
        spring = make.TermFactory(code="2021S")
        make.TermProgramFactory(
            term=model, pays="old-school", first_month=date(2020, 9, 1), last_month=date(2021, 1, 1)
        )

        opened = terms.open_next(after=spring, by=by, at=make.NOW, **terms.proposal(spring))

        row = TermProgram.objects.get(term=opened)
        assert (row.pays, row.first_month, row.last_month) == ("old-school", date(2021, 9, 1), date(2022, 1, 1))


class TestTheSheet:
    def test_puts_first_what_holds_on_the_day(self, by):
        first = make.StandardFactory()
        second = succeed(first, by)
        third = succeed(second, by, valid_from=date(2023, 2, 1), amount_fen=75_000)

        sheet = program_sheet.of(first.program, date(2022, 3, 1))

        assert [(line.row, line.standing) for line in sheet.standards] == [
            (second, "now"),
            (third, "ahead"),
            (first, "over"),
        ]

    def test_says_every_condition_of_a_rule(self):
        low, middle = (
            make.HardshipCategoryFactory(code=code, name=code, group=CategoryGroup.LOW_INCOME) for code in "ab"
        )
        single = make.HardshipCategoryFactory(code="c", name="孤儿", group=CategoryGroup.ORPHAN)
        rule = make.RuleFactory(
            levels=["hard"],
            grades=["三年级"],
            ownerships=["private"],
            is_boarding=True,
            is_rural=False,
            is_county_town=True,
            is_registered=False,
        )
        rule.categories.set([low, middle, single])
        rule.stages.add(make.StageFactory())
        rule.school_kinds.add(make.SchoolKindFactory())

        assert sorted(program_sheet.conditions(rule)) == sorted(
            [
                "困难类型：低保、孤儿",
                "认定等级：困难",
                "学段：小学",
                "年级：三年级",
                "学校类型：完全小学",
                "办别：民办",
                "寄宿生",
                "非农村户口",
                "县城学校",
                "没有学籍",
            ]
        )

    def test_every_condition_of_the_table_is_in_words(self):
        """A new column of Rule that asks something has to be said as well."""
        said = {"categories", "levels", "stages", "grades", "school_kinds", "ownerships"}
        said |= {"is_boarding", "is_rural", "is_county_town", "is_registered"}
        other = {"id", "program", "position", "description", "tier", "valid_from", "valid_to", "document_no"}

        own = {field.name for field in Rule._meta.get_fields() if not field.auto_created or field.name == "id"}
        assert own - other == said

    def test_says_what_a_term_still_lacks(self):
        program = make.ProgramFactory()
        make.RuleFactory(tier="甲等")
        make.StandardFactory(tier="乙等")

        assert program_sheet.lacking(program, date(2021, 9, 1)) == [
            "条件里有“甲等”，标准里没有这一档。",
            "没有经费分担比例，不能编制发放批次。",
        ]


class TestThePages:
    """County staff without a programmer; auditors and schools read."""

    def words(self, answer):
        return answer.content.decode()

    def standard(self, **changed):
        return {
            "basis": "fixed", "amount": "625", "begins": "other", "other_day": "2022-02-01",
            "document_no": NEW_NUMBER, "note": "", **changed,
        }  # fmt: skip

    def test_a_new_program_becomes_one_that_a_term_can_carry_out(self, as_role, term):
        make.GradeFactory()
        stage = make.StageFactory()
        client = as_role("preparer")

        client.post(
            reverse("programs:program-create"),
            {
                "name": "小学午餐补助", "short_name": "午餐补助", "purpose": "补助午餐。", "stages": [stage.pk],
                "kind": "money", "way": "auto", "payee": "guardian",
            },
        )  # fmt: skip
        program = Program.objects.get()
        rule = {
            "position": 1, "description": "农村户口的三年级学生", "grades": ["三年级"], "is_rural": "yes",
            "begins": "2021-08-01", "document_no": NEW_NUMBER,
        }  # fmt: skip
        client.post(reverse("programs:rule-create", args=[program.pk]), rule)
        client.post(
            reverse("programs:standard-create", args=[program.pk]),
            self.standard(begins="2021-08-01", other_day="", ownership="public"),
        )
        client.post(
            reverse("programs:shares-create", args=[program.pk]),
            {"begins": "2021-08-01", "central": "60", "county": "40", "document_no": NEW_NUMBER},
        )
        kept = client.post(
            reverse("programs:term-programs", args=[term.pk]),
            {f"{program.pk}:on": "on", f"{program.pk}:first": "2021-09-01", f"{program.pk}:pays": "old-school"},
        )

        assert kept.status_code == 302
        assert TermProgram.objects.get().first_month == date(2021, 9, 1)
        assert (Rule.objects.get().is_rural, Rule.objects.get().grades) == (True, ["三年级"])
        assert (Standard.objects.get().amount_fen, Standard.objects.get().ownership) == (62_500, "public")
        assert program_sheet.lacking(program, term.starts_on) == []
        shown = self.words(as_role("school").get(program.get_absolute_url()))
        assert "补助午餐。" in shown
        assert "年级：三年级" in shown
        assert "625.00" in shown
        assert "中央 60%" in shown
        assert reverse("programs:rule-create", args=[program.pk]) not in shown

    def test_of_a_signed_standard_refuses_in_words_and_offers_to_succeed(self, as_role, signed):
        client, standard = as_role("preparer"), signed.standard
        address = reverse("programs:standard", args=[standard.pk])

        shown = client.get(address)
        refused = client.post(address, self.standard(amount="999", other_day="2019-09-01"))

        assert reverse("programs:standard-succeed", args=[standard.pk]) in self.words(shown)
        assert "2021年秋季学期已有确认过的资助依据这一条，金额和条件不能改" in self.words(refused)
        assert Standard.objects.get().amount_fen == 50_000

    def test_succeed_from_a_term(self, as_role, signed):
        answer = as_role("preparer").post(
            reverse("programs:standard-succeed", args=[signed.standard.pk]),
            self.standard(begins="2022-02-01", other_day=""),
        )

        assert answer.status_code == 302
        assert Standard.objects.on(date(2022, 3, 1)).get().amount_fen == 62_500

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"document_no": ""}, "document_no"),
            ({"begins": ""}, "begins"),
            ({"other_day": ""}, "other_day"),
            ({"begins": "2022-02-01"}, "other_day"),
            ({"amount": ""}, "amount"),
            ({"amount": "很多"}, "amount"),
            ({"amount": "-5"}, "amount"),
            ({"basis": "school-fee"}, "amount"),
        ],
    )
    def test_say_what_is_missing_at_its_field(self, as_role, signed, changed, field):
        answer = as_role("preparer").post(
            reverse("programs:standard-succeed", args=[signed.standard.pk]), self.standard(**changed)
        )

        assert list(answer.context["form"].errors) == [field]
        assert Standard.objects.count() == 1

    def test_succeed_and_change_a_rule_and_shares(self, as_role, signed):
        client, program = as_role("preparer"), signed.program
        make.ShareFactory(program=program)
        day = {"begins": "2022-02-01", "document_no": NEW_NUMBER}

        client.post(
            reverse("programs:rule-succeed", args=[signed.rule.pk]),
            {"description": "寄宿生", "is_boarding": "yes", **day},
        )
        client.post(
            reverse("programs:shares-succeed", args=[program.pk, "2019-09-01"]),
            {"city": "16.7", "county": "83.3", **day},
        )
        later = reverse("programs:shares", args=[program.pk, "2022-02-01"])
        client.post(later, {"city": "20", "county": "80", "document_no": NEW_NUMBER})
        removed = client.post(reverse("programs:shares-remove", args=[program.pk, "2022-02-01"]))

        assert Rule.objects.on(date(2022, 3, 1)).get().is_boarding is True
        assert removed.status_code == 302
        assert acts("shares.changed").get().details["parts"] == {"city": 200, "county": 800}
        assert not Share.objects.on(date(2022, 3, 1)).exists()

    def test_take_a_documents_file_and_hand_it_to_whoever_works_by_it(self, as_role):
        standard = make.StandardFactory(document_no=NEW_NUMBER)
        file = SimpleUploadedFile("通知.pdf", b"%PDF-1.7 notice")

        as_role("preparer").post(
            reverse("programs:document-create"), {"number": NEW_NUMBER, "title": "关于提高标准的通知", "file": file}
        )

        document = PolicyDocument.objects.get()
        auditor = as_role("auditor")
        assert document.get_absolute_url() in self.words(auditor.get(standard.program.get_absolute_url()))
        download = reverse("jobs:file", args=[document.file_id])
        assert download in self.words(auditor.get(document.get_absolute_url()))
        assert auditor.get(download).content == b"%PDF-1.7 notice"
        school = as_role("school")
        assert download in self.words(school.get(document.get_absolute_url()))
        assert school.get(download).content == b"%PDF-1.7 notice"

    @pytest.mark.parametrize(("name", "content"), [("通知.pdf", b"MZ program"), ("通知.exe", b"%PDF-1.7 notice")])
    def test_refuse_a_file_that_is_no_document(self, as_role, name, content):
        answer = as_role("preparer").post(
            reverse("programs:document-create"),
            {"number": NEW_NUMBER, "title": "通知", "file": SimpleUploadedFile(name, content)},
        )

        assert answer.context["form"].non_field_errors()
        assert not PolicyDocument.objects.exists()
        assert not StoredFile.objects.exists()

    def test_lead_from_a_number_without_a_document_to_entering_it(self, as_role):
        make.StandardFactory(document_no=NEW_NUMBER)

        shown = self.words(as_role("preparer").get(reverse("programs:documents")))

        assert f"{reverse('programs:document-create')}?number={quote(NEW_NUMBER)}" in shown

    def test_everything_done_on_them_has_words_in_the_log(self, as_role, by):
        client, rule, standard = as_role("preparer"), make.RuleFactory(), make.StandardFactory()
        exclusion, document = make.ExclusionFactory(), make.PolicyDocumentFactory(number="x")
        program = standard.program
        client.post(reverse("programs:rule", args=[rule.pk]), {
            "position": 2, "description": "新说法", "begins": "other", "other_day": "2019-09-01",
            "document_no": NEW_NUMBER,
        })  # fmt: skip
        client.post(reverse("programs:rule-remove", args=[rule.pk]))
        client.post(reverse("programs:standard", args=[standard.pk]), self.standard(other_day="2019-09-01"))
        client.post(reverse("programs:standard-remove", args=[standard.pk]))
        client.post(reverse("programs:exclusion", args=[exclusion.pk]), {"severity": "warn", "scope": "month"})
        client.post(reverse("programs:exclusion-remove", args=[exclusion.pk]))
        client.post(
            reverse("programs:exclusion-create", args=[program.pk]),
            {"other": exclusion.other_id, "severity": "block", "scope": "term"},
        )
        client.post(reverse("programs:document-edit", args=[document.pk]), {"title": "新标题"})
        client.post(reverse("programs:document-remove", args=[document.pk]))
        client.post(
            reverse("programs:program-edit", args=[program.pk]),
            {
                "name": "新名", "short_name": "新", "stages": [make.StageFactory().pk],
                "kind": "money", "way": "auto", "payee": "student",
            },
        )  # fmt: skip

        done = list(Action.objects.order_by("pk").values_list("verb", flat=True))
        assert done == [
            "rule.changed", "rule.removed", "standard.changed", "standard.removed", "exclusion.changed",
            "exclusion.removed", "exclusion.added", "document.changed", "document.removed", "program.changed",
        ]  # fmt: skip
        nouns = {
            f"{noun}.{act}"
            for noun in ("standard", "rule", "shares")
            for act in ("added", "changed", "succeeded", "removed")
        }
        assert {*done, *nouns} - VERBS.keys() == set()
