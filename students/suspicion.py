"""How far two records look like one child: a score and its reasons, one function per pair.

Only equality of a valid number and of the name is certain (students.crosscheck). Everything here
is a suspicion for a person to decide, so each part of the score leaves a reason code behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2

from django.utils.translation import gettext_lazy as _
from rapidfuzz.distance import OSA, Levenshtein

from common import resident_ids
from common.resident_ids import IdKind

THRESHOLD = 6
"""Below this a pair is not worth a person's time (measured on generated counties, docs/decisions)."""

REASONS = {
    "id-same": _("证件号一致"),
    "id-core": _("15位旧证号一致"),
    "id-cut": _("证件号末位丢失，前15位一致"),
    "id-one-off": _("证件号只差一处"),
    "id-household": _("证件号属于同户其他成员"),
    "id-two-off": _("证件号差两处"),
    "id-absent": _("一方没有可用的证件号"),
    "id-adult": _("一方填的是成年人的证件号"),
    "id-differs": _("证件号不同"),
    "birth-same": _("出生日期相同"),
    "name-same": _("姓名一致"),
    "name-sound": _("姓名同音"),
    "name-one-off": _("姓名差一字"),
    "name-differs": _("姓名不同"),
    "guardian": _("监护人是户内成员"),
    "phone": _("联系电话相同"),
    "village": _("同村"),
    "town": _("同乡镇"),
    "place-differs": _("住址不同"),
    "sex-differs": _("性别不同"),
    "other-member": _("户内另有同名成员"),
}

_ID_WEIGHTS = {
    "id-same": 14, "id-core": 12, "id-cut": 9, "id-one-off": 9, "id-household": 7, "id-two-off": 4,
    "id-absent": 0, "id-adult": -1, "birth-same": -4, "id-differs": -7,
}  # fmt: skip
_COMPULSORY = {"id-same", "id-core", "id-one-off"}


@dataclass(frozen=True, slots=True)
class Side:
    """One record, of the roster or of a list, in the form in which it is compared."""

    number: str
    kind: IdKind
    name: str
    sound: str
    sex: str
    birth: str
    phone: str | None
    town: str
    village: str
    guardian_sound: str = ""
    is_adult: bool = False


@dataclass(frozen=True, slots=True)
class Household:
    """What the list says of the household the person lives in, without the person."""

    numbers: frozenset[str]
    names: frozenset[str]
    adult_sounds: frozenset[str]


def judge(listed: Side, child: Side, household: Household, frequency: Mapping[str, int]) -> tuple[int, list[str], bool]:
    """(score, reason codes, whether it must be looked at whatever the score)."""
    number_reason = _compare_numbers(listed, child, household)
    reasons = [number_reason]
    score: float = _ID_WEIGHTS[number_reason]
    if number_reason not in {"id-same", "id-core"} and listed.birth and listed.birth == child.birth:
        reasons.append("birth-same")
        score += 3
    name_reason, weight = _compare_names(listed, child, frequency)
    reasons.append(name_reason)
    score += weight
    if child.guardian_sound and child.guardian_sound in household.adult_sounds:
        reasons.append("guardian")
        score += 6
    if listed.phone and listed.phone == child.phone:
        reasons.append("phone")
        score += 7
    score += _compare_places(listed, child, reasons)
    if "unknown" not in (listed.sex, child.sex) and listed.sex != child.sex:
        reasons.append("sex-differs")
        score -= 5
    if child.name != listed.name and child.name in household.names:
        reasons.append("other-member")
        score -= 8
    must = number_reason in _COMPULSORY or (number_reason == "id-household" and name_reason == "name-same")
    return round(score), reasons, must


def _compare_numbers(listed: Side, child: Side, household: Household) -> str:
    a, b = listed.number, child.number
    unusable = {IdKind.NONE, IdKind.LOST}
    if a and a == b and listed.kind not in unusable:
        return "id-same"
    if a and b:
        if resident_ids.core(a) and resident_ids.core(a) == resident_ids.core(b):
            return "id-core"
        if IdKind.LOST in (listed.kind, child.kind) and len(a) == len(b) == 18 and a[:15] == b[:15]:
            return "id-cut"
        if listed.kind not in unusable and child.kind not in unusable:
            distance = OSA.distance(a, b, score_cutoff=2)
            if distance == 1:
                return "id-one-off"
            if b in household.numbers:
                return "id-household"
            if distance == 2 and len(a) == len(b):
                return "id-two-off"
    if b and b in household.numbers:
        return "id-household"
    if listed.kind in unusable or child.kind in unusable:
        return "id-absent"
    if child.is_adult != listed.is_adult:
        return "id-adult"
    return "id-differs"


def _compare_names(listed: Side, child: Side, frequency: Mapping[str, int]) -> tuple[str, float]:
    if listed.name == child.name:
        return "name-same", 0.6 * (18 - log2(max(1, frequency.get(child.sound, 1))))
    if listed.sound == child.sound:
        return "name-sound", 0.6 * (18 - log2(max(1, frequency.get(child.sound, 1)))) - 2
    near = len(listed.name) == len(child.name) > 1
    if near and Levenshtein.distance(listed.name, child.name, score_cutoff=1) == 1:
        return "name-one-off", 2
    return "name-differs", -8


def _compare_places(listed: Side, child: Side, reasons: list[str]) -> int:
    if listed.village and listed.village == child.village and listed.town in (child.town, ""):
        reasons.append("village")
        return 4
    if listed.town and listed.town == child.town:
        reasons.append("town")
        return 1
    if child.town and listed.town:
        reasons.append("place-differs")
        return -3
    return 0
