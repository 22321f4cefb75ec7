"""Rows for tests, true to every constraint. All people are invented.

`django_get_or_create` on reference rows means that two enrollments of one school share its town, kind
and roster, as in life, without a test having to say so.
"""

import hashlib
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import factory
from factory.django import DjangoModelFactory

from accounts.models import Action, Allowance, User
from audits import drawing
from audits.choices import EntryKind as QuestionStep
from audits.choices import QuestionState
from audits.models import (
    Finding,
    FindingEvidence,
    FindingWord,
    LogSeal,
    Question,
    QuestionEntry,
    QuestionFile,
    Sample,
    SampleItem,
)
from common import names, resident_ids, sealed, workdays
from common.roles import Role
from disbursements.choices import BatchState, EntryKind, FailureReason, PaymentState, RecoveryCause, Way
from disbursements.models import (
    ApprovalBand,
    Arrival,
    Bank,
    BankTemplate,
    Batch,
    BatchAccount,
    BatchShare,
    Bounce,
    Inquiry,
    LedgerEntry,
    PayDecision,
    Payment,
    Quota,
    Recovery,
    RecoveryReceipt,
    ReturnFile,
    ReturnLine,
    ReturnReason,
)
from jobs import files
from jobs.choices import FileKind, JobState
from jobs.models import Job, StoredFile
from programs import objections
from programs.choices import (
    AwardState,
    Channel,
    GapAnswerState,
    GapReason,
    Level,
    ListState,
    NoticeState,
    Payee,
    Payer,
    ProgramKind,
)
from programs.models import (
    Application,
    Attachment,
    Award,
    AwardList,
    Exclusion,
    GapAnswer,
    Nomination,
    Notice,
    NoticePhoto,
    Objection,
    ObjectionStep,
    PanelMeeting,
    PolicyDocument,
    Program,
    Recheck,
    RecheckDraw,
    Recognition,
    RecognitionList,
    RecognitionRound,
    Rule,
    SchoolCap,
    SchoolFee,
    Share,
    Standard,
    TermProgram,
    Trial,
)
from reports.handed_in import Row
from reports.models import HandedIn, SummaryText
from schools.models import Grade, School, SchoolKind, Stage, Term, Town
from students import identity, register_changes
from students.choices import (
    CategoryGroup,
    CountyFileState,
    CrosscheckState,
    MatchState,
    RosterState,
    Sex,
    SnapshotState,
)
from students.models import (
    Absence,
    AbsenceStep,
    Card,
    CategoryLabel,
    CountyFile,
    Crosscheck,
    Enrollment,
    Hardship,
    HardshipCategory,
    Match,
    MatchDecision,
    OutsideLetter,
    RegisterLine,
    RegisterPerson,
    RegisterSnapshot,
    RegisterSource,
    Roster,
    RosterCorrection,
    RosterHeading,
    RosterIssue,
    SchoolQuestion,
    SchoolTerm,
    Student,
    TierSample,
    TierSampleLine,
)

NOW = datetime(2021, 10, 11, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
"""A Monday morning in the autumn term of 2021, with the holidays behind it."""

PASSWORD = "a-long-enough-password"

NEVER_ISSUED_AREA = "990101"
"""No district has this code, so no living person can have one of these numbers."""


def resident_id(number: int, *, born_on: date = date(2012, 3, 4), sex: str = Sex.MALE) -> str:
    """An 18-digit number with a right check digit; `number` (0 to 499) tells two of a day apart."""
    sequence = number % 500 * 2 + (sex == Sex.MALE)
    first_17 = f"{NEVER_ISSUED_AREA}{born_on:%Y%m%d}{sequence:03d}"
    return first_17 + resident_ids.check_digit(first_17)


def card_number(number: int) -> str:
    """A 19-digit number of a bank that doesn't exist, with a right Luhn digit."""
    body = f"620000{number:012d}"
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * 2 if place % 2 == 0 else int(digit)
        total += doubled // 10 + doubled % 10
    return body + str(-total % 10)


def _index(field: str, kind: str) -> factory.LazyAttribute:
    return factory.LazyAttribute(lambda row: sealed.index(kind, getattr(row, field)))


def _number_index() -> factory.LazyAttribute:
    return factory.LazyAttribute(lambda row: identity.number_index(row.id_number, row.id_kind))


# --- schools


class TownFactory(DjangoModelFactory):
    class Meta:
        model = Town
        django_get_or_create = ("code",)

    code = "990101100000"
    name = factory.LazyAttribute(lambda town: "城关镇" if town.code.endswith("100000") else f"第{town.code[6:9]}乡")


class StageFactory(DjangoModelFactory):
    class Meta:
        model = Stage
        django_get_or_create = ("code",)

    code = "primary"
    name = factory.LazyAttribute(lambda stage: {"primary": "小学", "junior": "初中"}.get(stage.code, stage.code))
    is_compulsory = factory.LazyAttribute(lambda stage: stage.code in {"primary", "junior"})


class GradeFactory(DjangoModelFactory):
    class Meta:
        model = Grade
        django_get_or_create = ("stage", "name")

    stage = factory.SubFactory(StageFactory)
    name = "三年级"
    position = 3
    youngest = 7
    oldest = 11


class SchoolKindFactory(DjangoModelFactory):
    class Meta:
        model = SchoolKind
        django_get_or_create = ("code",)
        skip_postgeneration_save = True

    code = "primary"
    name = factory.LazyAttribute(lambda kind: {"primary": "完全小学"}.get(kind.code, kind.code))

    @factory.post_generation
    def stages(self, create, extracted, **kwargs):
        if create and extracted:
            self.stages.add(*extracted)


class SchoolFactory(DjangoModelFactory):
    class Meta:
        model = School
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"39{n:08d}")
    name = factory.LazyAttribute(lambda school: f"第{int(school.code[2:])}小学")
    town = factory.SubFactory(TownFactory)
    kind = factory.SubFactory(SchoolKindFactory)
    is_county_town = factory.SelfAttribute("town.is_county_town")
    has_boarding = True
    account_holder = factory.SelfAttribute("name")
    account_bank = "示范县农村商业银行"
    account_number = factory.Sequence(lambda n: card_number(900_000 + n))


class TermFactory(DjangoModelFactory):
    class Meta:
        model = Term
        django_get_or_create = ("code",)

    code = "2021A"
    starts_on = factory.LazyAttribute(
        lambda term: date(int(term.code[:4]), 9, 1) if term.code[4] == "A" else date(int(term.code[:4]), 3, 1)
    )
    ends_on = factory.LazyAttribute(
        lambda term: date(int(term.code[:4]) + 1, 1, 20) if term.code[4] == "A" else date(int(term.code[:4]), 7, 10)
    )
    roster_due_on = factory.LazyAttribute(lambda term: term.starts_on + timedelta(days=30))


