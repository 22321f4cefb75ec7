"""An invented county with known truth: `python bench/crosscheck_county.py --out DIR --seed 1`.

Writes roster.csv, register.csv and truth.csv: families in villages, the poor ones of them in a register of households,
nearly all children in rosters. Then errors are planted, each in one of the two records of a child (`KINDS`), and the
same errors in rows without a partner. Traps stand about: twins, namesakes born on one day in other villages or in the
same village a day apart, cousins of one name, neighbours in sequence numbers, slips that hit a stranger's number,
siblings whose numbers were swapped, children enrolled twice. `--noise 3` spoils phones, guardians and villages three
times as often. Everything follows from the seed. `--county 2` is another county of a province: other area codes and
towns.
"""

import argparse
import csv
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pypinyin import Style, pinyin  # noqa: E402

from common.resident_ids import check_digit  # noqa: E402

CHILDREN, HOUSEHOLDS, SCHOOLS = 287_000, 32_000, 1_100


def _words(text: str) -> list[str]:
    return text.split()


ADULT = -1
KINDS = {
    "id_digit": 180, "id_transposed": 110, "id_digit_valid": 40, "id_dropped_digit": 30, "id_missing": 120,
    "id_15": 60, "id_excel": 60, "id_guardian": 90, "id_sibling": 30, "id_swapped": 30, "id_format": 60,
    "name_format": 40, "name_homophone": 70, "name_shape": 50, "name_changed": 25, "id_digit+name_homophone": 40,
    "id_missing+name_homophone": 40, "id_missing+name_shape": 20, "id_guardian+name_homophone": 15,
    "id_15+name_homophone": 10, "id_digit+name_shape": 10, "id_transposed+name_format": 10,
    "id_excel+name_homophone": 10,
}  # fmt: skip
_SURNAMES = _words(
    "王94 张86 李85 刘56 陈30 杨29 赵28 郭22 孙19 马18 朱17 徐14 周14 吴14 高14 胡13 宋13 于10 韩10 冯9 "
    "崔9 谢8 许8 何8 曹8 董8 田7 郑7 程7 任7 杜7 侯6 范6 石6 孟6 尚5 袁5 丁5 魏5 贾5 史5 黄10 林6 罗4 "
    "梁5 苏4 卢4 姜4 秦4 常4 康3 薛3 雷3 白3 段3 郝3 孔3 邵3 毛2 万3 武3 钱2 乔3 贺2 庞2 樊2 翟3 安2 牛3 "
    "欧阳1 上官1 "
)
_BOYS = (
    "子浩宇轩泽俊杰文博豪家明天佳嘉宏鑫志鹏飞龙翔睿晨阳旭辰昊皓一铭梓涵瑞祥恒哲航毅凯"
    "帅强勇军伟建国华东海涛波亮健康乐安平庆"
)
_GIRLS = "梦欣怡佳雨婷诗涵梓萱馨瑶琪雅静美丽妍可心子若思语晨曦嘉悦欢乐依一诺菲雪冰洁文慧敏颖莹玉玲珍红秀英芳兰桂花香春"
_ELDERS = "国强志军爱民卫东红新保德福富贵永庆海建设洪涛学文长春生金山玉林全喜大伟勇涛刚磊超秀桂梅凤素珍爱玲艳霞丽敏娟燕"
_LOOK_ALIKES = _words(
    "末未 己已 土士 千干 人入 日曰 王玉 大太 天夫 目自 白百 今令 申甲 由田 午牛 田由 刀力 乌鸟 折拆 晴睛 "
    "请清 诗持 浩洁 梓梅 涵函 萱宣 怡恰 妍研 婷停 琪棋 俊峻 泽译 宇字 轩轩 杰洁 博傅 豪毫 佳住 晨震 曦羲 "
    "悦说 航杭 铭名 祥样 明朋 志态 飞气 阳阴 旭旮 昊吴 皓浩 瑞端 恒桓 哲誓 毅殷 凯岂 帅师 强弦 勇湧 军车 "
    "伟纬 建健 国围 华化 东车 海悔 涛焘 波坡 亮壳 健建 康庸 乐东 安宴 平乎 庆厌 梦林 欣欧 雨两 静净 美羡 "
    "丽两 可司 若苦 思恩 语话 嘉喜 欢吹 依衣 诺若 菲非 雪雷 冰水 文交 慧惠 敏繁 颖颍 莹萤 玲珍 红江 秀季 "
    "英央 芳劳 兰三 桂挂 花化 香看 春舂 "
)
_VILLAGES = _words("楼 庄 寨 集 营 堂 桥 庙 店 湾 岗 坡")
_GRADES = (
    *((f"{name}", "学前教育") for name in ("小班", "中班", "大班")),
    *((f"{n}年级", "小学") for n in "一二三四五六"),
    *((f"{n}年级", "初中") for n in "七八九"),
    *((f"高{n}", "高中") for n in "一二三"),
)
_CATEGORIES = ("脱贫户", "脱贫不稳定户", "边缘易致贫户", "突发严重困难户", "低保户", "特困")
ROSTER = (
    "rid", "id", "name", "sex", "school", "stage", "grade", "cls", "boarding", "guardian", "guardian_id", "phone",
    "township", "village",
)  # fmt: skip
REGISTER = (
    "gid", "hh", "id", "name", "sex", "relation", "head_name", "head_id", "phone", "township", "village", "category",
    "edu", "is_child",
)  # fmt: skip


