"""What families hand in within a round of recognition, and what class and school find of each child.

A signed promise stands in the place of a village's stamp. The class proposes a level, the school's panel votes on it;
a family that is poor no longer is put forward by the school, in a round of changes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused, WrongState, move
from jobs import documents
from jobs.choices import FileKind
from jobs.documents import Brought
from programs import panels, recognitions, rounds
from programs.choices import APPLICATION_MOVES, ApplicationState, Level, RoundKind, RoundState
from programs.models import Application, Attachment, RecognitionRound
from programs.rounds import TooManyVotes, WordsMissing
from students.models import Enrollment

LONGEST_WORDS = 200


class PromiseMissing(Refused):
    code = "application-promise-missing"
    message = _("请先让学生家长在申请表上签好个人承诺，再录入申请。")


class AppliedLater(Refused):
    code = "application-applied-later"
    message = _("申请日期不能晚于今天。")


class NobodyToEnter(Refused):
    code = "application-nobody"
    message = _("所选的学生都已经录入，或不在本校现行花名册里。")


class NotRecognized(Refused):
    code = "application-not-recognized"
    message = _("所选的学生都不在现行认定名单里，不需要提出“不再困难”。")


class DifferenceUnsaid(Refused):
    code = "application-difference-unsaid"
    message = _("%(name)s的评定等级与班级评议不同，请写明原因。")


class Outvoted(Refused):
    code = "application-outvoted"
    message = _("%(name)s的同意票没有超过不同意票，这个等级没有通过，请填写通过的等级和票数。")


class NotPromised(Refused):
    code = "application-not-promised"
    message = _("%(name)s由学校提出“不再困难”，没有家长承诺；要评定为困难，请先录入家长的申请。")


class NotAPaper(Refused):
    code = "application-not-a-paper"
    message = _("申请材料请用 PDF、JPG 或 PNG 文件。")


class TitleMissing(Refused):
    code = "application-title-missing"
    message = _("请写明材料名称。")


# --- What families hand in


@transaction.atomic
def enter(
    round: RecognitionRound,
    enrollments: Iterable[Enrollment],
    *,
    applied_on: date,
    promise_signed: bool,
    by: User,
    at: datetime,
) -> int:
    """Enter the paper applications of several children; carried on ones are confirmed by it. Says how many.

    Whoever has applied already stays as it is, and whoever withdrew begins anew.
    """
    recognitions.at_work(round, RoundState.OPEN)
    if not promise_signed:
        raise PromiseMissing()
    if applied_on > timezone.localdate(at):
        raise AppliedLater()
    known, new = _parted(round, enrollments)
    again = round.applications.filter(pk__in=known)
    begun = again.filter(state__in=[ApplicationState.CARRIED, ApplicationState.WITHDRAWN])
    # Who was put forward as poor no longer and applies after all becomes an application like any other.
    turned = again.filter(promise_signed=False, state__in=[ApplicationState.APPLIED, ApplicationState.CLASS_REVIEWED])
    numbers = [*turned.values_list("pk", flat=True), *begun.values_list("pk", flat=True)]
    fresh = {"promise_signed": True, "applied_on": applied_on, "entered_by": by, "entered_at": at, **_UNREVIEWED}
    turned.update(state=ApplicationState.APPLIED, wished_level="", **fresh)
    begun.filter(wished_level=Level.NOT_POOR).update(state=ApplicationState.APPLIED, wished_level="", **fresh)
    begun.update(state=ApplicationState.APPLIED, **fresh)
    made = Application.objects.bulk_create(
        [
            Application(
                round=round,
                student_id=child.student_id,
                enrollment=child,
                promise_signed=True,
                applied_on=applied_on,
                entered_by=by,
                entered_at=at,
            )
            for child in new
        ],
        batch_size=500,
    )
    numbers += [each.pk for each in made]
    if not numbers:
        raise NobodyToEnter()
    actions.record(by, "applications.entered", round, at=at, people=len(numbers), applications=sorted(numbers))
    return len(numbers)


_UNREVIEWED = {
    "class_level": "",
    "class_words": "",
    "votes_for": None,
    "votes_against": None,
    "level": "",
    "level_words": "",
    "meeting": None,
}


def _parted(round: RecognitionRound, enrollments: Iterable[Enrollment]) -> tuple[list[int], list[Enrollment]]:
    """The applications there are of these children, and the children who have none. Others' children are left out."""
    asked = [enrollment.pk for enrollment in enrollments]
    here = list(rounds.children(round).filter(pk__in=asked).order_by("pk"))
    known = dict(round.applications.filter(student__in=[c.student_id for c in here]).values_list("student", "pk"))
    return list(known.values()), [child for child in here if child.student_id not in known]


