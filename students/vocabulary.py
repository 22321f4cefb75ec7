"""The words that rosters use: for stages and grades as the county keeps them, for all else as offices write them."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import TypeVar

from common.columns import read_yes_no
from schools.models import Grade, Stage
from students.choices import EnrollmentState, IdType, Sex
from students.models import CategoryLabel, HardshipCategory

LONGEST_CLAIM = 50

_Meaning = TypeVar("_Meaning")


def _spelled(words: Mapping[_Meaning, str]) -> dict[str, _Meaning]:
    """Word → what it means, of what is meant → the words for it."""
    return {word: meaning for meaning, spellings in words.items() for word in spellings.split()}


SEXES = {"": Sex.UNKNOWN} | _spelled({Sex.MALE: "男 男性 男生", Sex.FEMALE: "女 女性 女生", Sex.UNKNOWN: "未说明 未知"})
SEX_WORDS = {Sex.MALE: "男", Sex.FEMALE: "女"}

STATES = {"": EnrollmentState.STUDYING} | _spelled(
    {
        EnrollmentState.STUDYING: "在读 在校 在籍 在籍在读 在园 就读 正常 复学 已复学",
        EnrollmentState.SUSPENDED: "休学 休学中 在籍休学 保留学籍",
        EnrollmentState.LEFT: "转出 转学 已转出 转走 退学 退园 毕业 已毕业 结业 肄业 死亡 离校 已离校 离园 辍学 开除",
    }
)

_BOARDING = _spelled(
    {
        True: "住校 寄宿 住宿 住校生 寄宿生 住宿生 住读",
        False: "走读 走读生 通学 通学生 不住校 不寄宿 不住宿 非住校 非寄宿 非住宿 非住校生 非寄宿生 非住宿生",
    }
)

ID_TYPES: dict[str, str] = {"": ""} | _spelled(
    {
        IdType.RESIDENT.value: "居民身份证 身份证 二代身份证 第二代居民身份证 公民身份证 公民身份号码 户口簿 户口本",
        IdType.RESIDENCE_PERMIT.value: "港澳台居民居住证 港澳居民居住证 台湾居民居住证 港澳台居住证 居住证",
        IdType.HOME_RETURN_PERMIT.value: "港澳居民来往内地通行证 来往内地通行证 港澳居民通行证 港澳通行证 回乡证",
        IdType.TAIWAN_PERMIT.value: "台湾居民来往大陆通行证 来往大陆通行证 台湾通行证 台胞证",
        IdType.FOREIGN_PERMIT.value: "外国人永久居留身份证 外国人永久居留证 永久居留身份证 永久居留证 境外永久居住证",
        IdType.PASSPORT.value: "护照 外国护照 中国护照",
        IdType.OTHER.value: "其他证件 其他 其它 其它证件 出生医学证明 出生证明 出生证",
        IdType.NONE.value: "无证件 无 没有 没有证件 暂无 无身份证 无户口 未上户口",
    }
)

CLAIMED_BY = {
    "is_orphan": "孤儿",
    "is_martyr_child": "烈士子女",
    "is_disabled": "残疾学生",
    "is_registered_poor": "脱贫家庭学生",
}
"""A yes in this column → the official label of what is claimed by it."""

NOT_AT_SCHOOL = "none"
_OUT_OF_SCHOOL = frozenset({"非在校生", "不在校", "未在校", "未上学", "未入学", "辍学", "失学"})

NOTHING = frozenset({"", "/", "\\", "-", "--", "—", "——", "无", "没有", "暂无", "否"})
"""What people write into a cell in order to say nothing."""

_BETWEEN_CLAIMS = re.compile(r"[、，,;；/\s]+")
_SAYS_DISABLED = re.compile(r"残|智力|视力|听力|肢体|言语|精神|多重")
_SAYS_NOT = re.compile(r"[无未非否不]")
_CLASS_IN_GRADE = re.compile(r"[(]?\d{1,2}[)]?班$")
_CLASS_NOISE = re.compile(r"[()（）\s]")
_BLANKS = re.compile(r"\s+")


class Vocabulary:
    """The county's words for stages and grades, read once for a file."""

    def __init__(self) -> None:
        self.stages: dict[str, str] = {}
        self.stage_names: dict[str, str] = {}
        self.grades: dict[tuple[str, str], str] = {}
        self.stages_of: dict[str, list[str]] = {}
        """A word for a grade → the stages that have a grade of this name."""
        self.ages: dict[tuple[str, str], tuple[int, int]] = {}
        self.numbers: dict[tuple[str, str], int] = {}
        positions = {}
        for code, name, position in Stage.objects.values_list("code", "name", "position"):
            self.stages[name] = code
            self.stage_names[code] = name
            positions[code] = position
        grades = Grade.objects.order_by("stage__position", "position", "pk")
        for stage, name, position, spellings, youngest, oldest in grades.values_list(
            "stage", "name", "position", "spellings", "youngest", "oldest"
        ):
            self.numbers[stage, name] = positions[stage] * 100 + position
            for spelling in [name, *spellings]:
                word = squeeze(spelling)
                if self.grades.setdefault((stage, word), name) == name:
                    known = self.stages_of.setdefault(word, [])
                    if stage not in known:
                        known.append(stage)
            self.ages[stage, name] = (youngest, oldest)

    def stage(self, text: str) -> str:
        """The code of a stage as files write it: 学前教育, 学前, 普通高中, 高中, 中职, …"""
        word = squeeze(text)
        if word in self.stages:
            return self.stages[word]
        hits = {code for name, code in self.stages.items() if word and (word in name or name in word)}
        return hits.pop() if len(hits) == 1 else ""

    def schooling(self, text: str) -> str:
        """The code of the stage in which a list says that somebody is, NOT_AT_SCHOOL, or "" where it says neither."""
        word = squeeze(text)
        if word in _OUT_OF_SCHOOL:
            return NOT_AT_SCHOOL
        if stage := self.stage(text):
            return stage
        stages = self.stages_of.get(word, [])
        return stages[0] if len(stages) == 1 else ""

    def grade(self, stage: str, text: str) -> str:
        return self.grades.get((stage, squeeze(text)), "")

    def grade_with_class(self, stage: str, text: str) -> str:
        """The grade in 三年级(2)班 or 三(2)班."""
        return self.grades.get((stage, _CLASS_IN_GRADE.sub("", squeeze(text))), "")

    @cached_property
    def _claims(self) -> dict[str, str]:
        """Every label of a category of hardship → its official name."""
        names = HardshipCategory.objects.values_list("name", flat=True)
        labels = CategoryLabel.objects.values_list("label", "category__name")
        return {squeeze(label): name for label, name in [*labels, *((name, name) for name in names)]}

    def claim(self, text: str, fields: list[str]) -> str:
        """What a child claims in words, with what it claims by a yes in columns of their own, each once."""
        if not fields:
            return text
        said = [part for part in _BETWEEN_CLAIMS.split(text) if part not in NOTHING]
        known = {self._claims.get(squeeze(part), part) for part in said}
        added = [CLAIMED_BY[field] for field in fields if CLAIMED_BY[field] not in known]
        return "、".join([*said, *added])


