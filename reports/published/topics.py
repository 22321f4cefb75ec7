"""What a line of aid is about, by the words around its figures: stage, program, whom it is for."""

import re

from reports.published.entries import Entry

_PROGRAMS = {
    "grant": r"助学金",
    "waiver": r"免(?:除|收)?(?:学费|学杂费|保教费)|学杂费|免费生",
    "care": r"保教费|保育费",
    "living": r"生活(?:费)?补助|一补|寄宿生|非寄宿",
    "meals": r"营养|膳食|伙食",
    "books": r"教科书|课本|教材",
    "loan": r"贷款",
    "own": r"校内资助|减半",
    "travel": r"路费|交通费|雨露",
    "prize": r"奖学金",
}
_STAGES = {
    "preschool": r"学前|幼儿",
    "compulsory": r"义务|小学|初中",
    "senior": r"(?<!中职)(?:普通?高中|普高|高中)",
    "vocational": r"中职|中等职业|职高|中专",
    "higher": r"大学|本科|专科|高校",
}
_POOR = re.compile(r"建档立卡|脱贫(?:户|家庭|人口)|监测(?:户|对象|家庭)")
_POOR_AND_OTHERS = re.compile(r"(?:建档立卡|脱贫)[^,，、()]{0,4}等[^,，、()]{0,2}类")
_FAMILIES = tuple(
    re.compile(rf"^(?:其中|含|包括|为|有)?[^|]{{0,12}}(?:{words})")
    for words in (
        r"学前|幼儿|小学|初中|义务|高中|普高|中职|中专|职高|大学|本科|专科|特教|特殊教育",
        r"[一二三四]等|[一二三四]档|[一二三]类|特别困难|特困|比较困难|一般困难",
        r"男|女",
        r"首贷|续贷|新增|续",
        r"中央|[省市县区]级?(?![内外])|区?县?财政|地方|自筹|上级|本级",
        r"寄宿|住校|走读|非寄宿",
        r"本科|专科|一本|二本|三本|高职",
    )
)
_COMPLETE = tuple(
    tuple(re.compile(word) for word in words)
    for words in (
        ("首贷|新增|首次", "续贷|续"),
        ("男", "女"),
        ("一[等档类]|特别", "二[等档类]|比较|^困难", "三[等档类]|一般"),
        ("(?<!非)寄宿|住校", "走读|非寄宿"),
        ("学前|幼儿", "义务|小学", "高中|普高", "中职|中专|职高|职业"),
    )
)
_IN_BRACKETS = (re.compile("小学"), re.compile("初中"))
_CHILDREN = re.compile(r"大学生|幼儿|儿童|学生|新生")
_COMPARISON = re.compile(r"同比|增长|增加|减少|下降|上年|去年|上一年|往年|较\S{0,4}年|累计|截至|历年|计划|预计|下达")


def programs(entry: Entry) -> frozenset[str]:
    return _found(_PROGRAMS, entry.words)


def stages(entry: Entry) -> frozenset[str]:
    """The stage in the entry's own words, or else in its headings, the nearest first."""
    for words in (entry.words, *reversed(entry.section)):
        if found := _found(_STAGES, words):
            return found
    return frozenset()


def _found(known: dict[str, str], words: str) -> frozenset[str]:
    return frozenset(name for name, pattern in known.items() if re.search(pattern, words))


def disagree(one: frozenset[str], other: frozenset[str]) -> bool:
    """Both say something, and nothing of it is the same."""
    return bool(one) and bool(other) and not one & other


def is_poor(entry: Entry) -> bool:
    """Whether the line counts registered poor children, and them alone."""
    return bool(_POOR.search(entry.label)) and not _POOR_AND_OTHERS.search(entry.label)


def compares(entry: Entry) -> bool:
    """Whether the sentence speaks of another year, a plan, or what has come together over years."""
    return bool(_COMPARISON.search(entry.sentence))


def are_of_one_family(parts: list[Entry]) -> bool:
    """Whether the parts are named by words that exclude each other and leave nothing out, as stages or tiers do."""
    names = [part.label or part.words.lstrip("|") for part in parts]
    return any(all(family.search(name) for name in names) for family in _FAMILIES)


def are_all_of_a_family(parts: list[Entry], *, is_bracketed: bool) -> bool:
    """Whether every member of a family is among the parts, each once at least, and nothing else."""
    if not are_of_one_family(parts):
        return False
    names = names_of(parts)
    families = (*_COMPLETE, _IN_BRACKETS) if is_bracketed else _COMPLETE
    return any(all(any(word.search(name) for name in names) for word in family) for family in families)


def count_one_kind(part: Entry, whole: Entry) -> bool:
    """Whether both say of what kind of children they speak, and it is the same."""
    kinds = [set(_CHILDREN.findall(entry.label)) for entry in (part, whole)]
    return bool(kinds[0] & kinds[1])


def names_of(parts: list[Entry]) -> tuple[str, ...]:
    return tuple((part.label or part.words).replace("其中", "").strip("|") for part in parts)


def share(one: str, other: str, length: int) -> bool:
    """Whether two labels have a run of so many letters in common."""
    return not _stretches(one, length).isdisjoint(_stretches(other, length))


def _stretches(label: str, length: int) -> set[str]:
    found = (label[place : place + length] for place in range(len(label) - length + 1))
    return {stretch for stretch in found if "|" not in stretch}