@transaction.atomic
def put_forward_as_not_poor(
    round: RecognitionRound, enrollments: Iterable[Enrollment], *, by: User, at: datetime
) -> int:
    """The school itself says that families of its list are poor no longer; panel and publicity follow as always."""
    recognitions.at_work(round, RoundState.OPEN)
    in_force = rounds.list_in_force(round.school, round.term)
    if round.kind != RoundKind.CHANGE or in_force is None:
        raise NotRecognized()
    poor = set(in_force.recognitions.exclude(level=Level.NOT_POOR).values_list("student", flat=True))
    known, new = _parted(round, enrollments)
    listed = [child for child in new if child.student_id in poor]
    withdrawn = round.applications.filter(pk__in=known, student__in=poor, state=ApplicationState.WITHDRAWN)
    numbers = list(withdrawn.values_list("pk", flat=True))
    withdrawn.update(
        state=ApplicationState.APPLIED,
        wished_level=Level.NOT_POOR,
        promise_signed=False,
        applied_on=None,
        entered_by=by,
        entered_at=at,
        **_UNREVIEWED,
    )
    made = Application.objects.bulk_create(
        [
            Application(
                round=round,
                student_id=child.student_id,
                enrollment=child,
                wished_level=Level.NOT_POOR,
                entered_by=by,
                entered_at=at,
            )
            for child in listed
        ],
        batch_size=500,
    )
    numbers += [each.pk for each in made]
    if not numbers:
        raise NotRecognized()
    actions.record(by, "applications.not-poor", round, at=at, people=len(numbers), applications=sorted(numbers))
    return len(numbers)


@transaction.atomic
def describe(application: Application, *, words: str, wished_level: str, by: User, at: datetime) -> None:
    """What the family writes of itself, and the level it asks for."""
    recognitions.at_work(application.round, RoundState.OPEN)
    if not application.promise_signed and application.state != ApplicationState.CARRIED:
        raise WrongState()
    changed = Application.objects.filter(pk=application.pk).exclude(
        state__in=[ApplicationState.WITHDRAWN, ApplicationState.DECIDED]
    )
    if not changed.update(words=words.strip(), wished_level=wished_level):
        raise WrongState()
    application.refresh_from_db()
    actions.record(by, "application.described", application, at=at, wished_level=wished_level)


@transaction.atomic
def withdraw(round: RecognitionRound, applications: Iterable[int], *, by: User, at: datetime) -> int:
    """Families that do not apply, or no longer. Says how many. In a round of changes this changes nothing for them."""
    recognitions.at_work(round, RoundState.OPEN, RoundState.PUBLISHED)
    mine = round.applications.filter(pk__in=list(applications)).exclude(state=ApplicationState.WITHDRAWN)
    if round.state == RoundState.PUBLISHED:  # what hangs on the board stands: only whom an objection sent back
        mine = mine.filter(state=ApplicationState.CLASS_REVIEWED)
    numbers = list(mine.order_by("pk").values_list("pk", flat=True))
    if not numbers:
        raise WrongState()
    mine.update(state=ApplicationState.WITHDRAWN)
    actions.record(by, "applications.withdrawn", round, at=at, people=len(numbers), applications=numbers)
    return len(numbers)


@transaction.atomic
def attach(application: Application, paper: Brought, *, title: str, by: User, at: datetime) -> Attachment:
    """Keep a paper that the family adds of its own accord."""
    title = title.strip()[:100]
    if not title:
        raise TitleMissing()
    if not documents.is_one_of(paper.content, "pdf", "jpg", "png"):
        raise NotAPaper()
    round = application.round
    recognitions.at_work(round, RoundState.OPEN, RoundState.REVIEWED, RoundState.PUBLISHED, RoundState.CLOSED)
    file = documents.store(paper, kind=FileKind.ATTACHMENT, school=round.school, by=by, at=at)
    attachment = Attachment.objects.create(application=application, title=title, file=file, added_by=by, added_at=at)
    actions.record(by, "application.attached", application, at=at, sha256=file.sha256)
    return attachment


# --- What class and school find


@dataclass(frozen=True)
class Proposal:
    """The class's word on one child."""

    application: int
    level: str
    words: str = ""


@dataclass(frozen=True)
class Vote:
    """The panel's word on one child."""

    application: int
    level: str
    votes_for: int
    votes_against: int
    words: str = ""