# --- accounts


class UserFactory(DjangoModelFactory):
    """A county preparer, or `approver=True`, `officer=True`, `auditor=True`, `admin=True`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        approver = factory.Trait(role=Role.APPROVER)
        auditor = factory.Trait(role=Role.AUDITOR)
        admin = factory.Trait(role=Role.ADMIN)
        officer = factory.Trait(role=Role.SCHOOL)
        principal = factory.Trait(role=Role.SCHOOL, is_principal=True)

    username = factory.Sequence(lambda n: f"user{n}")
    name = factory.Sequence(lambda n: f"经办{n}")
    role = Role.PREPARER
    school = factory.Maybe(
        factory.LazyAttribute(lambda user: user.role == Role.SCHOOL), factory.SubFactory(SchoolFactory), None
    )
    password = factory.django.Password(PASSWORD)


class AllowanceFactory(DjangoModelFactory):
    class Meta:
        model = Allowance

    mark = factory.Sequence(lambda n: f"{n:032x}")
    ends_at = NOW


class ActionFactory(DjangoModelFactory):
    class Meta:
        model = Action

    actor = factory.SubFactory(UserFactory)
    verb = "batch.approved"
    target_type = "disbursements.batch"
    target_id = factory.Sequence(str)
    target_label = "2021A-001"
    at = NOW


# --- jobs


class StoredFileFactory(DjangoModelFactory):
    """The row of a stored file; its bytes are not on disk (use jobs.files.store where they are read)."""

    class Meta:
        model = StoredFile

    kind = FileKind.ROSTER
    name = factory.Sequence(lambda n: f"花名册{n}.xlsx")
    sha256 = factory.Sequence(lambda n: hashlib.sha256(str(n).encode()).hexdigest())
    size = 1024
    stored_by = factory.SubFactory(UserFactory)
    stored_at = NOW


class JobFactory(DjangoModelFactory):
    class Meta:
        model = Job

    class Params:
        done = factory.Trait(state=JobState.DONE, finished_at=NOW)
        failed = factory.Trait(state=JobState.FAILED, error_code="no-progress", finished_at=NOW)

    kind = "roster-check"
    key = factory.Sequence(lambda n: f"test-{n}")
    started_by = factory.SubFactory(UserFactory)
    created_at = NOW


# --- students


class StudentFactory(DjangoModelFactory):
    class Meta:
        model = Student

    class Params:
        number = factory.Sequence(int)

    name = factory.LazyAttribute(lambda student: f"张{chr(0x4E00 + student.number % 2000)}")
    name_key = factory.LazyAttribute(lambda student: names.key(student.name))
    sex = Sex.MALE
    born_on = factory.LazyAttribute(lambda student: date(2012, 1, 1) + timedelta(days=student.number // 500))
    id_number = factory.LazyAttribute(lambda s: resident_id(s.number, born_on=s.born_on, sex=s.sex))
    id_kind = factory.LazyAttribute(lambda student: resident_ids.kind(student.id_number))
    id_number_index = _number_index()
    key = factory.LazyAttribute(
        lambda student: identity.student_key(
            number=student.id_number,
            kind=student.id_kind,
            school_code=f"before-{student.number}",
            name_key=student.name_key,
            born_on=student.born_on,
        )
    )
    guardian_name = factory.LazyAttribute(lambda student: f"{student.name[0]}建国")
    guardian_phone = factory.LazyAttribute(lambda student: f"1990000{student.number % 10_000:04d}")
    guardian_phone_index = _index("guardian_phone", "phone")
    town_name = "城关镇"
    village = "东关村"


class CardFactory(DjangoModelFactory):
    class Meta:
        model = Card
        django_get_or_create = ("student", "is_current")

    student = factory.SubFactory(StudentFactory)
    number = factory.Sequence(card_number)
    number_index = _index("number", "card")
    holder = factory.LazyAttribute(lambda card: card.student.name)
    relation = "本人"
    bank = "示范县农村商业银行"
    since = date(2021, 9, 1)
    is_current = True


class CountyFileFactory(DjangoModelFactory):
    """A checked county-wide workbook; give its schools with `RosterFactory(county_file=…, checked=True)`."""

    class Meta:
        model = CountyFile

    term = factory.SubFactory(TermFactory)
    file = factory.SubFactory(StoredFileFactory)
    state = CountyFileState.CHECKED
    uploaded_by = factory.SubFactory(UserFactory)
    uploaded_at = NOW
    rows_read = 2


class RosterFactory(DjangoModelFactory):
    """A roster in force, or `uploaded=True`, `checked=True`."""

    class Meta:
        model = Roster
        django_get_or_create = ("school", "term", "version")

    class Params:
        uploaded = factory.Trait(state=RosterState.UPLOADED, committed_by=None, committed_at=None)
        checked = factory.Trait(
            state=RosterState.CHECKED, committed_by=None, committed_at=None, rows_read=2, rows_good=2, came=2
        )

    school = factory.SubFactory(SchoolFactory)
    term = factory.SubFactory(TermFactory)
    version = 1
    file = factory.SubFactory(StoredFileFactory, school=factory.SelfAttribute("..school"))
    state = RosterState.IN_FORCE
    uploaded_by = factory.SubFactory(UserFactory, officer=True, school=factory.SelfAttribute("..school"))
    uploaded_at = NOW
    committed_by = factory.SelfAttribute("uploaded_by")
    committed_at = NOW


class RosterIssueFactory(DjangoModelFactory):
    class Meta:
        model = RosterIssue

    roster = factory.SubFactory(RosterFactory, checked=True)
    row = factory.Sequence(lambda n: n + 2)
    column = 3
    field = "id_number"
    code = "id-wrong"
    severity = "doubt"


class RosterCorrectionFactory(DjangoModelFactory):
    class Meta:
        model = RosterCorrection

    roster = factory.SubFactory(RosterFactory, checked=True)
    row = factory.Sequence(lambda n: n + 2)
    field = "grade"
    value = "三年级"
    made_by = factory.SubFactory(UserFactory)
    made_at = NOW


class SchoolTermFactory(DjangoModelFactory):
    class Meta:
        model = SchoolTerm
        django_get_or_create = ("school", "term")

    school = factory.SubFactory(SchoolFactory)
    term = factory.SubFactory(TermFactory)


class RosterHeadingFactory(DjangoModelFactory):
    """A heading that a school mapped for its own files."""

    class Meta:
        model = RosterHeading

    field = "name"
    text = factory.Sequence(lambda n: f"孩子的名字{n}")
    school = factory.SubFactory(SchoolFactory)


class EnrollmentFactory(DjangoModelFactory):
    class Meta:
        model = Enrollment

    student = factory.SubFactory(StudentFactory)
    term = factory.SubFactory(TermFactory)
    school = factory.SubFactory(SchoolFactory)
    stage = factory.SubFactory(StageFactory)
    grade = "三年级"
    class_name = "1班"
    is_boarding = True
    is_rural = True
    roster = factory.SubFactory(
        RosterFactory, school=factory.SelfAttribute("..school"), term=factory.SelfAttribute("..term")
    )
    row = factory.Sequence(lambda n: n + 2)


class HardshipCategoryFactory(DjangoModelFactory):
    class Meta:
        model = HardshipCategory
        django_get_or_create = ("code",)

    code = "registered-poor"
    name = factory.LazyAttribute(
        lambda category: {"registered-poor": "建档立卡贫困户"}.get(category.code, f"困难类型 {category.code}")
    )
    group = factory.LazyAttribute(
        lambda category: category.code if category.code in CategoryGroup.values else CategoryGroup.OTHER
    )
    priority = factory.Sequence(lambda n: n + 1000)


class CategoryLabelFactory(DjangoModelFactory):
    class Meta:
        model = CategoryLabel
        django_get_or_create = ("label",)

    category = factory.SubFactory(HardshipCategoryFactory)
    label = "建档立卡贫困户"


class RegisterSourceFactory(DjangoModelFactory):
    class Meta:
        model = RegisterSource
        django_get_or_create = ("code",)

    code = "registered-poor"
    name = factory.LazyAttribute(lambda source: f"名单 {source.code}")
    office = "县扶贫办"
    category = factory.SubFactory(HardshipCategoryFactory)


class RegisterSnapshotFactory(DjangoModelFactory):
    class Meta:
        model = RegisterSnapshot

    source = factory.SubFactory(RegisterSourceFactory)
    as_of = date(2021, 9, 10)
    file = factory.SubFactory(StoredFileFactory, kind=FileKind.REGISTER)
    state = SnapshotState.FROZEN
    uploaded_by = factory.SubFactory(UserFactory)
    uploaded_at = NOW


class RegisterPersonFactory(DjangoModelFactory):
    class Meta:
        model = RegisterPerson

    class Params:
        number = factory.Sequence(int)

    snapshot = factory.SubFactory(RegisterSnapshotFactory)
    row = factory.Sequence(lambda n: n + 3)
    household_no = factory.LazyAttribute(lambda person: f"H{person.number:06d}")
    relation = "之子"
    head_name = "张建国"
    name = factory.LazyAttribute(lambda person: f"张{chr(0x4E00 + person.number % 2000)}")
    name_key = factory.LazyAttribute(lambda person: names.key(person.name))
    sex = Sex.MALE
    born_on = factory.LazyAttribute(lambda person: date(2012, 1, 1) + timedelta(days=person.number // 500))
    id_number = factory.LazyAttribute(lambda p: resident_id(p.number, born_on=p.born_on, sex=p.sex))
    id_kind = factory.LazyAttribute(lambda person: resident_ids.kind(person.id_number))
    id_number_index = _number_index()
    key = factory.LazyAttribute(
        lambda person: identity.person_key(
            source=person.snapshot.source_id,
            household_no=person.household_no,
            number=person.id_number,
            name_key=person.name_key,
        )
    )
    town_name = "城关镇"
    village = "东关村"
    category = factory.SelfAttribute("snapshot.source.category")
    label = factory.SelfAttribute("category.name")


def compare(snapshot: RegisterSnapshot) -> None:
    """Let a list be compared with an earlier one of its source, which is made where there is none."""
    if snapshot.compared_with is None:
        snapshot.compared_with = RegisterSnapshotFactory(
            source=snapshot.source, as_of=snapshot.as_of - timedelta(days=90)
        )
    for name, value in register_changes.counts(snapshot).items():
        setattr(snapshot, name, value)
    snapshot.save()


class RegisterLineFactory(DjangoModelFactory):
    class Meta:
        model = RegisterLine

    snapshot = factory.SubFactory(RegisterSnapshotFactory)
    row = factory.Sequence(lambda n: n + 3)
    code = "no-name"


class CrosscheckFactory(DjangoModelFactory):
    class Meta:
        model = Crosscheck
        django_get_or_create = ("term", "state")
        skip_postgeneration_save = True

    term = factory.SubFactory(TermFactory)
    state = CrosscheckState.DONE
    made_by = factory.SubFactory(UserFactory)
    made_at = NOW

    @factory.post_generation
    def snapshots(self, create, extracted, **kwargs):
        if create and extracted:
            self.snapshots.add(*extracted)


class MatchFactory(DjangoModelFactory):
    """A sure match, or `suspected=True`, `confirmed=True`, `rejected=True`."""

    class Meta:
        model = Match
        skip_postgeneration_save = True

    class Params:
        suspected = factory.Trait(state=MatchState.SUSPECTED, tier="one-digit", score=82)
        confirmed = factory.Trait(
            state=MatchState.CONFIRMED, decided_by=factory.SubFactory(UserFactory), decided_at=NOW
        )
        rejected = factory.Trait(state=MatchState.REJECTED, decided_by=factory.SubFactory(UserFactory), decided_at=NOW)

    enrollment = factory.SubFactory(EnrollmentFactory)
    crosscheck = factory.SubFactory(CrosscheckFactory, term=factory.SelfAttribute("..enrollment.term"))
    person = factory.SubFactory(
        RegisterPersonFactory,
        name=factory.SelfAttribute("..enrollment.student.name"),
        id_number=factory.SelfAttribute("..enrollment.student.id_number"),
        born_on=factory.SelfAttribute("..enrollment.student.born_on"),
    )
    tier = "id"
    state = MatchState.SURE
    score = 100

    @factory.post_generation
    def on_the_list(self, create, extracted, **kwargs):
        """A run names the lists it compared; a match belongs to one of them."""
        if create:
            self.crosscheck.snapshots.add(self.person.snapshot)


class MatchDecisionFactory(DjangoModelFactory):
    class Meta:
        model = MatchDecision

    student_key = factory.Sequence(lambda n: f"{n:032x}")
    person_key = factory.Sequence(lambda n: f"{n:032x}")
    is_same = True
    decided_by = factory.SubFactory(UserFactory)
    decided_at = NOW


class HardshipFactory(DjangoModelFactory):
    class Meta:
        model = Hardship

    match = factory.SubFactory(MatchFactory)
    student = factory.SelfAttribute("match.enrollment.student")
    category = factory.SelfAttribute("match.person.category")
    label = factory.SelfAttribute("match.person.label")
    snapshot = factory.SelfAttribute("match.person.snapshot")
    term = factory.SelfAttribute("match.enrollment.term")
    from_on = factory.SelfAttribute("term.starts_on")
    known_on = factory.SelfAttribute("from_on")


class SchoolQuestionFactory(DjangoModelFactory):
    class Meta:
        model = SchoolQuestion

    class Params:
        match = factory.SubFactory("tests.factories.MatchFactory")

    term = factory.SelfAttribute("match.enrollment.term")
    school = factory.SelfAttribute("match.enrollment.school")
    student = factory.SelfAttribute("match.enrollment.student")
    person = factory.SelfAttribute("match.person")
    student_key = factory.SelfAttribute("student.key")
    person_key = factory.SelfAttribute("person.key")
    asked_by = factory.SubFactory(UserFactory)
    asked_at = NOW
    due_on = date(2021, 9, 20)


class TierSampleFactory(DjangoModelFactory):
    class Meta:
        model = TierSample

    crosscheck = factory.SubFactory(CrosscheckFactory)
    tier = "id-one-off"
    seed = "3f9a"
    population = 20
    drawn_by = factory.SubFactory(UserFactory)
    drawn_at = NOW


class TierSampleLineFactory(DjangoModelFactory):
    class Meta:
        model = TierSampleLine

    sample = factory.SubFactory(TierSampleFactory)
    match = factory.SubFactory(MatchFactory, crosscheck=factory.SelfAttribute("..sample.crosscheck"))


class AbsenceFactory(DjangoModelFactory):
    class Meta:
        model = Absence

    term = factory.SubFactory(TermFactory)
    person = factory.SubFactory(RegisterPersonFactory)
    key = factory.SelfAttribute("person.key")
    found_at = NOW


class AbsenceStepFactory(DjangoModelFactory):
    class Meta:
        model = AbsenceStep

    absence = factory.SubFactory(AbsenceFactory)
    words = "电话联系，无人接听。"
    by = factory.SubFactory(UserFactory)
    at = NOW


class OutsideLetterFactory(DjangoModelFactory):
    class Meta:
        model = OutsideLetter

    absence = factory.SubFactory(AbsenceFactory)
    number = factory.Sequence(lambda n: f"〔2021〕{n + 1:04d}号")
    school_name = "外县第一小学"
    school_place = "外省外县"
    made_by = factory.SubFactory(UserFactory)
    made_at = NOW


# --- programs


class PolicyDocumentFactory(DjangoModelFactory):
    class Meta:
        model = PolicyDocument
        django_get_or_create = ("number",)

    number = "示教〔2019〕1号"
    title = "关于家庭经济困难学生资助标准的通知"
    issued_on = date(2019, 8, 1)
    added_by = factory.SubFactory(UserFactory)
    added_at = NOW


class ProgramFactory(DjangoModelFactory):
    class Meta:
        model = Program
        django_get_or_create = ("code",)
        skip_postgeneration_save = True

    code = "boarder-living"
    name = factory.LazyAttribute(
        lambda program: {"boarder-living": "义务教育寄宿生生活补助"}.get(program.code, f"项目 {program.code}")
    )
    short_name = factory.LazyAttribute(lambda program: program.name[:20])
    kind = ProgramKind.MONEY
    payee = Payee.GUARDIAN

    @factory.post_generation
    def stages(self, create, extracted, **kwargs):
        if create and extracted:
            self.stages.add(*extracted)


class StandardFactory(DjangoModelFactory):
    """By default 500 yuan for a term, the boarder's half of a thousand a year."""

    class Meta:
        model = Standard
        django_get_or_create = ("program", "tier", "valid_from")

    program = factory.SubFactory(ProgramFactory)
    tier = ""
    amount_fen = 50_000
    valid_from = date(2019, 9, 1)
    document_no = "示教〔2019〕1号"