@dataclass(eq=False)
class Person:
    name: str
    number: str
    sex: str
    family: "Family"
    grade: int = ADULT


@dataclass(eq=False)
class Family:
    surname: str
    town: str
    village: str
    phones: tuple[str, str]
    adults: list[Person] = field(default_factory=list)
    children: list[Person] = field(default_factory=list)
    household: str = ""


Row = dict[str, Any]


class County:
    """Builds the two files row by row; `truth` names the pairs that are one child."""

    def __init__(self, seed: int, *, scale: float = 1.0, noise: float = 1.0, county: int = 1) -> None:
        self.random = random.Random(seed)
        self.area = f"99{county:02d}"  # was never issued
        mark = "" if county == 1 else str(county)
        self.scale, self.noise = scale, noise
        self.roster: list[Row] = []
        self.register: list[Row] = []
        self.rows_of: dict[Person, list[Row]] = defaultdict(list)
        self.line_of: dict[Person, Row] = {}
        self.kind_of: dict[Person, str] = {}
        self._given_out: set[str] = set()
        self._surnames = [word.rstrip("0123456789") for word in _SURNAMES]
        self._weights = [int(word[len(name) :]) for word, name in zip(_SURNAMES, self._surnames, strict=True)]
        self._sounds = _by_sound(sorted({*_BOYS, *_GIRLS, *_ELDERS}))
        self._shapes: dict[str, list[str]] = defaultdict(list)
        for pair in _LOOK_ALIKES:
            if pair[0] != pair[1]:
                self._shapes[pair[0]].append(pair[1])
        self._places = [
            (f"{mark}{town}乡", f"{side}{surname}{end}村", surname)
            for town in "城吴南白宁宜钱汲石丁张双秋东巴李胡虎岗楼"
            for side in ("", "东", "西", "前", "后")
            for end in self.random.sample(_VILLAGES, 5)
            for surname in self._pick(self._surnames, self._weights)
        ]
        self._build()

    def _n(self, whole: int) -> int:
        return max(1, round(whole * self.scale))

    def _pick(self, what: Iterable[str], weights: list[int] | None = None) -> list[str]:
        return self.random.choices(list(what), weights)

    def _often(self, share: float) -> bool:
        """Whether something that spoils context happens, more often with more noise."""
        return self.random.random() < min(0.9, share * self.noise)

    # --- people

    def _given(self, sex: str, letters: str = "") -> str:
        letters = letters or (_BOYS if sex == "男" else _GIRLS)
        weights = [1 / (n + 6) ** 0.85 for n in range(len(letters))]
        return "".join(self.random.choices(letters, weights, k=1 if self.random.random() < 0.15 else 2))

    def _number(self, born: date, sex: str, order: int | None = None) -> str:
        """A right number that nobody else has."""
        while True:
            area = f"{self.area}01" if self.random.random() < 0.9 else f"{self.area}{self.random.randrange(10, 99)}"
            place = self.random.randrange(1, 998) if order is None else order
            place += (place % 2 == 1) != (sex == "男")
            first = f"{area}{born:%Y%m%d}{place:03d}"
            if first not in self._given_out:
                self._given_out.add(first)
                return first + check_digit(first)
            order = None

    def _born(self, grade: int) -> date:
        return date(2018 - grade, 9, 1) - timedelta(days=self.random.randrange(365))

    def _adult(self, family: "Family", surname: str, sex: str, oldest: int, youngest: int) -> None:
        born = date(self.random.randrange(oldest, youngest), 1, 1) + timedelta(days=self.random.randrange(365))
        family.adults.append(Person(surname + self._given(sex, _ELDERS), self._number(born, sex), sex, family))

    def _child(self, family: Family, grade: int | None = None, **given: Any) -> Person:
        grade = self.random.randrange(len(_GRADES)) if grade is None else grade
        sex = given.get("sex") or self.random.choice("男女")
        name = given.get("name") or family.surname + self._given(sex)
        number = self._number(given.get("born") or self._born(grade), sex, given.get("order"))
        child = Person(name, number, sex, family, grade)
        family.children.append(child)
        return child

    def _family(self, children: int, *, place: tuple[str, str, str] | None = None, twins: bool = False) -> Family:
        town, village, mine = place or self.random.choice(self._places)
        surname = mine if self.random.random() < 0.4 else self._pick(self._surnames, self._weights)[0]
        wife = self._pick(self._surnames, self._weights)[0]
        family = Family(surname, town, village, (self._phone(), self._phone()))
        self._adult(family, surname, "男", 1972, 1995)
        self._adult(family, wife, "女", 1974, 1996)
        if self.random.random() < 0.6:
            self._adult(family, surname, "男", 1945, 1968)
        if self.random.random() < 0.6:
            self._adult(family, self._pick(self._surnames, self._weights)[0], "女", 1947, 1970)
        if twins:
            grade = self.random.randrange(len(_GRADES))
            first = self._child(family, grade, order=self.random.randrange(1, 990))
            born = date(int(first.number[6:10]), int(first.number[10:12]), int(first.number[12:14]))
            sex = first.sex if self.random.random() < 0.65 else "男女".replace(first.sex, "")
            letters = _BOYS if sex == "男" else _GIRLS
            name = first.name
            while name == first.name:
                name = first.name[:-1] + self.random.choice(letters)
            self._child(family, grade, sex=sex, name=name, born=born, order=int(first.number[14:17]) + 1)
        while len(family.children) < children:
            child = self._child(family)
            if any(child.name == other.name for other in family.children if other is not child):
                family.children.remove(child)
        return family

    def _phone(self) -> str:
        return f"1{self.random.randrange(3, 10)}{self.random.randrange(10**9):09d}"

    # --- rows

    def _enroll(self, child: Person) -> Row:
        family = child.family
        guardian = self.random.choices(family.adults, [5, 3, 2, 2][: len(family.adults)])[0]
        outside = self._often(0.06)
        name = self._pick(self._surnames)[0] + self._given("女", _ELDERS) if outside else guardian.name
        phone = family.phones[0] if not self._often(0.5) else family.phones[1] if self.random.random() < 0.5 else ""
        town, village = child.family.town, child.family.village
        if self._often(0.14):
            place = self.random.choice(self._places)
            town, village = self.random.choice(
                [(town, ""), ("", village), (town, village[:-1]), (town, f"{village}委会"), place[:2]]
            )
        grade, stage = _GRADES[child.grade]
        row = {
            "id": child.number,
            "name": child.name,
            "sex": child.sex,
            "school": f"{town}学校{self.random.randrange(SCHOOLS)}",
            "stage": stage,
            "grade": grade,
            "cls": f"{self.random.randrange(1, 9)}班",
            "boarding": "是" if child.grade > 8 and self.random.random() < 0.6 else "否",
            "guardian": name,
            "guardian_id": "" if outside else guardian.number,
            "phone": phone or self._phone(),
            "township": town,
            "village": village,
        }
        self.roster.append(row)
        self.rows_of[child].append(row)
        return row

    def _list(self, family: Family) -> None:
        family.household = f"HH{len(self.register):07d}"
        head = family.adults[-1] if len(family.adults) > 2 and self.random.random() < 0.5 else family.adults[0]
        category = self.random.choices(_CATEGORIES, [70, 6, 6, 3, 12, 3])[0]
        for person in [*family.adults, *family.children]:
            child = person.grade != ADULT
            stage = _GRADES[person.grade][1] if child else ""
            row = {
                "hh": family.household,
                "id": person.number,
                "name": person.name,
                "sex": person.sex,
                "relation": "户主"
                if person is head
                else ("之子" if person.sex == "男" else "之女")
                if child
                else "其他",
                "head_name": head.name,
                "head_id": head.number,
                "phone": family.phones[0],
                "township": family.town,
                "village": family.village,
                "category": category,
                "edu": self.random.choice(["", "小学", "非在校生"]) if child and self._often(0.05) else stage,
                "is_child": "true" if child else "false",
            }
            self.register.append(row)
            self.line_of[person] = row

    # --- the county

    def _build(self) -> None:
        listed: list[Person] = []
        missing: list[Person] = []
        for place in range(self._n(HOUSEHOLDS)):
            twins = place < self._n(250)
            count = 2 if twins else self.random.choices([0, 1, 2, 3], [495, 365, 125, 15])[0]
            family = self._family(count, twins=twins)
            self._list(family)
            for child in family.children:
                (listed if self.random.random() < (0.8 if twins else 0.925) else missing).append(child)
        for child in listed:
            self._enroll(child)
        self._set_traps(listed, missing)
        while len(self.roster) < self._n(CHILDREN):
            family = self._family(self.random.choices([1, 2, 3], [60, 34, 6])[0], twins=self.random.random() < 0.012)
            for child in family.children:
                self._enroll(child)
        self._plant(listed)
        self._spoil_strangers()
        self.random.shuffle(self.roster)
        for rows, name in ((self.roster, "rid"), (self.register, "gid")):
            for number, row in enumerate(rows, start=1):
                row[name] = number

    def _set_traps(self, listed: list[Person], missing: list[Person]) -> None:
        """Children who look like listed ones and are others."""
        alone = [child for child in missing if len(child.family.children) == 1]
        for child in alone[: self._n(210)]:  # born on one day, elsewhere
            self._stranger(child, self.random.choice(self._places), _born_on(child))
        for child in alone[self._n(210) : self._n(250)]:  # in the same village, a day apart
            here = (child.family.town, child.family.village, child.name[:1])
            self._stranger(child, here, _born_on(child) + timedelta(days=self.random.choice([-1, 1, 10])))
        for child in self.random.sample(listed, min(len(listed), self._n(100))):  # a cousin of one name
            self._stranger(child, (child.family.town, child.family.village, child.name[:1]), None)
        for child in self.random.sample(listed, min(len(listed), self._n(60))):  # the next sequence number
            family = self._family(0)
            order = min(996, int(child.number[14:17]) + 2)
            self._enroll(self._child(family, child.grade, sex=child.sex, born=_born_on(child), order=order))
        for child in missing[: self._n(20)]:  # a slip that hits a stranger's number
            self._enroll(self._child(self._family(0)))["id"] = child.number
        for child in self.random.sample(listed, min(len(listed), self._n(300))):  # enrolled twice
            row = dict(self.rows_of[child][0], school=f"转入学校{self.random.randrange(SCHOOLS)}")
            self.roster.append(row)
            self.rows_of[child].append(row)

    def _stranger(self, child: Person, place: tuple[str, str, str], born: date | None) -> None:
        family = self._family(0, place=place)
        self._enroll(self._child(family, child.grade, sex=child.sex, name=child.name, born=born))

    # --- errors

    def _plant(self, listed: list[Person]) -> None:
        waiting = [kind for kind, count in KINDS.items() for _each in range(self._n(count))]
        self.random.shuffle(waiting)
        once = [child for child in listed if len(self.rows_of[child]) == 1]
        self.random.shuffle(once)
        once.sort(key=lambda child: not _is_twin(child))
        twins = [child for child in once if _is_twin(child)][: self._n(80)]
        for child in [*twins, *(one for one in once if not _is_twin(one))]:
            if not waiting:
                return
            if child not in self.kind_of and self._err(child, waiting[-1]):
                waiting.pop()
            elif self.random.random() < 0.2:
                waiting.insert(0, waiting.pop())

    def _err(self, child: Person, kind: str) -> bool:
        row = self.rows_of[child][0] if self.random.random() < 0.55 else self.line_of[child]
        if kind == "id_swapped":
            return self._swap(child)
        before = dict(row)
        guardian = self.rows_of[child][0]["guardian_id"] or child.family.adults[0].number
        siblings = [one for one in child.family.children if one is not child]
        sibling = self.random.choice(siblings).number if siblings else ""
        if all(self._change(row, part, guardian, sibling) for part in kind.split("+")) and row != before:
            self.kind_of[child] = kind
            return True
        row.update(before)
        return False

    def _swap(self, child: Person) -> bool:
        """Two siblings stand in the roster with each other's numbers."""
        for other in child.family.children:
            if other is not child and len(self.rows_of[other]) == 1 and other not in self.kind_of:
                mine, theirs = self.rows_of[child][0], self.rows_of[other][0]
                mine["id"], theirs["id"] = theirs["id"], mine["id"]
                self.kind_of[child] = self.kind_of[other] = "id_swapped"
                return True
        return False

    def _spoil_strangers(self) -> None:
        """The same errors in rows without a partner: they must not make anybody certain."""
        partners = {id(row) for person in self.line_of for row in self.rows_of[person]}
        share = sum(KINDS.values()) * 0.5 / 19_400
        kinds = [kind for kind in KINDS if kind not in {"id_sibling", "id_swapped"}]
        weights = [KINDS[kind] for kind in kinds]
        for row in self.roster:
            if id(row) not in partners and self.random.random() < share:
                before = dict(row)
                parts = self.random.choices(kinds, weights)[0].split("+")
                if not all(self._change(row, part, row["guardian_id"], "") for part in parts):
                    row.update(before)
        lines = {id(self.line_of[person]) for person in self.line_of if self.rows_of[person]}
        kinds = [kind for kind in kinds if "guardian" not in kind and kind != "id_digit_valid"]
        for row in self.register:
            if id(row) not in lines and self.random.random() < share:
                before = dict(row)
                parts = self.random.choice(kinds).split("+")
                if not all(self._change(row, part, "", "") for part in parts):
                    row.update(before)

    def _change(self, row: Row, kind: str, guardian: str, sibling: str) -> bool:
        number, name = row["id"], row["name"]
        if kind == "id_guardian":
            row["id"] = guardian
        elif kind == "id_sibling":
            row["id"] = sibling
        elif kind.startswith("id_"):
            row["id"] = self._changes()[kind](number)
        elif kind == "name_format":
            row["name"] = self.random.choice([f"{name[0]} {name[1:]}", f"{name}\u3000", f"\u3000{name}"])
        elif kind == "name_changed":
            row["name"] = name[:1] + self._given(row["sex"])
        else:
            row["name"] = self._misspelled(name, self._sounds if kind == "name_homophone" else self._shapes)
        return (
            bool(row["id"] or kind == "id_missing") and (row["id"], row["name"]) != (number, name) and row["name"] != ""
        )

    def _misspelled(self, name: str, alike: dict[str, list[str]]) -> str:
        places = [place for place in range(1, len(name)) if alike.get(name[place])]
        if not places:
            return ""
        place = self.random.choice(places)
        return name[:place] + self.random.choice(alike[name[place]]) + name[place + 1 :]

    def _changes(self) -> dict[str, Callable[[str], str]]:
        return {
            "id_digit": self._digit,
            "id_transposed": self._transposed,
            "id_digit_valid": self._digit_valid,
            "id_dropped_digit": lambda n: (place := self.random.randrange(6, 18)) and n[:place] + n[place + 1 :],
            "id_missing": lambda _n: self.random.choice(["", "", "", "无", "暂无", "-"]),
            "id_15": lambda n: n[:6] + n[8:17],
            "id_excel": lambda n: n[:15] + "000" if self.random.random() < 0.6 else f"{float(n[:17] + '0'):.5E}",
            "id_format": lambda n: self.random.choice([f" {n}", f"{n}\u3000", f"{n[:6]} {n[6:14]} {n[14:]}", f"'{n}"]),
        }

    def _digit(self, number: str) -> str:
        place = self.random.randrange(17)
        return number[:place] + self.random.choice("0123456789".replace(number[place], "")) + number[place + 1 :]

    def _transposed(self, number: str) -> str:
        places = [n for n in range(6, 16) if number[n] != number[n + 1]]
        place = self.random.choice(places)
        return number[:place] + number[place + 1] + number[place] + number[place + 2 :]

    def _digit_valid(self, number: str) -> str:
        """A slip after which the form "mended" the check digit."""
        while True:
            changed = self._digit(number)
            try:
                born = date(int(changed[6:10]), int(changed[10:12]), int(changed[12:14]))
            except ValueError:
                continue
            if 2003 <= born.year <= 2019:
                return changed[:17] + check_digit(changed[:17])

    # --- files

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "roster.csv", ROSTER, self.roster)
        _write(folder / "register.csv", REGISTER, self.register)
        pairs = [
            {"rid": row["rid"], "gid": line["gid"], "kind": self.kind_of.get(person, "clean")}
            for person, line in self.line_of.items()
            for row in self.rows_of.get(person, ())
        ]
        _write(folder / "truth.csv", ("rid", "gid", "kind"), pairs)


def _by_sound(letters: list[str]) -> dict[str, list[str]]:
    sounds: dict[str, list[str]] = defaultdict(list)
    for letter in letters:
        sounds[pinyin(letter, style=Style.NORMAL)[0][0]].append(letter)
    return {letter: [one for one in alike if one != letter] for alike in sounds.values() for letter in alike}


def _born_on(child: Person) -> date:
    return date(int(child.number[6:10]), int(child.number[10:12]), int(child.number[12:14]))


def _is_twin(child: Person) -> bool:
    return any(one is not child and one.number[6:14] == child.number[6:14] for one in child.family.children)


def _write(path: Path, columns: Iterable[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--noise", type=float, default=1.0)
    parser.add_argument("--county", type=int, default=1, help="1 to 99")
    options = parser.parse_args()
    county = County(options.seed, scale=options.scale, noise=options.noise, county=options.county)
    county.write(options.out)
    print(f"seed {options.seed}: {len(county.roster):,} children, {len(county.register):,} listed, {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
