"""Schools' fees: by file and by hand, in every spelling of an amount, never changed under what was signed."""

import io
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Action
from programs import fees
from programs.models import SchoolFee
from tests import factories as make
from tests.workbooks import xlsx

pytestmark = pytest.mark.django_db

HEAD = ("学校标识码", "项目", "每生每学期(元)", "文号", "自")
WAIVER = "senior-waiver"


@pytest.fixture
def program():
    return make.ProgramFactory(code=WAIVER, name="免学费", kind="waiver", payee="school")


@pytest.fixture
def school(program):
    return make.SchoolFactory(code="4116200001", name="第一高中")


def line(**cells):
    values = {"school": "4116200001", "program": "免学费", "amount": "400", "no": "发改〔2019〕1号", "on": "2019-09-01"}
    return list({**values, **cells}.values())


def sheet(*lines, head=HEAD):
    return xlsx(head, lines)


def take(*lines):
    return fees.take(sheet(*lines), by=make.UserFactory(), at=make.NOW)


def the_fee():
    return SchoolFee.objects.get()


def signed(fee, **facts):
    """An award that a school stands by and that rests on this fee."""
    return make.AwardFactory(
        enrollment__school=fee.school,
        program=fee.program,
        school_fee=fee,
        amount_fen=fee.amount_fen,
        **{"list__school_approved": True, **facts},
    )


class TestTheFile:
    @pytest.mark.parametrize(
        ("written", "fen"),
        [
            ("1,000.00", 100_000), ("1000元", 100_000), ("0.1万", 100_000), ("￥1000", 100_000), ("¥ 1,000", 100_000),
            ("１０００", 100_000), (1000, 100_000), (312.5, 31_250), ("312.50元整", 31_250),
        ],
    )  # fmt: skip
    def test_may_write_an_amount_as_offices_do(self, school, written, fen):
        take(line(amount=written))

        assert the_fee().amount_fen == fen

    @pytest.mark.parametrize("day", [date(2019, 9, 1), "20190901", "2019.9.1", "2019年9月1日"])
    def test_may_write_a_day_as_offices_do(self, school, day):
        take(line(on=day))

        assert the_fee().valid_from == date(2019, 9, 1)

    def test_says_of_each_row_what_is_wrong_and_takes_the_others(self, school):
        outcome = take(
            line(),
            line(school="4116299999"),
            line(program="不认识"),
            line(amount="四百", on="2020-09-01"),
            line(amount="-1", on="2021-02-01"),
            line(no="", on="2021-09-01"),
            line(on="九月"),
            line(amount="500"),
        )

        assert outcome.refused == [
            (3, ["学校标识码：没有标识码为“4116299999”的学校。"]),
            (4, ["项目：没有名为“不认识”的资助项目。"]),
            (5, ["每生每学期(元)：“四百”看不懂，请填金额，例如 1,000.00。"]),
            (6, ["每生每学期(元)：金额必须大于零。"]),
            (7, ["文号：没有填写文号。"]),
            (8, ["自：“九月”看不懂，请填日期，例如 2021-09-01。"]),
            (9, ["学校标识码：与第 1 条收费标准的学校、项目和日期都相同。"]),
        ]
        assert the_fee().amount_fen == 40_000

    def test_is_looked_at_before_anything_changes_and_taken_on_a_word(self, as_role, school):
        client = as_role("preparer")

        file = SimpleUploadedFile("收费.xlsx", sheet(line()))
        outcome = client.post(reverse("programs:fees-import"), {"file": file}).context["outcome"]
        before = SchoolFee.objects.count()
        client.post(reverse("programs:fees-import-confirm"))

        assert (outcome.added, before, SchoolFee.objects.count()) == (1, 0, 1)
        assert Action.objects.get().verb == "fee.added"

    def test_that_went_out_comes_back_unchanged(self, as_role, school):
        term, client = make.TermFactory(), as_role("preparer")
        take(line(amount="1,250.50"))

        exported = client.get(reverse("programs:fees-export")).content
        rows = list(load_workbook(io.BytesIO(exported)).active.values)
        outcome = fees.preview(sheet(*rows[1:], head=rows[0]))

        assert term.code == "2021A"
        assert rows[1][:4] == ("4116200001", "第一高中", "免学费", "1,250.50")
        assert (outcome.unchanged, outcome.changes, outcome.refused) == (1, [], [])

    def test_brought_again_with_another_document_changes_that_column_only(self, school):
        take(line())

        outcome = take(line(no="发改〔2019〕2号"))

        assert [change.columns for change in outcome.changes] == [["文号"]]
        assert Action.objects.get(verb="fee.changed").details == {"columns": ["文号"]}

    def test_costs_the_same_queries_for_two_schools_and_for_forty(self, school):
        def cost(number):
            lines = []
            for n in range(number):
                lines.append(line(school=make.SchoolFactory(code=f"41163{n:05d}").code))
            with CaptureQueriesContext(connection) as queries:
                fees.preview(sheet(*lines))
            return len(queries)

        assert cost(40) == cost(2)