class RuleFactory(DjangoModelFactory):
    class Meta:
        model = Rule
        django_get_or_create = ("program", "position")

    program = factory.SubFactory(ProgramFactory)
    position = 1
    description = "家庭经济困难的寄宿生"
    valid_from = date(2019, 9, 1)
    document_no = "示教〔2019〕1号"


class ShareFactory(DjangoModelFactory):
    class Meta:
        model = Share
        django_get_or_create = ("program", "payer", "valid_from")

    program = factory.SubFactory(ProgramFactory)
    payer = Payer.COUNTY
    per_mille = 1000
    valid_from = date(2019, 9, 1)
    document_no = "示财〔2019〕1号"


class ExclusionFactory(DjangoModelFactory):
    class Meta:
        model = Exclusion
        django_get_or_create = ("program", "other")

    program = factory.SubFactory(ProgramFactory)
    other = factory.SubFactory(ProgramFactory, code="day-pupil-living")
    severity = "block"


class TermProgramFactory(DjangoModelFactory):
    class Meta:
        model = TermProgram
        django_get_or_create = ("term", "program")

    term = factory.SubFactory(TermFactory)
    program = factory.SubFactory(ProgramFactory)


class SchoolCapFactory(DjangoModelFactory):
    """A school's room in a program that the term carries out."""

    class Meta:
        model = SchoolCap
        skip_postgeneration_save = True

    school = factory.SubFactory(SchoolFactory)
    program = factory.SubFactory(ProgramFactory)
    term = factory.SubFactory(TermFactory)
    people = 30

    @factory.post_generation
    def is_carried_out(self, create, extracted, **kwargs):
        TermProgramFactory(program=self.program, term=self.term)


