"""One school's children from the roster to the report, by the product's pages alone.

Nobody here calls the office's rules: people sign in, read, follow links and press buttons (tests.visitor). Only the
waiting background runs are carried out by hand, and the clock is moved. The children are invented:

- 安小雨 boards at the primary, and the registered-poor list has him exactly;
- 白小云 boards at the junior school; the roster has one digit of his number wrong, so a person has to decide;
- 陈小河 is on no list, the school recognizes him; somebody objects in vain, and the bank knows no such holder;
- 丁小山 is recognized as well, but the objection against him holds;
- 方小溪 goes home every day and gets nothing; the row of 高小川 is refused.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import pyzipper
from django.conf import settings
from openpyxl import load_workbook

from jobs import run
from jobs.choices import JobState
from jobs.models import Job
from programs.reference import load_national, load_standards
from schools.models import School, SchoolKind
from tests.factories import SchoolFactory, UserFactory, card_number, resident_id
from tests.harness.models import own_models
from tests.visitor import Attachment, Page, Trail, Visitor, view_name
from tests.workbooks import RECOGNITION_HEAD, REGISTER_HEAD, roster, roster_row, xlsx

pytestmark = pytest.mark.django_db

MONDAY = date(2021, 9, 13)
PUT_UP_ON = date(2021, 9, 16)
OBJECTED_ON = date(2021, 9, 17)
LAST_DAY = date(2021, 9, 23)
"""The fifth working day: Saturday the 18th is one, the Mid-Autumn holiday from the 19th to the 21st has none."""
AFTERWARDS = date(2021, 9, 24)
PAID_ON = date(2021, 10, 11)

TERM = "2021年秋季学期"
PROGRAM = "义务教育家庭经济困难寄宿生生活补助"
AN, BAI, CHEN, DING, FANG, GAO = "安小雨", "白小云", "陈小河", "丁小山", "方小溪", "高小川"
IN_PRIMARY, IN_JUNIOR = date(2012, 3, 4), date(2008, 3, 4)
NUMBERS = {
    name: resident_id(n, born_on=IN_JUNIOR if name == BAI else IN_PRIMARY)
    for n, name in enumerate((AN, BAI, CHEN, DING, FANG, GAO), start=1)
}
CARDS = {name: card_number(n) for n, name in enumerate((AN, BAI, CHEN, DING), start=1)}
NEW_CARD = card_number(13)
ONE_DIGIT_WRONG = NUMBERS[BAI][:15] + str((int(NUMBERS[BAI][15]) + 1) % 10) + NUMBERS[BAI][16:]

ACTS = {
    "students:roster-upload", "students:register-upload", "students:crosscheck-begin", "programs:recognition-upload",
    "programs:list-put-up", "programs:notice-photos", "programs:objection-raise", "programs:objection-answer",
    "programs:notice-take-down", "disbursements:allot", "disbursements:arrive", "disbursements:prepare",
    "disbursements:batch-approve", "disbursements:batch-password", "disbursements:batch-return", "disbursements:card",
}  # fmt: skip
"""Pages that ask for an act: who may only read does not get to see them."""
READ = {
    "home", "student", "students:list", "students:rosters", "students:roster", "students:registers",
    "students:snapshot", "students:crosschecks", "students:crosscheck", "students:match", "programs:rounds",
    "programs:recognitions", "programs:recognition", "programs:awards", "programs:lists", "programs:list",
    "programs:notices", "programs:notice", "programs:objection", "disbursements:batches", "disbursements:batch",
    "disbursements:unpaid", "disbursements:funds", "disbursements:quotas", "disbursements:quota", "reports:report",
    "reports:names", "jobs:job",
}  # fmt: skip
SHELL = {"switch-term", "switch-language", "logout"}

FANG_OFFICER, LI_PREPARER, ZHAO_APPROVER, QIAN_AUDITOR = "方老师", "李经办", "赵审定", "钱审计"
LOG = [
    (FANG_OFFICER, "下载花名册 上传花名册 确认花名册入库 花名册成为现行版本"),
    (LI_PREPARER, "上传困难群体名单 困难群体名单定版 发起名单比对 完成名单比对 确认为同一人"),
    (FANG_OFFICER, "上传认定名单 认定名单成为现行名单"),
    (LI_PREPARER, "提出资助名单"),
    (FANG_OFFICER, "学校确认名单 张贴公示 上传公示照片 下载文件 暂停资助 受理异议 暂停资助 受理异议"),
    (LI_PREPARER, "下载文件 恢复资助 办结异议 移出资助名单 办结异议"),
    (FANG_OFFICER, "撤下公示"),
    (ZHAO_APPROVER, "县级审定名单"),
    (LI_PREPARER, "录入资金指标 登记资金到账 录入资金指标 登记资金到账 录入资金指标 登记资金到账 编制发放批次"),
    (ZHAO_APPROVER, "审核发放批次"),
    (LI_PREPARER, "生成银行代发文件 下载文件 查看银行文件压缩包口令 送出银行文件 上传银行回盘 核销发放批次"),
    (LI_PREPARER, "更正银行卡 编制发放批次"),
    (ZHAO_APPROVER, "审核发放批次"),
    (LI_PREPARER, "生成银行代发文件 下载文件 查看银行文件压缩包口令 送出银行文件 上传银行回盘 核销发放批次"),
    (ZHAO_APPROVER, "导出报表"),
    (QIAN_AUDITOR, "下载文件"),
]
"""Who did what, in order. Looking leaves no trace, and neither does what was refused; taking names along does.