@transaction.atomic
def review_class(round: RecognitionRound, proposals: Sequence[Proposal], *, by: User, at: datetime) -> int:
    """The levels that a class proposes for its children. What changes after the panel voted goes to the panel again."""
    recognitions.at_work(round, RoundState.OPEN)
    found = _held(round, proposals, ApplicationState.APPLIED, ApplicationState.CLASS_REVIEWED, ApplicationState.DECIDED)
    changed = []
    for said in proposals:
        each, words = found[said.application], said.words.strip()[:LONGEST_WORDS]
        is_new = each.state == ApplicationState.APPLIED
        if is_new or (each.class_level, each.class_words) != (said.level, words):
            each.class_level, each.class_words = said.level, words
            each.state = ApplicationState.CLASS_REVIEWED
            changed.append(each)
    if changed:
        Application.objects.bulk_update(changed, ["state", "class_level", "class_words"], batch_size=500)
        levels = _by_level((each.pk, each.class_level) for each in changed)
        actions.record(by, "applications.class-reviewed", round, at=at, people=len(changed), levels=levels)
    return len(changed)


def _by_level(found: Iterable[tuple[int, str]]) -> dict[str, list[int]]:
    """The applications' numbers under the codes of their levels: what the log keeps of a review, without a name."""
    levels: dict[str, list[int]] = {}
    for application, level in found:
        levels.setdefault(level, []).append(application)
    return levels


@transaction.atomic
def decide_class(round: RecognitionRound, votes: Sequence[Vote], *, by: User, at: datetime) -> int:
    """The panel's votes and levels for the children of a class, all or none of them. Says how many are new.

    In a published round only those whom an objection sent back.
    """
    recognitions.at_work(round, RoundState.OPEN, RoundState.PUBLISHED)
    if round.state == RoundState.PUBLISHED and not round.public_result:
        raise WrongState()
    meeting = panels.at_work(round)
    states = [ApplicationState.CLASS_REVIEWED]
    if round.state == RoundState.OPEN:
        states.append(ApplicationState.DECIDED)
    found = _held(round, votes, *states)
    changed = []
    for vote in votes:
        each, words = found[vote.application], vote.words.strip()[:LONGEST_WORDS]
        _check(vote, each, words, present=len(meeting.present))
        said = (vote.level, words, vote.votes_for, vote.votes_against)
        before = (each.level, each.level_words, each.votes_for, each.votes_against)
        if each.state == ApplicationState.CLASS_REVIEWED or said != before:
            each.level, each.level_words, each.votes_for, each.votes_against = said
            each.state, each.meeting = ApplicationState.DECIDED, meeting
            changed.append(each)
    if changed:
        columns = ["state", "level", "level_words", "votes_for", "votes_against", "meeting"]
        Application.objects.bulk_update(changed, columns, batch_size=500)
        levels = _by_level((each.pk, each.level) for each in changed)
        number = round.meetings.count()
        actions.record(by, "applications.decided", round, at=at, people=len(changed), levels=levels, meeting=number)
    return len(changed)


def _held(
    round: RecognitionRound, said: Sequence[Proposal] | Sequence[Vote], *states: ApplicationState
) -> dict[int, Application]:
    asked = {each.application for each in said}
    rows = round.applications.filter(pk__in=asked, state__in=states).select_related("student")
    found = {each.pk: each for each in rows.order_by("pk")}
    if found.keys() != asked:
        raise WrongState()
    return found


def _check(vote: Vote, application: Application, words: str, *, present: int) -> None:
    name = application.student.name
    if vote.votes_for + vote.votes_against > present:
        raise TooManyVotes(name=name, present=present)
    if vote.votes_for <= vote.votes_against:
        raise Outvoted(name=name)
    if vote.level != application.class_level and not words:
        raise DifferenceUnsaid(name=name)
    if not application.promise_signed and vote.level != Level.NOT_POOR:
        raise NotPromised(name=name)


@transaction.atomic
def object_to(application: Application, *, words: str, by: User, at: datetime) -> None:
    """Take a word against one child of the board: the panel looks at it again, and the round is published anew.

    The others stay decided and on the board meanwhile.
    """
    words = words.strip()[:LONGEST_WORDS]
    if not words:
        raise WordsMissing()
    recognitions.at_work(application.round, RoundState.PUBLISHED)
    move(application, ApplicationState.CLASS_REVIEWED, moves=_TO_THE_PANEL, level_words=words)
    with translation.override(settings.LANGUAGE_CODE):
        result = _now("公示期间收到异议，由评议组复核后重新公示。")
    RecognitionRound.objects.filter(pk=application.round_id).update(public_result=result)
    application.round.refresh_from_db()
    actions.record(by, "application.objected", application, at=at)


_TO_THE_PANEL = {ApplicationState.DECIDED: APPLICATION_MOVES[ApplicationState.DECIDED]}
"""Only what was decided can be objected to."""
