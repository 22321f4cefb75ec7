"""The steps of a chain in words: what the record says, who made it and when, and what is missing."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Action
from audits import chain_payments
from audits.chain_payments import Fact, Step
from common.money import yuan
from common.redaction import redact
from common.roles import COUNTY
from disbursements.models import Inquiry, PayDecision, Payment, Recovery, ReturnLine
from programs.choices import Level, NoticeState, RecognitionListState, Way
from programs.models import Award, Nomination, Notice, Objection, PolicyDocument, Recognition
from students import crosscheck_figures
from students.choices import EnrollmentState, MatchState
from students.models import Hardship, RosterCorrection

__all__ = ["Fact", "Papers", "Step", "document_numbers", "steps"]


@dataclass(frozen=True)
class Papers:
    """What was read of one award; documents, answers, inquiries and rolls are those of all, by their keys."""

    documents: Mapping[str, PolicyDocument] = field(default_factory=dict)
    corrections: Sequence[RosterCorrection] = ()
    hardships: Sequence[Hardship] = ()
    recognitions: Sequence[Recognition] = ()
    nominations: Sequence[Nomination] = ()
    notices: Sequence[Notice] = ()
    objections: Sequence[Objection] = ()
    payments: Sequence[Payment] = ()
    answers: Mapping[Any, Sequence[ReturnLine]] = field(default_factory=dict)
    inquiries: Mapping[Any, Sequence[Inquiry]] = field(default_factory=dict)
    rolls: Mapping[Any, Sequence[Action]] = field(default_factory=dict)
    recoveries: Sequence[Recovery] = ()
    decisions: Sequence[PayDecision] = ()


def document_numbers(award: Award) -> set[str]:
    """The documents that an award rests on, by number."""
    return {award.rule.document_no, _priced_by(award).document_no}


def steps(award: Award, papers: Papers) -> Iterator[Step]:
    """From the roster to the money, in the order of the office."""
    yield Step(_("花名册"), list(_roster(award, papers)))
    yield Step(_("困难情形和认定"), list(_hardship(award, papers)))
    yield Step(_("条件、标准和文件"), list(_basis(award, papers)))
    yield Step(_("资助名单"), list(_list(award)))
    yield Step(_("公示"), list(_publicity(award, papers)))
    yield from chain_payments.steps(
        award,
        papers.payments,
        papers.answers,
        papers.inquiries,
        papers.rolls,
        papers.recoveries,
        _blotted(papers.decisions),
    )


def _blotted(decisions: Sequence[PayDecision]) -> list[PayDecision]:
    """The decisions, with no whole number in what somebody wrote about them."""
    shown = [copy(decision) for decision in decisions]
    for decision in shown:
        decision.words = redact(decision.words)
    return shown


def _roster(award: Award, papers: Papers) -> Iterator[Fact]:
    enrollment, roster = award.enrollment, award.enrollment.roster
    words = _("%(file)s，第 %(version)s 版，第 %(row)s 行") % {
        "file": roster.file.name,
        "version": roster.version,
        "row": enrollment.row,
    }
    yield Fact(words, by=str(roster.uploaded_by), at=roster.uploaded_at, url=roster.get_absolute_url())
    if papers.corrections:
        last = papers.corrections[-1]
        words = _("这一行在系统中改正过 %(n)s 处") % {"n": len(papers.corrections)}
        url = reverse("students:roster-rows", args=[roster.pk])
        yield Fact(words, by=str(last.made_by), at=last.made_at, url=url)
    if roster.committed_by is None:
        yield Fact(_("没有确认入库的记录"), is_missing=True)
    else:
        yield Fact(_("确认入库"), by=str(roster.committed_by), at=roster.committed_at)
    then = (award.school_id, award.grade, award.class_name, award.is_boarding)
    now = (enrollment.school_id, enrollment.grade, enrollment.class_name, enrollment.is_boarding)
    if then != now:
        yield Fact(
            _("审定时在%(school)s%(grade)s%(class)s（%(boarding)s），花名册现在不同")
            % {
                "school": award.school.name,
                "grade": award.grade,
                "class": award.class_name,
                "boarding": _("寄宿") if award.is_boarding else _("走读"),
            }
        )
    if enrollment.state != EnrollmentState.STUDYING:
        yield Fact(_("在读状态现在是“%(state)s”") % {"state": enrollment.get_state_display()})


def _hardship(award: Award, papers: Papers) -> Iterator[Fact]:
    for hardship in papers.hardships:
        yield _of_list(hardship)
    recognition = _recognition_of(award, papers.recognitions)
    if recognition is not None:
        yield from _recognition(recognition)
    asks_list = bool(award.rule.categories.all())
    if asks_list and not papers.hardships:
        yield Fact(_("条件要求困难情形，但没有名单比对记录"), is_missing=True)
    elif award.rule.levels and recognition is None:
        yield Fact(_("条件要求认定等级，但没有认定记录"), is_missing=True)
    elif not papers.hardships and recognition is None:
        yield Fact(_("这一条件不要求困难情形或认定"))
    if award.program.way == Way.SCHOOL:
        yield from _nomination(papers.nominations)


def _of_list(hardship: Hardship) -> Fact:
    match, snapshot = hardship.match, hardship.snapshot
    by_hand = match.state == MatchState.CONFIRMED
    why = _("人工核实为同一人。") if by_hand else crosscheck_figures.sentence(match)
    words = _("%(category)s：%(source)s %(day)s，第 %(row)s 行 %(name)s %(number)s；%(why)s") % {
        "category": hardship.category,
        "source": snapshot.source,
        "day": date_format(snapshot.as_of, "Y-m-d"),
        "row": match.person.row,
        "name": match.person.name,
        "number": match.person.masked_id,
        "why": why,
    }
    if hardship.has_ended and hardship.to_on is not None:
        words += _("（%(day)s 起不再成立）") % {"day": date_format(hardship.to_on, "Y-m-d")}
    by = str(match.decided_by) if match.decided_by else _("比对规则")
    return Fact(words, by=by, at=match.decided_at, on=hardship.known_on, url=snapshot.get_absolute_url())


def _recognition_of(award: Award, found: Sequence[Recognition]) -> Recognition | None:
    """What the school's lists said when the award was proposed; where they came later, the newest."""
    before = [each for each in found if (each.list.in_force_at or each.list.uploaded_at) <= award.list.prepared_at]
    held = before or list(found)
    return held[-1] if held else None