Visitors open every link of a page, so the photo of the board is taken along as well.
"""


class Clock:
    """Stands still until it is moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = self._morning(MONDAY)
        monkeypatch.setattr("django.utils.timezone.now", lambda: self.at)

    def move_to(self, day: date) -> None:
        self.at = self._morning(day)

    @staticmethod
    def _morning(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, 9, 30, tzinfo=ZoneInfo(settings.TIME_ZONE))


@dataclass
class Office:
    """A county with one school, and whoever works on its cases."""

    clock: Clock
    trail: Trail
    school: School
    officer: Visitor
    preparer: Visitor
    approver: Visitor
    auditor: Visitor
    open_page: str = ""
    """Where anybody can read the list while it is up."""

    @property
    def people(self) -> list[Visitor]:
        return [self.officer, self.preparer, self.approver, self.auditor]


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    clock = Clock(monkeypatch)
    load_national()
    load_standards(settings.BASE_DIR / "fixtures" / "standards" / "411625.toml")
    school = SchoolFactory(code="4116250001", name="清溪学校", kind=SchoolKind.objects.get(pk="nine-year"))
    trail = Trail()
    return Office(
        clock=clock,
        trail=trail,
        school=school,
        officer=Visitor(trail, UserFactory(officer=True, school=school, name=FANG_OFFICER)),
        preparer=Visitor(trail, UserFactory(name=LI_PREPARER)),
        approver=Visitor(trail, UserFactory(approver=True, name=ZHAO_APPROVER)),
        auditor=Visitor(Trail(), UserFactory(auditor=True, name=QIAN_AUDITOR)),
    )