class SchoolFeeFactory(DjangoModelFactory):
    class Meta:
        model = SchoolFee

    school = factory.SubFactory(SchoolFactory)
    program = factory.SubFactory(ProgramFactory, code="senior-waiver", kind=ProgramKind.WAIVER, payee=Payee.SCHOOL)
    amount_fen = 40_000
    valid_from = date(2019, 9, 1)
    document_no = "示发改〔2019〕1号"


class TrialFactory(DjangoModelFactory):
    class Meta:
        model = Trial

    term = factory.SubFactory(TermFactory)
    title = factory.Sequence(lambda n: f"第{n + 1}次测算")
    made_by = factory.SubFactory(UserFactory)
    made_at = NOW


class RecognitionListFactory(DjangoModelFactory):
    class Meta:
        model = RecognitionList
        django_get_or_create = ("school", "term", "state")

    school = factory.SubFactory(SchoolFactory)
    term = factory.SubFactory(TermFactory)
    file = factory.SubFactory(StoredFileFactory, kind=FileKind.RECOGNITION, school=factory.SelfAttribute("..school"))
    state = "in_force"
    uploaded_by = factory.SubFactory(UserFactory)
    uploaded_at = NOW
    in_force_at = factory.LazyAttribute(
        lambda made: made.uploaded_at if made.state in ("in_force", "superseded") else None
    )