def _recognition(recognition: Recognition) -> Iterator[Fact]:
    of_list = recognition.list
    if of_list.carried_from is not None:
        source = _("沿用%(term)s的认定") % {"term": of_list.carried_from.term}
    elif of_list.file is not None:
        source = _("%(file)s 第 %(row)s 行") % {"file": of_list.file.name, "row": recognition.row}
    else:
        source = _("在系统中认定")
    words = _("认定为%(level)s：%(source)s") % {"level": str(Level(recognition.level).label), "source": source}
    if of_list.state == RecognitionListState.SUPERSEDED:
        words += _("（后来有新的认定名单）")
    yield Fact(words, by=str(of_list.uploaded_by), at=of_list.uploaded_at, url=of_list.get_absolute_url())
    held = of_list.round
    if held is not None and held.recorded_by is not None:
        yield Fact(_("县级备案"), by=str(held.recorded_by), at=held.recorded_at, url=held.get_absolute_url())


def _nomination(found: Sequence[Nomination]) -> Iterator[Fact]:
    if not found:
        yield Fact(_("项目由学校提名，但没有提名记录"), is_missing=True)
    for nomination in found:
        words = _("学校提名")
        if nomination.file is not None:
            words = _("学校提名：%(file)s 第 %(row)s 行") % {"file": nomination.file.name, "row": nomination.row}
        yield Fact(words, by=str(nomination.set_by), at=nomination.set_at)