def test_a_case_goes_from_roster_to_report_by_the_pages_alone(office: Office) -> None:
    a_day_begins(office, MONDAY)
    the_officer_hands_in_the_roster_and_confirms_what_the_check_found(office)
    the_preparer_hands_in_the_registered_poor_list(office)
    the_preparer_starts_the_cross_check_and_decides_the_one_suspicion(office)
    the_officer_hands_in_the_recognition_list(office)
    the_preparer_has_the_awards_proposed(office)
    the_officer_stands_by_the_list(office)

    a_day_begins(office, PUT_UP_ON)
    the_officer_puts_the_list_up(office)
    anybody_reads_the_allowed_columns_and_nothing_else(office, AN, BAI, CHEN, DING)

    a_day_begins(office, OBJECTED_ON)
    the_officer_records_what_people_say_against(office, CHEN, DING)
    anybody_reads_the_allowed_columns_and_nothing_else(office, AN, BAI)
    the_preparer_finds_no_ground_in_one_objection_and_upholds_the_other(office)
    anybody_reads_the_allowed_columns_and_nothing_else(office, AN, BAI, CHEN)

    a_day_begins(office, LAST_DAY)
    the_notice_cannot_come_down_before_its_five_working_days_are_over(office)

    a_day_begins(office, AFTERWARDS)
    nobody_reads_the_list_any_more(office)
    the_officer_takes_the_notice_down(office)
    the_preparer_cannot_sign_the_list_the_approver_can(office)

    a_day_begins(office, PAID_ON)
    the_preparer_enters_the_money_that_arrived(office)
    the_preparer_prepares_a_batch(office, people=3, amount="1,625.00")
    the_preparer_cannot_approve_it_the_approver_can(office, people=3)
    to_the_bank = the_preparer_sends_the_bank_file(office)
    the_bank_pays_all_but_one(office, to_the_bank, refused=CHEN)
    the_preparer_corrects_the_card(office, CHEN)
    the_preparer_prepares_a_batch(office, people=1, amount="500.00")
    the_preparer_cannot_approve_it_the_approver_can(office, people=1)
    to_the_bank = the_preparer_sends_the_bank_file(office)
    the_bank_pays_all(office, to_the_bank)
    the_fund_adds_up_to_the_fen(office)

    the_report_and_its_workbook_say_the_same_to_the_fen(office)
    a_figure_opens_the_names_behind_it(office)
    the_auditor_reads_every_page_and_is_offered_no_act(office)
    the_auditor_changes_nothing(office)
    the_log_holds_each_act_in_its_order(office)
    the_control_totals_agree(office)


# --- a day


def a_day_begins(office: Office, day: date) -> None:
    """Sessions have ended over night: everybody signs in."""
    office.clock.move_to(day)
    for person in office.people:
        person.sign_in()


def work_off() -> None:
    """What the worker would do meanwhile."""
    for job in Job.objects.waiting().order_by("pk"):
        assert run.execute(job.pk).state == JobState.DONE


# --- facts: roster, registered-poor list, cross-check, recognition


def the_officer_hands_in_the_roster_and_confirms_what_the_check_found(office: Office) -> None:
    officer, school = office.officer, office.school
    rows = [
        child(1, AN),
        child(2, BAI, id_number=ONE_DIGIT_WRONG, stage="初中", grade="七年级"),
        child(3, CHEN),
        child(4, DING),
        child(5, FANG, boarding="走读"),
        child(6, GAO, boarding="不详"),
    ]
    content = roster(rows, school=school.name, code=school.code, term="2021A")

    officer.follow("花名册")
    officer.follow("上传花名册")
    officer.press("上传并校验", file=Attachment("花名册.xlsx", content))
    assert "正在排队" in officer.page.text
    work_off()

    found = officer.look_again()
    assert all(words in found.text for words in ("总行数6", "可入库5", "有错误1", "新增5", "离校0"))
    assert {line[0] for line in found.table("问题明细")[1:]} == {"E5", "J9", "10", "11"}
    assert "现行版本" not in found.text

    officer.press("确认入库", word="户口正在办理")
    work_off()

    assert "现行版本" in officer.look_again().text
    assert names_on(officer.follow("学生"), "学生列表") == {AN, BAI, CHEN, DING, FANG}


def child(number: int, name: str, **facts: str) -> list[object]:
    card = {"card_number": CARDS[name], "card_holder": "王建国", "card_relation": "父亲"} if name in CARDS else {}
    return roster_row(number, name=name, **{"id_number": NUMBERS[name], **card, **facts})


def names_on(page: Page, label: str) -> set[str]:
    """The first cell of each line, up to a number that stands below the name."""
    return {line[0][:3] for line in page.table(label)[1:]}


def the_preparer_hands_in_the_registered_poor_list(office: Office) -> None:
    preparer = office.preparer
    place = ["城关镇", "东关村"]
    people = [
        [*place, "H001", "1", "安大山", resident_id(11, born_on=date(1980, 1, 2)), "户主", "脱贫户", "", "安大山"],
        [*place, "H001", "2", AN, NUMBERS[AN], "之子", "脱贫户", "", "安大山"],
        [*place, "H002", "1", BAI, NUMBERS[BAI], "之子", "脱贫户", "", "白大山"],
    ]

    preparer.follow("困难群体名单")
    preparer.follow("上传名单")
    preparer.press(
        "上传并定版",
        source="registered-poor",
        as_of="2021-09-10",
        file=Attachment("脱贫户名单.xlsx", xlsx(REGISTER_HEAD, people)),
    )
    work_off()

    assert names_on(preparer.look_again(), "名单人员") == {"安大山", AN, BAI}