def reads_as_claimed(field: str, text: str) -> bool | None:
    """Whether a column that asks for one kind of hardship says yes; None where nobody can tell."""
    if text in NOTHING:
        return False
    answer = read_yes_no(text)
    if answer is None and field == "is_disabled" and _SAYS_DISABLED.search(text):
        return not _SAYS_NOT.match(text)
    return answer


_REGISTER_NUMBER = re.compile(r"[GLJ]\d{8,20}[\dX]", re.IGNORECASE)
_REGISTERED = frozenset({"有", "有学籍", "在籍", "在籍在读", "已注册", "已注册学籍", "已建学籍", "正式学籍"})
_NOT_REGISTERED = frozenset(
    {"无", "无学籍", "没有", "没有学籍", "暂无", "暂无学籍", "未注册", "未注册学籍", "未建学籍", "无籍", "不在籍"}
)
UNSAID = NOTHING - {"无", "没有", "暂无", "否"}
"""What leaves open whether a child is registered."""


@lru_cache(maxsize=4_096)
def registered(text: str) -> bool | None:
    """True for 有 and its like and for a written register number (学籍号), False for 无, None for all else."""
    word = squeeze(text)
    if word in _REGISTERED or _REGISTER_NUMBER.fullmatch(word):
        return True
    return False if word in _NOT_REGISTERED else read_yes_no(word)


@lru_cache(maxsize=4_096)
def boarding(text: str) -> bool | None:
    """True for 住校 and its like, False for 走读, None for blank and for all else."""
    word = squeeze(text)
    return _BOARDING[word] if word in _BOARDING else read_yes_no(word)


@lru_cache(maxsize=4_096)
def class_name(text: str) -> str:
    return _CLASS_NOISE.sub("", unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=4_096)
def squeeze(text: str) -> str:
    """A word without blanks and differences of width. A roster writes the same few hundred on every row."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", text))
