"""How far two records look like one child: what speaks for it and against it, one function per pair.

Each part of the score leaves a reason code behind, so that every result can be put in words. Which pairs are
compared at all, and which of them confirm themselves, is said in `students.matching`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from math import log2

from django.utils.translation import gettext_lazy as _
from rapidfuzz.distance import OSA, Levenshtein

from common.resident_ids import IdKind, kind

THRESHOLD = 2.0
"""Below this a pair is not worth a person's time (measured on generated counties, bench/crosscheck.py)."""

REASONS = {
    "near-core": _("15位旧证号和姓名一致"),
    "near-sound": _("证件号一致，姓名同音，并有旁证"),
    "near-digit": _("证件号只差一处，姓名一致，并有旁证"),
    "near-cut": _("证件号末位丢失，姓名一致，并有旁证"),
    "near-household": _("证件号属于同户其他成员，姓名一致，并有两项旁证"),
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
    "sibling": _("同户孩子已确认，与其监护人或电话相同"),
    "village": _("同村"),
    "town": _("同乡镇"),
    "place-differs": _("住址不同"),
    "stage-fits": _("就读学段与名单相符"),
    "stage-differs": _("就读学段与名单不符"),
    "sex-differs": _("性别不同"),
    "other-member": _("户内另有同名成员"),
}

_ID_WEIGHTS = {
    "id-same": 14, "id-core": 12, "id-cut": 9, "id-one-off": 9, "id-household": 7, "id-two-off": 4,
    "id-absent": 0, "id-adult": -1, "birth-same": -4, "id-broken": -3, "id-differs": -7,
}  # fmt: skip
COMPULSORY = frozenset({"id-same", "id-core", "id-one-off"})
"""A pair with such a number is looked at whatever its score."""
UNUSABLE = frozenset({IdKind.NONE, IdKind.LOST, IdKind.OTHER})


@dataclass(slots=True, eq=False)
class Record:
    """One record, of a roster or of a list, in the form in which it is compared.

    `record` is how the caller knows it again, `key` its own stable key: equal evidence is put in order by it.
    `birth` is eight digits or "". A number that lost its digits (4.1E+17) is no number here.
    """

    record: int
    key: str
    number: str
    kind: IdKind
    name: str
    sound: str
    sex: str
    birth: str
    phone: str
    town: str
    village: str
    stage: str = ""
    guardian_sound: str = ""
    guardian_number: str = ""
    household: str = ""
    is_adult: bool = False
    core: str = field(init=False)

    def __post_init__(self) -> None:
        number = self.number
        self.core = number[:6] + number[8:17] if len(number) == 18 else number if self.kind is IdKind.OLD else ""


@dataclass(slots=True)
class Household:
    """What the list says of the household a person lives in, without that person."""

    numbers: frozenset[str] = frozenset()
    unclaimed_numbers: frozenset[str] = frozenset()
    """Numbers of children whom nobody has found yet: they may be the ones who bear them."""
    bearers: frozenset[tuple[str, str]] = frozenset()
    """(number, name): a child who bears both is that member, not the person."""
    names: frozenset[str] = frozenset()
    child_names: frozenset[str] = frozenset()
    child_sounds: frozenset[str] = frozenset()
    adult_sounds: frozenset[str] = frozenset()
    adult_numbers: frozenset[str] = frozenset()
    sibling_phones: frozenset[str] = frozenset()
    """The phones that rosters give for children of the household who were found for certain."""
    sibling_guardians: frozenset[tuple[str, str]] = frozenset()
    """(guardian's name by sound, town) of the same."""


@dataclass(slots=True)
class Judgement:
    score: float
    reasons: list[str]
    is_compulsory: bool
    """Must be looked at whatever the score."""
    tier: str
    """The rule by which the pair confirms itself where nobody else fits it, or ""."""


def number_of(normalized: str, what: str = "") -> tuple[str, IdKind]:
    """A number as evidence: what is no number at all (无, -, 4.11E+17) is none, and equal to no other."""
    if not any(map(str.isdigit, normalized)):
        return "", IdKind(what) if what else IdKind.NONE
    found = IdKind(what) if what else kind(normalized)
    return ("" if found is IdKind.LOST and len(normalized) != 18 else normalized), found


def birth_of(number: str, what: IdKind, born_on: date | None) -> str:
    """The birth date as eight digits, out of the number where it has one, else as it was written.

    Fifteen digits in a list of today are a number of eighteen that lost its century, not one issued before 1999.
    """
    if what in {IdKind.RESIDENT, IdKind.WRONG}:
        return number[6:14]
    if what is IdKind.OLD:
        return f"20{number[6:12]}"
    return f"{born_on:%Y%m%d}" if born_on else ""


def judge(
    listed: Record, child: Record, household: Household, names: Mapping[str, int], sounds: Mapping[str, int]
) -> Judgement:
    """Compare a listed person with a child; `names` and `sounds` say how many children bear a name, or one like it."""
    number, reasons, score = _weigh_numbers(listed, child, household)
    name = _compare_names(listed, child)
    reasons.append(name)
    score += _name_weight(name, listed, names, sounds)
    context, weight = _weigh_context(listed, child, household, reasons)
    score += weight
    if listed.stage and child.stage:
        fits = listed.stage == child.stage
        reasons.append("stage-fits" if fits else "stage-differs")
        score += 1 if fits else -2
    is_same_sex = listed.sex == child.sex or "unknown" in (listed.sex, child.sex)
    if is_same_sex:
        score += 0.5
    else:
        reasons.append("sex-differs")
        score -= 5
    is_other = (child.name != listed.name and child.name in household.names) or (
        child.number,
        child.name,
    ) in household.bearers
    if is_other:
        reasons.append("other-member")
        score -= 8
    return Judgement(
        score=score,
        reasons=reasons,
        is_compulsory=number in COMPULSORY or (number == "id-household" and name == "name-same"),
        tier=_tier(listed, child, household, number, name, context) if is_same_sex and not is_other else "",
    )