class TestAnotherFee:
    def test_ends_the_one_before_on_its_eve(self, school):
        take(line())

        take(line(amount="500", on="2022-02-01"))

        old, new = SchoolFee.objects.order_by("valid_from")
        assert (old.amount_fen, old.valid_to) == (40_000, date(2022, 1, 31))
        assert (new.amount_fen, new.valid_to) == (50_000, None)

    def test_from_before_ends_where_the_known_one_begins(self, school):
        take(line())

        take(line(amount="300", on="2018-09-01"))

        assert list(SchoolFee.objects.order_by("valid_from").values_list("amount_fen", "valid_to")) == [
            (30_000, date(2019, 8, 31)),
            (40_000, None),
        ]


class TestAFeeThatWasSigned:
    def test_keeps_its_amount(self, school):
        take(line())
        signed(the_fee())

        outcome = take(line(amount="500"))

        assert outcome.refused == [
            (
                2,
                [
                    "每生每学期(元)：2021年秋季学期已有名单按这项收费标准确认过，金额不能改。"
                    "请另写一个更晚的执行日期，作为新的标准。"
                ],
            )
        ]
        assert the_fee().amount_fen == 40_000

    def test_is_not_replaced_back_into_the_term_that_it_decided(self, school):
        take(line())
        signed(the_fee())

        reaching_back = take(line(amount="500", on="2021-09-01"))
        later = take(line(amount="500", on="2021-09-02"))

        assert reaching_back.refused == [
            (
                2,
                ["每生每学期(元)：2021年秋季学期已有名单按原来的收费标准确认过，新标准的执行日期要晚于该学期开学日。"],
            )
        ]
        assert (later.added, later.refused) == (1, [])

    def test_does_not_end_before_the_term_that_it_decided(self, as_role, school, program):
        take(line())
        fee = the_fee()
        signed(fee)

        with pytest.raises(fees.FeeInUse):
            fees.set_fee(
                school,
                program,
                valid_from=fee.valid_from,
                amount_fen=fee.amount_fen,
                document_no=fee.document_no,
                valid_to=date(2021, 8, 31),
                by=make.UserFactory(),
                at=make.NOW,
            )

    @pytest.mark.parametrize("free", [{"dropped": True}, {"list__school_approved": False}])
    def test_is_one_on_which_more_rests_than_proposals_and_what_was_taken_out(self, school, free):
        take(line())
        signed(the_fee(), **free)

        outcome = take(line(amount="500"))

        assert outcome.refused == []
        assert the_fee().amount_fen == 50_000

    def test_of_another_school_is_nothing_to_this_one(self, school):
        take(line())
        other = make.SchoolFeeFactory(school=make.SchoolFactory(), program=the_fee().program)
        signed(other)

        assert take(line(amount="500")).refused == []