class RecognitionFactory(DjangoModelFactory):
    class Meta:
        model = Recognition

    list = factory.SubFactory(RecognitionListFactory)
    student = factory.SubFactory(StudentFactory)
    term = factory.SelfAttribute("list.term")
    level = Level.HARD
    row = factory.Sequence(lambda n: n + 2)


class RecognitionRoundFactory(DjangoModelFactory):
    """A round that takes applications, or `reviewed=True`, `published=True`."""

    class Meta:
        model = RecognitionRound
        django_get_or_create = ("school", "term", "kind")

    class Params:
        reviewed = factory.Trait(state="reviewed")
        published = factory.Trait(
            state="published",
            public_from=NOW.date(),
            public_to=workdays.last_day(NOW.date(), 5),
            public_days=5,
        )

    school = factory.SubFactory(SchoolFactory)
    term = factory.SubFactory(TermFactory)
    kind = "yearly"
    told_on = date(2021, 10, 8)
    told_how = "家长会"
    begun_by = factory.SubFactory(UserFactory)
    begun_at = NOW
    reviewed_by = factory.SubFactory(UserFactory)
    reviewed_at = NOW


class PanelMeetingFactory(DjangoModelFactory):
    class Meta:
        model = PanelMeeting

    round = factory.SubFactory(RecognitionRoundFactory)
    held_on = NOW.date()
    present = factory.LazyFunction(lambda: [{"name": f"组员{n}", "duty": "班主任"} for n in range(1, 6)])
    minutes = "逐一评议，表决通过。"
    noted_by = factory.SubFactory(UserFactory)
    noted_at = NOW


class ApplicationFactory(DjangoModelFactory):
    """A signed application, or `decided=True`."""

    class Meta:
        model = Application

    class Params:
        decided = factory.Trait(state="decided", class_level=Level.HARD, level=Level.HARD, votes_for=5, votes_against=0)

    enrollment = factory.SubFactory("tests.factories.EnrollmentFactory")
    student = factory.SelfAttribute("enrollment.student")
    round = factory.SubFactory(
        RecognitionRoundFactory,
        school=factory.SelfAttribute("..enrollment.school"),
        term=factory.SelfAttribute("..enrollment.term"),
    )
    state = "applied"
    applied_on = NOW.date()
    promise_signed = True
    entered_by = factory.SubFactory(UserFactory)
    entered_at = NOW


class AttachmentFactory(DjangoModelFactory):
    class Meta:
        model = Attachment

    application = factory.SubFactory(ApplicationFactory)
    title = "住院费用清单"
    file = factory.SubFactory(StoredFileFactory, kind=FileKind.ATTACHMENT)
    added_by = factory.SubFactory(UserFactory)
    added_at = NOW


class RecheckDrawFactory(DjangoModelFactory):
    class Meta:
        model = RecheckDraw

    term = factory.SubFactory(TermFactory)
    seed = "0123456789abcdef"
    percent = 10
    population = 10
    population_digest = "0" * 64
    drawn_by = factory.SubFactory(UserFactory)
    drawn_at = NOW


class RecheckFactory(DjangoModelFactory):
    class Meta:
        model = Recheck

    draw = factory.SubFactory(RecheckDrawFactory)
    recognition = factory.SubFactory(RecognitionFactory)
    school = factory.SelfAttribute("recognition.list.school")


class AwardListFactory(DjangoModelFactory):
    """A draft, or `school_approved=True`, `published=True`, `closed=True`, `confirmed=True`."""

    class Meta:
        model = AwardList
        django_get_or_create = ("school", "term", "number")

    class Params:
        signed_by_school = factory.Trait(
            school_approved_by=factory.SubFactory(UserFactory, officer=True, school=factory.SelfAttribute("..school")),
            school_approved_at=NOW,
        )
        school_approved = factory.Trait(state=ListState.SCHOOL_APPROVED, signed_by_school=True)
        published = factory.Trait(state=ListState.PUBLISHED, signed_by_school=True)
        closed = factory.Trait(state=ListState.CLOSED, signed_by_school=True)
        confirmed = factory.Trait(
            state=ListState.CONFIRMED,
            signed_by_school=True,
            confirmed_by=factory.SubFactory(UserFactory, approver=True),
            confirmed_at=NOW,
        )

    school = factory.SubFactory(SchoolFactory)
    term = factory.SubFactory(TermFactory)
    number = 1
    prepared_by = factory.SubFactory(UserFactory)
    prepared_at = NOW


class AwardFactory(DjangoModelFactory):
    """A proposed award on a draft list, or `confirmed=True`, `dropped=True`."""

    class Meta:
        model = Award

    class Params:
        confirmed = factory.Trait(state=AwardState.CONFIRMED, list__confirmed=True)
        dropped = factory.Trait(state=AwardState.DROPPED, dropped_reason="已转学")

    enrollment = factory.SubFactory(EnrollmentFactory)
    student = factory.SelfAttribute("enrollment.student")
    term = factory.SelfAttribute("enrollment.term")
    school = factory.SelfAttribute("enrollment.school")
    stage = factory.SelfAttribute("enrollment.stage")
    grade = factory.SelfAttribute("enrollment.grade")
    class_name = factory.SelfAttribute("enrollment.class_name")
    is_boarding = factory.SelfAttribute("enrollment.is_boarding")
    program = factory.SubFactory(ProgramFactory)
    list = factory.SubFactory(
        AwardListFactory, school=factory.SelfAttribute("..school"), term=factory.SelfAttribute("..term")
    )
    is_registered_poor = False
    rule = factory.SubFactory(RuleFactory, program=factory.SelfAttribute("..program"))
    standard = factory.SubFactory(StandardFactory, program=factory.SelfAttribute("..program"))
    amount_fen = factory.SelfAttribute("standard.amount_fen")