def the_preparer_starts_the_cross_check_and_decides_the_one_suspicion(office: Office) -> None:
    preparer = office.preparer
    preparer.follow("名单比对")
    preparer.follow("开始比对")
    (newest,) = preparer.page.form("开始比对").choices["snapshots"]
    preparer.press("开始比对", snapshots=newest, confirms="exact")
    work_off()

    assert names_on(preparer.look_again(), "比对记录") == {BAI}
    preparer.follow("逐条核实")
    assert "证件号只差一处" in preparer.page.text
    assert ["证件号", "不一致第 16 位不同"] in [[line[0], line[3]] for line in preparer.page.table("两份记录")]

    preparer.press("是同一人", note="电话核实监护人，户口簿号码与名单一致。")

    assert preparer.page.notes == ["已记录结论。"]
    preparer.follow("人工确认为同一人")
    assert names_on(preparer.page, "比对记录") == {BAI}


def the_officer_hands_in_the_recognition_list(office: Office) -> None:
    officer = office.officer
    lines = [
        [1, CHEN, NUMBERS[CHEN], "三年级", "1班", "特别困难", ""],
        [2, DING, NUMBERS[DING], "三年级", "1班", "一般困难", ""],
        [3, GAO, NUMBERS[GAO], "三年级", "1班", "困难", ""],
    ]

    officer.open("/")
    officer.follow("去办理上报认定名单和档次")
    officer.follow("认定名单")
    officer.follow("上传认定名单")
    officer.press("上传并读取", file=Attachment("认定名单.xlsx", xlsx(RECOGNITION_HEAD, lines)))
    work_off()

    assert names_on(officer.look_again(), "认定的学生") == {CHEN, DING}
    (left_out,) = officer.page.table("未采用的行")[1:]
    assert left_out[:2] == ["4", "本校现行花名册里没有这名学生。"]


# --- the decision: awards, the school's word, publicity, the county's signature


def the_preparer_has_the_awards_proposed(office: Office) -> None:
    preparer = office.preparer
    preparer.follow("资助名单")
    preparer.follow("按学生看")
    preparer.press("提出资助对象")
    work_off()

    assert "拟资助4" in preparer.look_again().text


def the_officer_stands_by_the_list(office: Office) -> None:
    officer = office.officer
    officer.open("/")
    officer.follow("资助名单")
    officer.follow(office.school.name)
    shown = {line[0]: (line[5], line[6]) for line in officer.page.table("名单中的学生")[1:]}
    assert shown == {
        AN: ("500.00", "拟资助"),
        BAI: ("625.00", "拟资助"),
        CHEN: ("500.00", "拟资助"),
        DING: ("500.00", "拟资助"),
    }

    officer.press("确认名单")

    assert officer.page.notes == ["学校已确认名单，可以张贴公示。"]


def the_officer_puts_the_list_up(office: Office) -> None:
    officer = office.officer
    officer.follow("资助名单")
    officer.follow(office.school.name)
    officer.follow("张贴公示")
    officer.press("张贴公示", working_days="5")

    assert officer.page.notes == ["已张贴公示。"]
    officer.follow(f"{PUT_UP_ON} ～ {LAST_DAY}")
    office.open_page = officer.page.link("打开")
    officer.follow("上传公示照片")
    board = Attachment("公示栏.jpg", b"\xff\xd8\xff\xe0 a board with a list on it")
    officer.press("上传照片", photos=board, taken_on=PUT_UP_ON.isoformat())
    assert "公示栏.jpg" in officer.page.text