def _tier(listed: Record, child: Record, household: Household, number: str, name: str, context: int) -> str:
    """The rule by which a pair is as good as certain, or "". Two children of one name in a household never are."""
    if listed.name in household.child_names or listed.is_adult:
        return ""
    both_right = listed.kind is IdKind.RESIDENT is child.kind
    if name == "name-same":
        if number == "id-same" and both_right:
            return "exact"
        if number == "id-core":
            return "near-core"
        if number == "id-one-off" and not both_right and context:
            return "near-digit"
        if number == "id-cut" and context:
            return "near-cut"
        if number == "id-household" and context > 1 and child.number not in household.unclaimed_numbers:
            return "near-household"
    elif name == "name-sound" and number == "id-same" and both_right and context:
        # A twin's number typed for the other, whose name sounds the same, would look just like this.
        return "" if listed.sound in household.child_sounds else "near-sound"
    return ""


def _weigh_numbers(listed: Record, child: Record, household: Household) -> tuple[str, list[str], float]:
    """(how the numbers stand to each other, the reasons, their weight)."""
    number = _compare_numbers(listed, child, household)
    weight: float = _ID_WEIGHTS[number]
    if number == "birth-same":
        return number, ["id-differs", "birth-same"], weight
    reasons = ["id-differs" if number == "id-broken" else number]
    if number not in {"id-same", "id-core"} and listed.birth and listed.birth == child.birth:
        reasons.append("birth-same")
        if number in {"id-household", "id-absent"}:
            weight += 2
    return number, reasons, weight


def _weigh_context(listed: Record, child: Record, household: Household, reasons: list[str]) -> tuple[int, float]:
    """(how many of guardian, phone and village agree, the weight of all that stands around the two)."""
    weight, context = 0.0, 0
    for reason, agrees, worth in (
        ("guardian", _is_guardian_of(child, household), 6),
        ("phone", bool(listed.phone) and listed.phone == child.phone, 7),
    ):
        if agrees:
            reasons.append(reason)
            context += 1
        weight += worth if agrees else -0.5
    if _is_siblings(child, household):
        reasons.append("sibling")
        weight += 3
    place, worth_of_place = _compare_places(listed, child)
    if place:
        reasons.append(place)
    return context + (place == "village"), weight + worth_of_place


def _compare_numbers(listed: Record, child: Record, household: Household) -> str:
    a, b = listed.number, child.number
    if a and a == b and listed.kind not in {IdKind.LOST, IdKind.NONE}:
        return "id-same"
    if listed.core and listed.core == child.core:
        return "id-core"
    if a and b:
        if IdKind.LOST in (listed.kind, child.kind) and len(a) == len(b) == 18 and a[:15] == b[:15]:
            return "id-cut"
        distance = OSA.distance(a, b, score_cutoff=2)
        if distance == 1:
            return "id-one-off"
    else:
        distance = 3
    if (b and b in household.numbers) or (a and a in household.numbers and not child.is_adult):
        return "id-household"
    if child.is_adult != listed.is_adult and IdKind.RESIDENT in (listed.kind, child.kind):
        return "id-adult"
    if not a or not b or IdKind.LOST in (listed.kind, child.kind):
        return "id-absent"
    if distance == 2 and len(a) == len(b) == 18 and a[17] != b[17]:
        return "id-two-off"
    if listed.kind is IdKind.RESIDENT is child.kind:
        return "birth-same" if listed.birth == child.birth else "id-differs"
    return "id-broken"


def _compare_names(listed: Record, child: Record) -> str:
    if listed.name == child.name:
        return "name-same"
    if listed.sound == child.sound:
        return "name-sound"
    near = len(listed.name) == len(child.name) > 1
    if near and Levenshtein.distance(listed.name, child.name, score_cutoff=1) == 1:
        return "name-one-off"
    return "name-differs"


def _name_weight(reason: str, listed: Record, names: Mapping[str, int], sounds: Mapping[str, int]) -> float:
    """A rare name in common says more than a frequent one."""
    if reason == "name-same":
        return 0.6 * (18 - log2(names.get(listed.name, 1)))
    if reason == "name-sound":
        return 0.6 * (18 - log2(sounds.get(listed.sound, 1))) - 2
    return 2.0 if reason == "name-one-off" else -8.0


def _is_guardian_of(child: Record, household: Household) -> bool:
    return child.guardian_sound in household.adult_sounds or child.guardian_number in household.adult_numbers


def _is_siblings(child: Record, household: Household) -> bool:
    return (bool(child.phone) and child.phone in household.sibling_phones) or (
        bool(child.guardian_sound) and (child.guardian_sound, child.town) in household.sibling_guardians
    )


def _compare_places(listed: Record, child: Record) -> tuple[str, float]:
    if listed.village and listed.village == child.village and child.town in (listed.town, ""):
        return "village", 4
    if listed.town and listed.town == child.town:
        return "town", 1
    return ("place-differs", -3) if child.village else ("", 0)