class NominationFactory(DjangoModelFactory):
    """A child of a school put forward for a program that the term carries out."""

    class Meta:
        model = Nomination
        exclude = ("enrollment",)
        skip_postgeneration_save = True

    enrollment = factory.SubFactory(EnrollmentFactory)
    student = factory.SelfAttribute("enrollment.student")
    term = factory.SelfAttribute("enrollment.term")
    school = factory.SelfAttribute("enrollment.school")
    program = factory.SubFactory(ProgramFactory, code="school-award", name="校内奖励", way="school")
    set_by = factory.SubFactory(UserFactory, officer=True, school=factory.SelfAttribute("..school"))
    set_at = NOW

    @factory.post_generation
    def is_carried_out(self, create, extracted, **kwargs):
        self.program.stages.add(*Stage.objects.filter(pk__in=self.student.enrollments.values("stage")))
        TermProgramFactory(program=self.program, term=self.term)


class NoticeFactory(DjangoModelFactory):
    class Meta:
        model = Notice

    class Params:
        down = factory.Trait(
            state=NoticeState.DOWN, result="公示期内未收到异议。", taken_down_at=NOW + timedelta(days=7)
        )

    list = factory.SubFactory(AwardListFactory, published=True)
    token = factory.Sequence(lambda n: hashlib.sha256(f"notice {n}".encode()).hexdigest()[:32])
    starts_on = NOW.date()
    working_days = 5
    ends_on = factory.LazyAttribute(lambda notice: workdays.last_day(notice.starts_on, notice.working_days))
    put_up_by = factory.SubFactory(UserFactory)
    put_up_at = NOW


class NoticePhotoFactory(DjangoModelFactory):
    class Meta:
        model = NoticePhoto

    notice = factory.SubFactory(NoticeFactory)
    file = factory.LazyAttributeSequence(
        lambda photo, n: files.store(
            b"\xff\xd8\xff\xe0" + f"photo {n}".encode(),
            name=f"公示栏{n}.jpg",
            kind=FileKind.PHOTO,
            by=photo.kept_by,
            at=NOW,
            school=photo.notice.list.school,
        )
    )
    taken_on = factory.SelfAttribute("notice.starts_on")
    kept_by = factory.SubFactory(UserFactory)
    kept_at = NOW


class ObjectionFactory(DjangoModelFactory):
    """One that an officer took in, or `by_page=True`: it waits for somebody's look."""

    class Meta:
        model = Objection

    class Params:
        by_page = factory.Trait(channel=Channel.PAGE, received_by=None)

    award = factory.SubFactory(AwardFactory, list__published=True)
    notice = factory.SubFactory(NoticeFactory, list=factory.SelfAttribute("..award.list"))
    words = "该生家庭在县城有商品房两套。"
    received_by = factory.SubFactory(UserFactory)
    received_at = NOW
    due_on = factory.LazyAttribute(lambda objection: objections.due_on(objection.received_at.date()))


class ObjectionStepFactory(DjangoModelFactory):
    class Meta:
        model = ObjectionStep

    objection = factory.SubFactory(ObjectionFactory)
    words = "到户走访，房产为其祖父所有。"
    by = factory.SubFactory(UserFactory)
    at = NOW


class GapAnswerFactory(DjangoModelFactory):
    """An answer that waits, or `accepted=True`, `sent_back=True`."""

    class Meta:
        model = GapAnswer

    class Params:
        enrollment = factory.SubFactory("tests.factories.EnrollmentFactory")
        accepted = factory.Trait(
            state=GapAnswerState.ACCEPTED, decided_by=factory.SubFactory(UserFactory), decided_at=NOW
        )
        sent_back = factory.Trait(
            state=GapAnswerState.SENT_BACK,
            sent_back_words="请补交家长签字的放弃声明。",
            decided_by=factory.SubFactory(UserFactory),
            decided_at=NOW,
        )

    student = factory.SelfAttribute("enrollment.student")
    term = factory.SelfAttribute("enrollment.term")
    school = factory.SelfAttribute("enrollment.school")
    program = factory.SubFactory(ProgramFactory)
    reason = GapReason.DECLINED
    answered_by = factory.SubFactory(UserFactory, officer=True, school=factory.SelfAttribute("..school"))
    answered_at = NOW


# --- disbursements


class BankFactory(DjangoModelFactory):
    class Meta:
        model = Bank

    code = factory.Sequence(lambda n: f"bank-{n}")
    name = factory.Sequence(lambda n: f"第{n}银行")


class BankTemplateFactory(DjangoModelFactory):
    class Meta:
        model = BankTemplate

    bank = factory.SubFactory(BankFactory)
    columns = [
        {"heading": "序号", "field": "line"},
        {"heading": "户名", "field": "holder"},
        {"heading": "账号", "field": "number"},
        {"heading": "金额", "field": "yuan"},
    ]
    made_at = NOW


class BatchFactory(DjangoModelFactory):
    """A draft, or `approved=True`, `sent=True`, `settled=True`; `with_payments=True` (three) or a number."""

    class Meta:
        model = Batch
        skip_postgeneration_save = True

    class Params:
        signed = factory.Trait(approved_by=factory.SubFactory(UserFactory, approver=True), approved_at=NOW)
        filed = factory.Trait(
            signed=True, bank_file=factory.SubFactory(StoredFileFactory, kind=FileKind.BANK), sent_at=NOW
        )
        approved = factory.Trait(state=BatchState.APPROVED, signed=True)
        cash = factory.Trait(way=Way.CASH, cash_reason="当地没有银行网点")
        sent = factory.Trait(state=BatchState.SENT, filed=True)
        settled = factory.Trait(state=BatchState.SETTLED, filed=True, settled_at=NOW)

    term = factory.SubFactory(TermFactory)
    program = factory.SubFactory(ProgramFactory)
    number = factory.Sequence(lambda n: f"2021A-{n:04d}")
    prepared_by = factory.SubFactory(UserFactory)
    prepared_at = NOW

    @factory.post_generation
    def with_payments(self, create, extracted, **kwargs):
        if not create or not extracted:
            return
        how_many = 3 if extracted is True else extracted
        school = kwargs.pop("school", None) or SchoolFactory()
        state = {
            BatchState.SENT: PaymentState.SENT,
            BatchState.SETTLED: PaymentState.PAID,
        }.get(BatchState(self.state), PaymentState.PENDING)
        for line_no in range(1, how_many + 1):
            PaymentFactory(
                batch=self,
                award__enrollment__school=school,
                award__enrollment__term=self.term,
                award__program=self.program,
                line_no=line_no,
                state=state,
                paid_on=NOW.date() if state == PaymentState.PAID else None,
                **kwargs,
            )
        totals = self.payments.totals()
        self.people, self.amount_fen = totals["people"], totals["amount_fen"]
        self.planned_people, self.planned_fen = totals["people"], totals["amount_fen"]
        self.save(update_fields=["people", "amount_fen", "planned_people", "planned_fen"])


