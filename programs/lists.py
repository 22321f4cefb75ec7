"""A school's award list on its way: the school's word, publicity, the county's second signature."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import actions, officers
from accounts.models import User
from common.moves import Refused, move
from common.roles import COUNTY
from programs import blockers
from programs.choices import IN_PREPARATION, LIST_MOVES, AwardState, ListState
from programs.models import AwardList


class NotThePrincipal(Refused):
    code = "list-not-the-principal"
    message = _("学校已有负责人账号，名单由负责人确认；经办人请先核对，再交负责人。")


class NotPreparedYet(Refused):
    code = "list-not-prepared-yet"
    message = _("经办人还没有核对这份名单，负责人不能先确认。")


class OwnPreparation(Refused):
    code = "list-own-preparation"
    message = _("名单是您核对的，必须由学校的另一个人确认。")


class NoPrincipal(Refused):
    code = "list-no-principal"
    message = _("学校没有负责人账号，经办人核对后直接确认名单。")


class HasPrincipal(Refused):
    code = "list-has-principal"
    message = _("学校有负责人账号，由学校自己确认，县里不能代办。")


class PaperMissing(Refused):
    code = "list-paper-missing"
    message = _("请写明依据的纸质名单：谁签的字、哪一天。")


class OtherSchoolsList(Refused):
    code = "list-of-another-school"
    message = _("只能确认本校的名单。")


class OtherListInPreparation(Refused):
    code = "list-other-in-preparation"
    message = _("学校的%(title)s还在办理，公示以后才能退回这一份。")


class NotThePrincipalsTurn(Refused):
    code = "list-not-the-principals-turn"
    message = _("只有学校负责人在确认之前可以退回经办人。")


class SendBackReasonMissing(Refused):
    code = "send-back-reason-missing"
    message = _("请写明退回的原因。")


@transaction.atomic
def school_prepare(award_list: AwardList, *, by: User, at: datetime) -> None:
    """The school's officer went through the list and hands it to the principal; from now on it stays as it is."""
    if by.school_id != award_list.school_id:
        raise OtherSchoolsList()
    if not has_principal(award_list):
        raise NoPrincipal()
    move(
        award_list,
        ListState.SCHOOL_PREPARED,
        moves=LIST_MOVES,
        school_prepared_by=by,
        school_prepared_at=at,
        sent_back_reason="",
    )
    blockers.refuse(blockers.in_awards(award_list))
    actions.record(by, "list.school-prepared", award_list, at=at)


@transaction.atomic
def school_approve(award_list: AwardList, *, by: User, at: datetime) -> None:
    """The school stands by its list: the principal, after an officer went through it.

    Only where no account is the principal's does the officer alone speak for the school.
    """
    if by.pk == award_list.prepared_by_id:
        raise blockers.OwnList()
    if by.school_id != award_list.school_id:
        raise OtherSchoolsList()
    if has_principal(award_list):
        if not by.is_principal:
            raise NotThePrincipal()
        if award_list.state == ListState.DRAFT:
            raise NotPreparedYet()
    if by.pk == award_list.school_prepared_by_id:
        raise OwnPreparation()
    _approve(award_list, by=by, at=at)
    actions.record(by, "list.school-approved", award_list, at=at)


@transaction.atomic
def approve_for_school(award_list: AwardList, *, paper: str, by: User, at: datetime) -> None:
    """County staff confirm for a school without a principal's account, by the list that it signed on paper."""
    if by.role not in COUNTY:
        raise OtherSchoolsList()
    if by.pk == award_list.prepared_by_id:
        raise blockers.OwnList()
    if has_principal(award_list):
        raise HasPrincipal()
    if not paper.strip():
        raise PaperMissing()
    _approve(award_list, by=by, at=at)
    actions.record(by, "list.approved-for-school", award_list, at=at, paper=paper.strip()[:200])


def _approve(award_list: AwardList, *, by: User, at: datetime) -> None:
    move(
        award_list,
        ListState.SCHOOL_APPROVED,
        moves=LIST_MOVES,
        school_approved_by=by,
        school_approved_at=at,
        sent_back_reason="",
    )
    blockers.refuse(blockers.in_awards(award_list))


def has_principal(award_list: AwardList) -> bool:
    return officers.principals(award_list.school_id).exists()


@transaction.atomic
def send_back(award_list: AwardList, *, reason: str, by: User, at: datetime) -> None:
    """Back to the school's officer, with a reason; what was signed has to be signed again.

    The county sends back; so does the principal, before signing. A school works on one list of the term at a time.
    """
    if not reason.strip():
        raise SendBackReasonMissing()
    if by.role not in COUNTY:
        if by.school_id != award_list.school_id:
            raise OtherSchoolsList()
        if not by.is_principal or award_list.state != ListState.SCHOOL_PREPARED:
            raise NotThePrincipalsTurn()
    others = AwardList.objects.filter(school=award_list.school_id, term=award_list.term_id, state__in=IN_PREPARATION)
    if other := others.exclude(pk=award_list.pk).first():
        raise OtherListInPreparation(title=other.title)
    move(
        award_list,
        ListState.DRAFT,
        moves=LIST_MOVES,
        sent_back_reason=reason.strip()[:200],
        school_prepared_by=None,
        school_prepared_at=None,
        school_approved_by=None,
        school_approved_at=None,
    )
    actions.record(by, "list.sent-back", award_list, at=at, reason=award_list.sent_back_reason)


@transaction.atomic
def confirm(award_list: AwardList, *, by: User, at: datetime) -> None:
    """The county's second signature: whoever put the list forward cannot give it.

    Only a list whose publicity is over can be confirmed, and none while an objection is open.
    """
    blockers.refuse(blockers.in_person(award_list, by))
    move(award_list, ListState.CONFIRMED, moves=LIST_MOVES, confirmed_by=by, confirmed_at=at)
    blockers.refuse([*blockers.in_children(award_list), *blockers.in_awards(award_list)])
    people = award_list.awards.filter(state=AwardState.PROPOSED).update(state=AwardState.CONFIRMED)
    actions.record(by, "list.confirmed", award_list, at=at, awards=people)


def confirm_many(award_lists: Iterable[AwardList], *, by: User, at: datetime) -> tuple[int, dict[int, Refused]]:
    """Confirm each list that can be; (how many were, the refusals of the others by list)."""
    done, refusals = 0, {}
    for award_list in award_lists:
        try:
            confirm(award_list, by=by, at=at)
        except Refused as refusal:
            refusals[award_list.pk] = refusal
        else:
            done += 1
    return done, refusals