def anybody_reads_the_allowed_columns_and_nothing_else(office: Office, *children: str) -> None:
    """Name, school, grade, class, program, amount, for whoever is not under an objection."""
    anybody = Visitor(Trail())
    page = anybody.open(office.open_page)

    head, *lines = page.table("公示名单")
    assert head == ["序号", "姓名", "学校", "年级", "班级", "资助项目", "金额（元）", "操作"]
    of_primary, of_junior = ["三年级", "1班", PROGRAM, "500.00"], ["七年级", "1班", PROGRAM, "625.00"]
    assert sorted(line[1:-1] for line in lines) == sorted(
        [name, office.school.name, *(of_junior if name == BAI else of_primary)] for name in children
    )
    for secret in (*NUMBERS.values(), ONE_DIGIT_WRONG, "19900001234", "王建国", "2012-03-04", "脱贫", "东关村"):
        assert secret not in page.markup
    assert "noindex" in anybody.client.get(page.address).headers["X-Robots-Tag"]


def the_officer_records_what_people_say_against(office: Office, *children: str) -> None:
    officer = office.officer
    for name in children:
        officer.open("/")
        officer.follow("公示")
        officer.follow(office.school.name)
        officer.follow(f"记录异议：{name}")
        officer.press("记录异议", words="家中有车，情况与公示不符。")
        assert officer.page.notes == ["异议已记录，该生资助暂停，等待核查。"]


def the_preparer_finds_no_ground_in_one_objection_and_upholds_the_other(office: Office) -> None:
    preparer = office.preparer
    for name, is_upheld in ((CHEN, "no"), (DING, "yes")):
        preparer.open("/")
        preparer.follow("公示")
        preparer.follow(office.school.name)
        preparer.follow(f"办结：{name}")
        preparer.press("办结异议", is_upheld=is_upheld, answer="入户核查，已告知家长。")
        assert preparer.page.notes == ["异议已办结。"]


def the_notice_cannot_come_down_before_its_five_working_days_are_over(office: Office) -> None:
    officer = office.officer
    officer.follow("公示")
    officer.follow(office.school.name)
    officer.follow("撤下公示")
    officer.press("撤下公示")

    assert officer.page.notes == [f"公示到 {LAST_DAY} 才满期，不能提前撤下。"]


def nobody_reads_the_list_any_more(office: Office) -> None:
    officer = office.officer
    officer.follow("公示")
    officer.follow(office.school.name)

    assert "已关闭" in officer.page.text
    assert Visitor(Trail()).sees(office.open_page) == 410


def the_officer_takes_the_notice_down(office: Office) -> None:
    officer = office.officer
    officer.follow("撤下公示")
    officer.press("撤下公示", result="公示期间收到 2 件异议，均已办结。")

    assert officer.page.notes[0] == "公示已撤下，结果已记录。"


def the_preparer_cannot_sign_the_list_the_approver_can(office: Office) -> None:
    preparer, approver = office.preparer, office.approver
    for person in (preparer, approver):
        person.follow("资助名单")
        person.follow(office.school.name)
    assert "审定名单" not in preparer.page.buttons
    refused = preparer.sends_anyway(approver.page.form("审定名单").action, {})
    assert refused.status_code == 403
    assert "公示期满" in preparer.look_again().text

    approver.press("审定名单")

    assert approver.page.notes == ["县级已审定名单，可以编制发放批次。"]
    shown = {line[0]: line[6] for line in approver.page.table("名单中的学生")[1:]}
    assert shown == {AN: "已审定", BAI: "已审定", CHEN: "已审定", DING: "已移出"}


# --- the money


def the_preparer_enters_the_money_that_arrived(office: Office) -> None:
    preparer = office.preparer
    preparer.follow("资金发放")
    preparer.follow("资金台账")
    for payer, amount in (("central", "1000"), ("city", "500.00"), ("county", "0.08万")):
        preparer.follow("指标与到账")
        preparer.follow("登记指标")
        preparer.press(
            "登记指标",
            document_no="示财教〔2021〕1号",
            issued_on="2021-10-08",
            program="boarder-living",
            payer=payer,
            amount_fen=amount,
        )
        preparer.follow("登记到账")
        preparer.press("登记到账", arrived_on="2021-10-09", voucher="收001")
        preparer.follow("资金台账")


def the_preparer_prepares_a_batch(office: Office, *, people: int, amount: str) -> None:
    preparer = office.preparer
    preparer.follow("资金发放")
    preparer.follow("编制批次")
    preparer.press("编制批次", program="boarder-living")
    work_off()

    assert f"控制总数{people}笔{amount}元" in without_blanks(preparer.look_again())


def without_blanks(page: Page) -> str:
    return "".join(page.text.split())