class TestTheForm:
    def address(self):
        return reverse("programs:fee", args=["4116200001", WAIVER])

    def test_says_what_a_school_may_charge_from_a_day_on(self, as_role, school):
        take(line())

        as_role("preparer").post(
            self.address(), {"valid_from": "2022-02-01", "amount": "0.05万", "document_no": "发改〔2022〕3号"}
        )

        new = SchoolFee.objects.latest("valid_from")
        assert (new.amount_fen, new.document_no, new.valid_to) == (50_000, "发改〔2022〕3号", None)
        assert Action.objects.filter(verb="fee.added").count() == 2

    def test_puts_right_the_one_of_that_day(self, as_role, school):
        take(line())

        as_role("approver").post(
            self.address(), {"valid_from": "2019-09-01", "amount": "450", "document_no": "发改〔2019〕1号"}
        )

        assert the_fee().amount_fen == 45_000
        assert Action.objects.get(verb="fee.changed").details == {"columns": ["每生每学期(元)"]}

    def test_says_why_a_signed_fee_stays(self, as_role, school):
        take(line())
        signed(the_fee())

        answer = as_role("preparer").post(
            self.address(), {"valid_from": "2019-09-01", "amount": "450", "document_no": "发改〔2019〕1号"}
        )

        assert "金额不能改" in answer.context["form"].non_field_errors()[0]
        assert the_fee().amount_fen == 40_000

    @pytest.mark.parametrize(
        ("cells", "field"),
        [({"amount": "四百"}, "amount"), ({"amount": "0"}, "amount"), ({"document_no": ""}, "document_no")],
    )
    def test_says_which_field_is_wrong(self, as_role, school, cells, field):
        good = {"valid_from": "2019-09-01", "amount": "450", "document_no": "发改〔2019〕1号"}

        answer = as_role("preparer").post(self.address(), good | cells)

        assert list(answer.context["form"].errors) == [field]
        assert not SchoolFee.objects.exists()

    def test_does_not_end_a_fee_before_it_begins(self, as_role, school):
        answer = as_role("preparer").post(
            self.address(),
            {"valid_from": "2019-09-01", "amount": "450", "document_no": "1号", "valid_to": "2019-08-31"},
        )

        assert answer.context["form"].non_field_errors() == ["截止日期不能早于执行日期。"]


class TestTheList:
    @pytest.fixture
    def by_fee(self, program):
        """The term carries out a program that is worth what the school charges, for one stage."""
        make.TermProgramFactory(program=program)
        make.StandardFactory(program=program, basis="school-fee", amount_fen=None)
        stage = make.StageFactory(code="senior")
        program.stages.add(stage)
        return stage

    def test_has_what_holds_on_the_terms_first_day(self, as_role, school):
        make.TermFactory(code="2021A")
        take(line(), line(amount="500", on="2021-09-02"))

        [fee] = as_role("auditor").get(reverse("programs:fees")).context["page"]

        assert fee.amount_fen == 40_000

    def test_can_be_narrowed_to_a_school(self, as_role, school):
        make.TermFactory(code="2021A")
        take(line())
        make.SchoolFeeFactory()

        [fee] = as_role("auditor").get(reverse("programs:fees"), {"q": "第一高"}).context["page"]

        assert fee.school == school

    def test_names_the_schools_that_need_a_fee_and_have_none(self, as_role, school, program, by_fee):
        kind = make.SchoolKindFactory(code="senior-high", stages=[by_fee])
        without = make.SchoolFactory(kind=kind)
        make.SchoolFactory(kind=kind, is_active=False)
        make.SchoolFeeFactory(school=make.SchoolFactory(kind=kind), program=program)

        page = as_role("preparer").get(reverse("programs:fees"), {"tab": "missing"}).context["page"]

        assert page.object_list == [(without, program)]

    def test_names_no_school_whose_standard_is_a_fixed_amount(self, as_role, school, program, by_fee):
        kind = make.SchoolKindFactory(code="senior-high", stages=[by_fee])
        program.standards.update(basis="capped-fee", amount_fen=40_000, ownership="private")
        private = make.SchoolFactory(kind=kind, ownership="private")
        make.SchoolFactory(kind=kind, ownership="public")

        page = as_role("preparer").get(reverse("programs:fees"), {"tab": "missing"}).context["page"]

        assert page.object_list == [(private, program)]

    def test_counts_no_proposal_at_the_limit_as_behind(self, school, program, by_fee):
        program.standards.update(basis="capped-fee", amount_fen=40_000)
        fee = make.SchoolFeeFactory(school=school, program=program, amount_fen=60_000)
        award = make.AwardFactory(
            enrollment__school=school,
            program=program,
            standard=program.standards.get(),
            school_fee=fee,
            amount_fen=40_000,
        )
        at_the_limit = fees.proposals_behind(award.term)

        type(fee).objects.update(amount_fen=30_000)

        assert (at_the_limit, fees.proposals_behind(award.term)) == (0, 1)

    def test_says_how_many_proposals_still_have_the_old_amount(self, as_role, school):
        take(line())
        signed(the_fee(), list__school_approved=False)
        take(line(amount="500"))

        assert as_role("preparer").get(reverse("programs:fees")).context["behind"] == 1