class ApprovalBandFactory(DjangoModelFactory):
    class Meta:
        model = ApprovalBand

    from_fen = 100_000_00
    valid_from = date(2021, 9, 1)


class PayDecisionFactory(DjangoModelFactory):
    class Meta:
        model = PayDecision

    award = factory.SubFactory(AwardFactory, confirmed=True, enrollment__state="left")
    is_to_pay = True
    words = "离校前已就读满一个月"
    decided_by = factory.SubFactory(UserFactory)
    decided_at = NOW


class PaymentFactory(DjangoModelFactory):
    """A pending payment, or `paid=True`, `failed=True`."""

    class Meta:
        model = Payment

    class Params:
        paid = factory.Trait(state=PaymentState.PAID, paid_on=NOW.date(), batch__settled=True)
        failed = factory.Trait(
            state=PaymentState.FAILED,
            failure=FailureReason.NO_SUCH_ACCOUNT,
            bank_words="账号不存在",
            batch__settled=True,
        )

    award = factory.SubFactory(AwardFactory, confirmed=True)
    batch = factory.SubFactory(
        BatchFactory, term=factory.SelfAttribute("..award.term"), program=factory.SelfAttribute("..award.program")
    )
    line_no = factory.Sequence(lambda n: n + 1)
    card = factory.SubFactory(CardFactory, student=factory.SelfAttribute("..award.student"))
    amount_fen = factory.SelfAttribute("award.amount_fen")


class ReturnFileFactory(DjangoModelFactory):
    class Meta:
        model = ReturnFile

    batch = factory.SubFactory(BatchFactory, sent=True)
    file = factory.SubFactory(StoredFileFactory, kind=FileKind.RETURN)
    sha256 = factory.SelfAttribute("file.sha256")
    uploaded_by = factory.SubFactory(UserFactory)
    uploaded_at = NOW


class ReturnLineFactory(DjangoModelFactory):
    class Meta:
        model = ReturnLine

    file = factory.SubFactory(ReturnFileFactory)
    row = factory.Sequence(lambda n: n + 2)
    line_no = factory.Sequence(lambda n: n + 1)
    amount_fen = 50_000
    outcome = "paid"


class BatchShareFactory(DjangoModelFactory):
    class Meta:
        model = BatchShare

    batch = factory.SubFactory(BatchFactory)
    payer = Payer.CENTRAL
    per_mille = 1000


class BatchAccountFactory(DjangoModelFactory):
    class Meta:
        model = BatchAccount

    batch = factory.SubFactory(BatchFactory)
    line_no = 1
    holder = "示范县第一小学"
    number = factory.Sequence(card_number)


class InquiryFactory(DjangoModelFactory):
    """What the bank said of a line that no file answered."""

    class Meta:
        model = Inquiry

    batch = factory.SubFactory(BatchFactory, sent=True)
    line_no = 1
    paid_on = NOW.date()
    words = "电话询问营业部，答复已入账"
    entered_by = factory.SubFactory(UserFactory)
    entered_at = NOW


class BounceFactory(DjangoModelFactory):
    class Meta:
        model = Bounce

    payment = factory.SubFactory(PaymentFactory, paid=True)
    bounced_on = date(2021, 12, 20)
    failure = FailureReason.CLOSED
    words = "久悬户"
    entered_by = factory.SubFactory(UserFactory)
    entered_at = NOW


class RecoveryFactory(DjangoModelFactory):
    """An open one, of an award that was paid."""

    class Meta:
        model = Recovery

    award = factory.SelfAttribute("payment.award")
    cause = RecoveryCause.LEFT
    due_fen = factory.SelfAttribute("award.amount_fen")
    words = "开学后转出外县。"
    opened_by = factory.SubFactory(UserFactory)
    opened_at = NOW

    class Params:
        payment = factory.SubFactory(PaymentFactory, paid=True)


class RecoveryReceiptFactory(DjangoModelFactory):
    class Meta:
        model = RecoveryReceipt

    recovery = factory.SubFactory(RecoveryFactory)
    amount_fen = 10_000
    received_on = date(2021, 12, 21)
    voucher = factory.Sequence(lambda n: f"收款{n}号")
    entered_by = factory.SubFactory(UserFactory)
    entered_at = NOW


class ReturnReasonFactory(DjangoModelFactory):
    class Meta:
        model = ReturnReason

    words = factory.Sequence(lambda n: f"第{n}种说法")
    reason = FailureReason.CLOSED


class QuotaFactory(DjangoModelFactory):
    class Meta:
        model = Quota

    document_no = factory.Sequence(lambda n: f"示财预〔2021〕{n + 1}号")
    issued_on = date(2021, 9, 15)
    program = factory.SubFactory(ProgramFactory)
    term = factory.SubFactory(TermFactory)
    payer = Payer.COUNTY
    amount_fen = 100_000_00
    entered_by = factory.SubFactory(UserFactory)
    entered_at = NOW


class ArrivalFactory(DjangoModelFactory):
    class Meta:
        model = Arrival

    quota = factory.SubFactory(QuotaFactory)
    amount_fen = factory.SelfAttribute("quota.amount_fen")
    arrived_on = date(2021, 9, 20)
    voucher = factory.Sequence(lambda n: f"收{n + 1}号")
    entered_by = factory.SubFactory(UserFactory)
    entered_at = NOW


class LedgerEntryFactory(DjangoModelFactory):
    class Meta:
        model = LedgerEntry

    quota = factory.SubFactory(QuotaFactory)
    program = factory.SelfAttribute("quota.program")
    term = factory.SelfAttribute("quota.term")
    payer = factory.SelfAttribute("quota.payer")
    kind = EntryKind.ARRIVED
    amount_fen = factory.SelfAttribute("quota.amount_fen")
    entered_by = factory.SubFactory(UserFactory)
    entered_at = NOW


# --- audits: questions