def the_preparer_cannot_approve_it_the_approver_can(office: Office, *, people: int) -> None:
    preparer, approver = office.preparer, office.approver
    approver.follow("资金发放")
    approver.open(preparer.page.address)
    approver.follow("审核批次")
    asks = approver.page.form(f"审核发放 {people} 笔").action
    assert preparer.sends_anyway(asks, {"term": TERM}).status_code == 403
    assert preparer.sees(asks) == 403

    approver.press(f"审核发放 {people} 笔", term=TERM)

    assert approver.page.notes == ["已审核批次，资金已占用。"]


def the_preparer_sends_the_bank_file(office: Office) -> bytes:
    """What the bank finds in the archive, with the password that it was told."""
    preparer = office.preparer
    batch = preparer.page.address
    preparer.look_again()
    preparer.press("生成银行代发文件")
    work_off()
    preparer.open(batch)
    locked = preparer.download("下载银行代发文件")
    preparer.follow("压缩包口令")
    preparer.press("显示口令")
    (password,) = re.findall(r"[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}", preparer.page.text)
    preparer.open(batch)
    assert password not in preparer.page.text
    preparer.press("登记送交银行")

    assert preparer.page.notes == ["已登记送交银行，等待回盘。"]
    with pyzipper.AESZipFile(io.BytesIO(locked)) as archive:
        archive.setpassword(password.encode())
        return archive.read(archive.namelist()[0])


def the_bank_pays_all_but_one(office: Office, to_the_bank: bytes, *, refused: str) -> None:
    """And its answer has a line more, that fits no payment."""
    answer = [
        [line, holder, amount, *(("失败", "户名不符", "") if number == CARDS[refused] else ("成功", "", "2021-10-12"))]
        for line, holder, number, amount in bank_lines(to_the_bank)
    ]
    the_preparer_hands_in_the_answer(office, [*answer, [99, "无此人", 500, "成功", "", "2021-10-12"]])

    page = office.preparer.page
    assert {line[1]: line[6] for line in page.table("发放明细")[1:]} == {
        AN: "发放成功2021-10-12",
        BAI: "发放成功2021-10-12",
        CHEN: "发放失败",
    }
    assert "1 笔发放失败" in page.text
    assert "500.00 元已退回资金台账" in page.text
    (left_over,) = page.table("对不上的行")[1:]
    assert left_over[2:4] == ["99", "500.00"]


def the_bank_pays_all(office: Office, to_the_bank: bytes) -> None:
    the_preparer_hands_in_the_answer(
        office,
        [[line, holder, amount, "成功", "", "2021-10-13"] for line, holder, _number, amount in bank_lines(to_the_bank)],
    )

    page = office.preparer.page
    assert [line[1] for line in page.table("发放明细")[1:]] == [CHEN]
    assert "已核销" in page.text


def bank_lines(content: bytes) -> list[tuple[int, str, str, float]]:
    """(line, holder, card, yuan) of each transfer that the bank is asked for."""
    sheet = load_workbook(io.BytesIO(content)).active
    lines = [row[:4] for row in sheet.iter_rows(values_only=True) if isinstance(row[0], int)]
    assert {number for _line, _holder, number, _yuan in lines} <= set(CARDS.values()) | {NEW_CARD}
    return lines


def the_preparer_hands_in_the_answer(office: Office, lines: Sequence[Sequence[object]]) -> None:
    preparer = office.preparer
    batch = preparer.page.address
    head = ("序号", "户名", "金额(元)", "状态", "失败原因", "到账日期")
    preparer.follow("上传回盘文件")
    preparer.press("上传并核对", file=Attachment("回盘.xlsx", xlsx(head, lines)))
    work_off()
    preparer.open(batch)


def the_preparer_corrects_the_card(office: Office, name: str) -> None:
    preparer = office.preparer
    preparer.follow("先更正银行卡")
    assert names_on(preparer.page, "等待发放的学生") == {name}
    preparer.follow(f"更正银行卡：{name}")
    preparer.press("保存新卡", number=NEW_CARD, holder="陈大山", relation="父亲", bank="示范县农村商业银行")

    assert preparer.page.notes == ["银行卡已更正，下一批次按新卡发放。"]