def _basis(award: Award, papers: Papers) -> Iterator[Fact]:
    yield Fact(_("享受条件：%(rule)s") % {"rule": award.rule.description}, url=award.program.get_absolute_url())
    priced_by = _priced_by(award)
    tier = _("%(tier)s，") % {"tier": award.tier} if award.tier else ""
    words = _("标准：%(tier)s%(amount)s 元，%(day)s 起执行") % {
        "tier": tier,
        "amount": yuan(award.amount_fen),
        "day": date_format(priced_by.valid_from, "Y-m-d"),
    }
    yield Fact(words)
    if award.tier_by is not None:
        words = _("档次由人工设定：%(reason)s") % {"reason": redact(award.tier_reason)}
        yield Fact(words, by=str(award.tier_by), at=award.tier_at)
    for number in sorted(document_numbers(award)):
        document = papers.documents.get(number)
        if document is None:
            yield Fact(_("文件库里没有 %(number)s") % {"number": number}, is_missing=True)
        else:
            words = _("%(number)s《%(title)s》") % {"number": number, "title": document.title}
            yield Fact(words, on=document.issued_on, url=document.get_absolute_url())


def _priced_by(award: Award) -> Any:
    return award.school_fee or award.standard


def _list(award: Award) -> Iterator[Fact]:
    of_list = award.list
    words = _("%(list)s提出") % {"list": of_list.title}
    yield Fact(words, by=str(of_list.prepared_by), at=of_list.prepared_at, url=of_list.get_absolute_url())
    if of_list.school_prepared_by is not None:
        yield Fact(_("学校经办人核对"), by=str(of_list.school_prepared_by), at=of_list.school_prepared_at)
    signed_by = of_list.school_approved_by
    if signed_by is None:
        yield Fact(_("没有学校的确认"), is_missing=True)
    elif signed_by.role in COUNTY:
        yield Fact(_("县级代学校确认"), by=str(signed_by), at=of_list.school_approved_at)
    else:
        words = _("学校负责人确认") if signed_by.is_principal else _("学校确认")
        yield Fact(words, by=str(signed_by), at=of_list.school_approved_at)
    if of_list.confirmed_by is None:
        yield Fact(_("没有县级审定"), is_missing=True)
    else:
        yield Fact(_("县级审定"), by=str(of_list.confirmed_by), at=of_list.confirmed_at)


def _publicity(award: Award, papers: Papers) -> Iterator[Fact]:
    if not papers.notices:
        yield Fact(_("没有公示记录"), is_missing=True)
    for notice in papers.notices:
        yield from _notice(notice)
    for objection in papers.objections:
        words = _("对该生的异议：%(state)s") % {"state": objection.get_state_display()}
        if objection.answer:
            words = _("对该生的异议：%(state)s。%(answer)s") % {
                "state": objection.get_state_display(),
                "answer": redact(objection.answer),
            }
        by = objection.answered_by or objection.received_by
        at = objection.answered_at or objection.received_at
        yield Fact(words, by=str(by or ""), at=at, url=objection.get_absolute_url())


def _notice(notice: Notice) -> Iterator[Fact]:
    words = _("%(first)s 至 %(last)s，%(days)s 个工作日") % {
        "first": date_format(notice.starts_on, "Y-m-d"),
        "last": date_format(notice.ends_on, "Y-m-d"),
        "days": notice.working_days,
    }
    yield Fact(words, by=str(notice.put_up_by), at=notice.put_up_at, url=notice.get_absolute_url())
    photos = list(notice.photos.all())
    if not photos:
        yield Fact(_("没有照片"), is_missing=True)
    else:
        words = _("公示栏照片 %(n)s 张") % {"n": len(photos)}
        first = photos[0]
        yield Fact(words, by=str(first.kept_by), on=first.taken_on, url=notice.get_absolute_url())
    if notice.state == NoticeState.UP:
        yield Fact(_("公示还没有撤下"), is_missing=True)
    else:
        counts: Any = notice
        words = _("公示结果：%(result)s（异议 %(n)s 件）") % {
            "result": redact(notice.result),
            "n": counts.objections_all,
        }
        yield Fact(words, at=notice.taken_down_at)