class AuditQuestionFactory(DjangoModelFactory):
    """One that waits for the answer of a school, or `answered=True`, `closed=True`, `to_county=True`."""

    class Meta:
        model = Question

    class Params:
        answered = factory.Trait(state=QuestionState.ANSWERED)
        closed = factory.Trait(state=QuestionState.CLOSED, closed_at=NOW + timedelta(days=9))
        to_county = factory.Trait(school=None)

    term = factory.SubFactory(TermFactory)
    school = factory.SubFactory(SchoolFactory)
    title = factory.Sequence(lambda n: f"名单与公示照片不一致 {n}")
    due_on = NOW.date() + timedelta(days=7)
    asked_by = factory.SubFactory(UserFactory, auditor=True)
    asked_at = NOW


class LogSealFactory(DjangoModelFactory):
    """A seal as a row; audits.seals makes those that can be checked."""

    class Meta:
        model = LogSeal

    number = factory.Sequence(lambda n: n + 1)
    after_id = factory.LazyAttribute(lambda seal: (seal.number - 1) * 10)
    upto_id = factory.LazyAttribute(lambda seal: seal.number * 10)
    count = 10
    since = NOW
    until = NOW
    digest = factory.Sequence(lambda n: f"{n:032x}")
    made_at = NOW


class AuditQuestionEntryFactory(DjangoModelFactory):
    class Meta:
        model = QuestionEntry

    question = factory.SubFactory(AuditQuestionFactory)
    kind = QuestionStep.ASKED
    words = "请说明照片里的人数为什么比名单少。"
    by = factory.SelfAttribute("question.asked_by")
    at = NOW


class AuditQuestionFileFactory(DjangoModelFactory):
    class Meta:
        model = QuestionFile

    entry = factory.SubFactory(AuditQuestionEntryFactory, kind=QuestionStep.ANSWERED)
    file = factory.SubFactory(
        StoredFileFactory, kind=FileKind.ANSWER, school=factory.SelfAttribute("..entry.question.school")
    )


# --- audits: samples


class FindingFactory(DjangoModelFactory):
    """A standing one of a confirmed award that is off its standard, or `gone=True`."""

    class Meta:
        model = Finding

    class Params:
        award = factory.SubFactory(AwardFactory, confirmed=True)
        gone = factory.Trait(gone_at=NOW)

    term = factory.SelfAttribute("award.term")
    rule = "off-standard"
    key = factory.Sequence(str)
    severity = "serious"
    severity_order = 1
    school = factory.SelfAttribute("award.school")
    student = factory.SelfAttribute("award.student")
    amount_fen = 10_000
    facts = factory.LazyAttribute(
        lambda finding: {"program": finding.award.program_id, "amount_fen": 60_000, "due_fen": 50_000}
    )
    first_found_at = NOW
    last_found_at = NOW


class FindingEvidenceFactory(DjangoModelFactory):
    class Meta:
        model = FindingEvidence

    class Params:
        award = factory.SubFactory(AwardFactory, confirmed=True)

    finding = factory.SubFactory(FindingFactory, award=factory.SelfAttribute("..award"))
    position = factory.Sequence(lambda n: n + 1)
    row_type = "programs.award"
    row_id = factory.LazyAttribute(lambda line: str(line.award.pk))
    facts = {"amount_fen": 60_000}


class FindingWordFactory(DjangoModelFactory):
    class Meta:
        model = FindingWord

    finding = factory.SubFactory(FindingFactory)
    state = "explained"
    words = "学校已补交收费批文。"
    by = factory.SubFactory(UserFactory)
    at = NOW


class AuditSampleFactory(DjangoModelFactory):
    """Drawn at equal chances from a frozen population of one award."""

    class Meta:
        model = Sample

    term = factory.SubFactory(TermFactory)
    title = factory.Sequence(lambda n: f"第{n + 1}次抽查")
    draw = "equal"
    seed = "0123456789abcdef"
    size = 1
    drawn_by = factory.SubFactory(UserFactory, auditor=True)
    drawn_at = NOW
    population = factory.LazyAttribute(
        lambda sample: files.store(
            drawing.written([drawing.Row(1, "4100000001", 50_000, 1)]),
            name="总体清单.csv",
            kind=FileKind.FROZEN,
            by=sample.drawn_by,
            at=NOW,
        )
    )
    population_count = 1
    population_fen = 50_000
    population_sha256 = factory.SelfAttribute("population.sha256")


class AuditSampleItemFactory(DjangoModelFactory):
    """One that waits, or `sound=True`, `faulty=True`, `to_mend=True`."""

    class Meta:
        model = SampleItem

    class Params:
        sound = factory.Trait(state="sound", checked_by=factory.SelfAttribute("sample.drawn_by"), checked_at=NOW)
        faulty = factory.Trait(
            state="faulty",
            checked_by=factory.SelfAttribute("sample.drawn_by"),
            checked_at=NOW,
            words="家访时家长称没有收到。",
        )
        to_mend = factory.Trait(faulty=True, follow_up="asked", follow_up_due_on=NOW.date() + timedelta(days=14))

    sample = factory.SubFactory(AuditSampleFactory)
    position = factory.Sequence(lambda n: n + 1)
    award = factory.SubFactory(AwardFactory, confirmed=True)


# --- reports


class HandedInFactory(DjangoModelFactory):
    """The first version of a table that counted nothing yet; another table for each."""

    class Meta:
        model = HandedIn

    layout = factory.Iterator(["programs", "stages", "categories", "schools", "payers"])
    scope = "2021A"
    version = factory.Sequence(lambda n: n + 1)
    definition = "统计口径：县级已审定的资助。"
    figures = factory.LazyAttribute(
        lambda report: {
            "head": "资助项目",
            "terms": [report.scope],
            "columns": [[report.scope, "all"], [report.scope, "registered-poor"]],
            "lines": [
                {"label": "合计", "words": {}, "is_part": False, "figures": [[0, 0, 0]] * 2, "allotted": {}},
            ],
        }
    )
    people = awards = amount_fen = 0
    rows = factory.LazyAttribute(
        lambda report: files.store(
            ",".join(Row._fields).encode() + b"\n", name="明细.csv", kind=FileKind.FROZEN, by=report.frozen_by, at=NOW
        )
    )
    rows_sha256 = factory.SelfAttribute("rows.sha256")
    workbook = factory.SubFactory(StoredFileFactory, kind=FileKind.EXPORT)
    why = "补充名单审定后重新统计"
    frozen_by = factory.SubFactory(UserFactory)
    frozen_at = NOW


class SummaryTextFactory(DjangoModelFactory):
    """What somebody wrote for a section of the year's summary."""

    class Meta:
        model = SummaryText

    year = 2021
    section = "honours"
    text = "我县被评为学生资助工作先进单位。"
    written_by = factory.SubFactory(UserFactory)
    written_at = NOW
