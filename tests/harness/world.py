"""One of everything, for a school of one's own or a foreign one: what the pages under test show."""

from dataclasses import dataclass

from django.utils import timezone

from accounts.models import Action, User
from audits.models import Finding, SampleItem
from audits.models import Question as AuditQuestion
from common import workdays
from disbursements.models import ApprovalBand, Arrival, Bank, Batch, Inquiry, Payment, Recovery
from jobs import files
from jobs.choices import FileKind
from jobs.models import Job, StoredFile
from programs import publicity
from programs.models import (
    Application,
    Award,
    AwardList,
    Exclusion,
    Nomination,
    Notice,
    NoticePhoto,
    Objection,
    PolicyDocument,
    Recheck,
    RecognitionList,
    RecognitionRound,
    Share,
    Trial,
)
from programs.publicity import PublicRow
from reports.models import HandedIn
from schools.models import School, Term
from students.models import (
    Absence,
    CountyFile,
    Crosscheck,
    Enrollment,
    Match,
    OutsideLetter,
    RegisterSnapshot,
    Roster,
    RosterHeading,
    SchoolQuestion,
    Student,
    TierSample,
    TierSampleLine,
)
from tests import factories as make


@dataclass
class World:
    """The rows of one school, and the county's that name it."""

    term: Term
    school: School
    account: User
    enrollment: Enrollment
    student: Student
    roster: Roster
    county_file: CountyFile
    heading: RosterHeading
    snapshot: RegisterSnapshot
    crosscheck: Crosscheck
    match: Match
    question: SchoolQuestion
    sample: TierSample
    sample_line: TierSampleLine
    absence: Absence
    letter: OutsideLetter
    recognition_list: RecognitionList
    round: RecognitionRound
    application: Application
    recheck: Recheck
    nomination: Nomination
    nomination_job: Job
    trial: Trial
    award_list: AwardList
    award: Award
    share: Share
    exclusion: Exclusion
    document: PolicyDocument
    notice: Notice
    line: PublicRow
    photo: NoticePhoto
    objection: Objection
    bank: Bank
    batch: Batch
    cash: Batch
    band: ApprovalBand
    payment: Payment
    paid: Payment
    recovery: Recovery
    inquiry: Inquiry
    arrival: Arrival
    job: Job
    file: StoredFile
    action: Action
    audit_question: AuditQuestion
    audit_item: SampleItem
    finding: Finding
    handed_in: HandedIn


def build(school: School | None = None) -> World:
    school = school or make.SchoolFactory()
    enrollment = make.EnrollmentFactory(school=school)
    match = make.MatchFactory(suspected=True, enrollment=enrollment)
    make.compare(match.person.snapshot)
    sample_line = make.TierSampleLineFactory(match=match, sample__crosscheck=match.crosscheck)
    letter = make.OutsideLetterFactory(absence__person__snapshot=match.person.snapshot)
    award = make.AwardFactory(enrollment=enrollment, list__published=True)
    make.TermProgramFactory(term=enrollment.term, program=award.program)
    nomination = make.NominationFactory(enrollment=enrollment)
    today = timezone.localdate()
    notice = make.NoticeFactory(list=award.list, starts_on=today, ends_on=workdays.last_day(today, 6), working_days=6)
    recognition_list = make.RecognitionListFactory(school=school)
    application = make.ApplicationFactory(enrollment=enrollment)
    batch = make.BatchFactory(sent=True)
    officer = make.UserFactory(officer=True, school=school)
    return World(
        term=enrollment.term,
        school=school,
        account=officer,
        enrollment=enrollment,
        student=enrollment.student,
        roster=make.RosterFactory(school=school, checked=True, version=2),
        heading=make.RosterHeadingFactory(school=school),
        county_file=make.CountyFileFactory(term=enrollment.term),
        snapshot=match.person.snapshot,
        crosscheck=match.crosscheck,
        match=match,
        question=make.SchoolQuestionFactory(match=match),
        sample=sample_line.sample,
        sample_line=sample_line,
        absence=letter.absence,
        letter=letter,
        recognition_list=recognition_list,
        round=application.round,
        application=application,
        recheck=make.RecheckFactory(recognition__list=recognition_list),
        trial=make.TrialFactory(term=enrollment.term),
        nomination=nomination,
        nomination_job=make.JobFactory(
            kind="nominations-read",
            school=school,
            term=enrollment.term,
            params={"program": nomination.program_id},
            result={"people": 1, "changed": 1, "unmatched": 0, "not_taken": []},
            started_by=officer,
            done=True,
        ),
        award_list=award.list,
        award=award,
        share=make.ShareFactory(),
        exclusion=make.ExclusionFactory(),
        document=make.PolicyDocumentFactory(),
        notice=notice,
        line=publicity.rows(notice, publicity.lines(notice, on=today))[0],
        photo=make.NoticePhotoFactory(notice=notice),
        objection=make.ObjectionFactory(award=award, notice=notice),
        bank=make.BankFactory(),
        batch=batch,
        cash=make.BatchFactory(
            cash=True, approved=True, with_payments=1, with_payments__school=school, with_payments__card=None
        ),
        band=make.ApprovalBandFactory(),
        payment=make.PaymentFactory(award=make.AwardFactory(enrollment__school=school), batch=batch, state="sent"),
        paid=make.PaymentFactory(paid=True),
        recovery=make.RecoveryFactory(),
        inquiry=make.InquiryFactory(),
        arrival=make.ArrivalFactory(),
        job=make.JobFactory(school=school, term=enrollment.term, started_by=officer, failed=True),
        file=files.store(
            f"content of {school.code}".encode(),
            name="资助明细.xlsx",
            kind=FileKind.EXPORT,
            by=officer,
            at=make.NOW,
            school=school,
        ),
        action=make.ActionFactory(actor=officer),
        audit_question=make.AuditQuestionFactory(school=school, term=enrollment.term),
        handed_in=make.HandedInFactory(),
        audit_item=make.AuditSampleItemFactory(award__enrollment__school=school, sample__term=enrollment.term),
        finding=make.FindingEvidenceFactory(award=award).finding,
    )