def the_fund_adds_up_to_the_fen(office: Office) -> None:
    """500.00 and 625.00 shared out 500 : 167 : 333, each by itself, and what came back from the first try."""
    preparer = office.preparer
    preparer.follow("资金发放")
    preparer.follow("资金台账")

    assert [line[1:] for line in preparer.page.table("余额")[1:]] == [
        ["中央", "1,000.00", "0.00", "0.00", "1,062.50", "812.50", "250.00", "187.50"],
        ["市级", "500.00", "0.00", "0.00", "354.88", "271.38", "83.50", "228.62"],
        ["县级", "800.00", "0.00", "0.00", "707.62", "541.12", "166.50", "258.88"],
    ]


# --- the figures, and who looks at them


def the_report_and_its_workbook_say_the_same_to_the_fen(office: Office) -> None:
    approver = office.approver
    approver.follow("统计报表")
    approver.follow(TERM)
    figures = {
        PROGRAM: ["3", "3", "1,625.00", "2", "2", "1,125.00"],
        "小学": ["2", "2", "1,000.00", "1", "1", "500.00"],
        "初中": ["1", "1", "625.00", "1", "1", "625.00"],
        "合计": ["3", "3", "1,625.00", "2", "2", "1,125.00"],
    }
    shown = approver.page.table(f"{TERM}学生资助情况")[3:]
    assert {line[0]: line[1:] for line in shown[:4]} == figures

    sheet = load_workbook(io.BytesIO(approver.download("导出 Excel"))).active
    rows = {row[1] or row[2]: row[3:9] for row in sheet.iter_rows(values_only=True) if isinstance(row[3], int)}
    assert {
        name: [f"{n:,}" if place % 3 != 2 else f"{n:,.2f}" for place, n in enumerate(row)] for name, row in rows.items()
    } == figures


def a_figure_opens_the_names_behind_it(office: Office) -> None:
    """And a name opens the child's whole story."""
    approver = office.approver
    report = approver.page.address
    approver.follow("1,625.00", within=PROGRAM)
    amounts = {line[0]: line[-1] for line in approver.page.table("名单")[1:]}
    assert amounts == {AN: "500.00", BAI: "625.00", CHEN: "500.00"}

    approver.open(report)
    approver.follow("1,125.00", within=PROGRAM)
    assert names_on(approver.page, "名单") == {AN, BAI}

    approver.open(report)
    approver.follow("1,625.00", within=PROGRAM)
    story = approver.follow(CHEN).text
    for words in ("特别困难", "公示异议", "第 1 次发放", "户名不符", "第 2 次发放", "2021-10-13 到账"):
        assert words in story


def the_auditor_reads_every_page_and_is_offered_no_act(office: Office) -> None:
    auditor = office.auditor
    asked = {address: auditor.sees(address) for address in office.trail.pages}
    assert {view_name(address) for address, status in asked.items() if status == 403} == ACTS
    assert {view_name(address) for address, status in asked.items() if status == 200} == READ

    for address, status in asked.items():
        if status == 200:
            assert auditor.open(address).offers <= SHELL | {"reports:names-export"}, address


def the_auditor_changes_nothing(office: Office) -> None:
    before = every_row()

    for address, data in office.trail.sent:
        answer = office.auditor.sends_anyway(address, data)
        assert answer.status_code == 403, f"{address} gives {answer.status_code}"
        assert "您的岗位不能办理这件事" in answer.content.decode()

    assert every_row() == before


def every_row() -> dict[str, list[tuple[object, ...]]]:
    return {model._meta.label: list(model._base_manager.order_by("pk").values_list()) for model in own_models()}


def the_log_holds_each_act_in_its_order(office: Office) -> None:
    auditor = office.auditor
    auditor.open("/")
    auditor.follow("操作日志")

    newest = auditor.page.table("操作日志列表")[1:]
    auditor.follow("2")
    lines = reversed([*newest, *auditor.page.table("操作日志列表")[1:]])
    assert [(line[1][:3], line[2]) for line in lines] == [(who, act) for who, acts in LOG for act in acts.split()]


def the_control_totals_agree(office: Office) -> None:
    office.auditor.follow("数据核对")
    assert "全部一致" in office.auditor.page.text
