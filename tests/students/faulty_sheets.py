"""A clean roster of four children, and what people do to it: cell → what is written there → what has to be found.

Row 1 is the title, row 2 the head, rows 3 to 6 are children. The school has the stages 小学 and 初中.
"""

import re
from datetime import date
from typing import Any

from common.resident_ids import check_digit
from tests import hostile
from tests.factories import card_number, resident_id
from tests.workbooks import ROSTER_HEAD, roster_row

HEAD = (
    *ROSTER_HEAD, "在校状态", "本学期收费（元）", "监护人证件号", "是否孤儿", "是否残疾", "是否建档立卡",
    "是否烈士子女", "是否有学籍",
)  # fmt: skip
_FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
_DAY, _ELDER = date(2012, 3, 4), date(2008, 9, 9)
FATHER = resident_id(9, born_on=date(1985, 5, 6))
GIRL = resident_id(2, born_on=_DAY, sex="female")
"""The number in E4."""
CARD = card_number(3)
PERMIT = "81000020120304002" + check_digit("81000020120304002")
WRONG = GIRL[:17] + ("1" if GIRL[17] != "1" else "2")


def _child(number: int, **facts: Any) -> list[Any]:
    names = ("status", "fee", "guardian_id", "orphan", "disabled", "poor", "martyr", "registered")
    more = {key: facts.pop(key, "") for key in names}
    return [*roster_row(number, **facts), *more.values()]


def _another(row: int, number: int = 40, **facts: Any) -> dict[str, Any]:
    """One more child, in whichever row."""
    cells = _child(row - 2, **{"id_number": resident_id(number), **facts})
    return {f"{letters(place)}{row}": cell for place, cell in enumerate(cells)}


def sheet(changes: dict[str, Any]) -> bytes:
    """The clean roster with some cells written otherwise."""
    rows: list[list[Any]] = [
        ["示范九年一贯制学校学生花名册"],
        list(HEAD),
        _child(1, id_number=resident_id(1), born_on="2012-03-04"),
        _child(2, id_number=GIRL, born_on="2012-03-04", sex="女", boarding="走读", status="在读", fee="1200"),
        _child(3, id_number=resident_id(3), card_number=CARD, card_holder="王建国", card_relation="父亲"),
        _child(4, id_number=resident_id(4, born_on=_ELDER), stage="初中", grade="七年级", claim="低保家庭学生"),
    ]
    for cell, value in changes.items():
        letters, row = re.fullmatch(r"([A-Z]+)(\d+)", cell).groups()
        place = place_of(letters)
        while len(rows) < int(row):
            rows.append([])
        line = rows[int(row) - 1]
        line.extend([""] * (place + 1 - len(line)))
        line[place] = value
    return hostile.xlsx(rows)


def place_of(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def letters(place: int) -> str:
    return (chr(ord("A") + place // 26 - 1) if place > 25 else "") + chr(ord("A") + place % 26)


Case = tuple[dict[str, Any], list[tuple[str, str]]]


def _one(cell: str, value: Any, code: str, *, at: str = "") -> Case:
    return {cell: value}, [(at or cell, code)]


HEADINGS: dict[str, Case] = {
    "a heading nobody knows": _one("L2", "最喜欢的颜色", "heading-unknown"),
    "another column beside": _one("AC2", "鞋码", "heading-unknown"),
    "a typing error in a heading": _one("O2", "监护人联系电活", "heading-guessed"),
    "a wrong character in a heading": _one("T2", "持卡人与学生关糸", "heading-guessed"),
    "a character too many": _one("V2", "在校校状态", "heading-guessed"),
    "a heading twice": _one("L2", "困难类型", "heading-doubled", at="M2"),
    "the second choice of a heading": _one("L2", "家长姓名", "heading-unknown"),
    "a title in the middle of the head": _one("L2", "（此列不填）以下由县填写", "heading-unknown"),
    "a heading that nobody needs": ({"L2": "民族"}, []),
    "two headings that nobody needs": ({"L2": "民族", "AC2": "民族"}, []),
    "stars and notes in headings": ({"B2": "★姓 名（必填）", "O2": "家长\n电话", "F2": "出生日期*"}, []),
}
NAMES: dict[str, Case] = {
    "no name": _one("B4", "", "name-missing"),
    "a name of blanks": _one("B4", "\u3000 ", "name-missing"),
    "a digit behind the name": _one("B4", "王小二2", "name-odd"),
    "a letter in the name": _one("B4", "王小B", "name-odd"),
    "a note in brackets": _one("B4", "王小二（转）", "name-odd"),
    "a note in half-width brackets": _one("B4", "王小二(休学)", "name-odd"),
    "a bracket that does not close": _one("B4", "王小二【新", "name-odd"),
    "a question mark for a character": _one("B4", "王?二", "name-odd"),
    "a star at the name": _one("B4", "王小二*", "name-odd"),
    "a name in Latin letters": _one("B4", "Wangxiaoer", "name-odd"),
    "a full-width letter": _one("B4", "王小Ａ", "name-odd"),
    "a character of private use": _one("B4", "王\ue863二", "name-private-use"),
    "a character of the last private plane": _one("B4", "王\U00100001二", "name-private-use"),
    "a bullet for the interpunct": _one("B4", "阿依古丽•买买提", "name-interpunct"),
    "a full stop for the interpunct": _one("B4", "阿依古丽.买买提", "name-interpunct"),
    "a katakana dot": _one("B4", "阿依古丽・买买提", "name-interpunct"),
    "a full-width stop": _one("B4", "阿依古丽．买买提", "name-interpunct"),
    "a circle for the interpunct": _one("B4", "阿依古丽。买买提", "name-interpunct"),
    "a blank in the name": _one("B4", "王 二", "name-blank"),
    "a wide blank in the name": _one("B4", "王\u3000二", "name-blank"),
    "a zero-width blank": _one("B4", "王\u200b小二", "name-blank"),
    "a quotation mark": _one("B4", "'王小二", "name-blank"),
    "one character only": _one("B4", "王", "name-short"),
    "far too long a name": _one("B4", "王" * 51, "name-too-long"),
    "a rare character": ({"B4": "王𬱖"}, []),
    "a rare character of the third plane": ({"B4": "王𰻝二"}, []),
    "the right interpunct": ({"B4": "阿依古丽·买买提"}, []),
    "blanks around the name": ({"B4": " 王小二\u3000"}, []),
}
IDS: dict[str, Case] = {
    "no number": _one("E4", "", "id-missing"),
    "a number cell": _one("E4", 411625201203150012, "id-digits-lost"),
    "a number cell with a float": _one("E4", 4.1162520120315e17, "id-digits-lost"),
    "E+17 as text": _one("E4", "4.11625E+17", "id-end-lost"),
    "noughts at the end": _one("E4", GIRL[:15] + "000", "id-end-lost"),
    "17 digits": _one("E4", GIRL[:9] + GIRL[10:], "id-length"),
    "19 digits": _one("E4", GIRL[:9] + "7" + GIRL[9:], "id-length"),
    "16 digits": _one("E4", GIRL[:16], "id-length"),
    "20 digits of a disability card": _one("E4", GIRL + "43", "id-length"),
    "11 digits of a telephone": _one("E4", "19900001234", "id-length"),
    "15 digits of a number before 1999": _one("E4", GIRL[:6] + GIRL[8:17], "id-old"),
    "a wrong check digit": _one("E4", WRONG, "id-wrong"),
    "two digits swapped": _one("E4", GIRL[:15] + GIRL[16] + GIRL[15] + GIRL[17], "id-wrong"),
    "a multiplication sign for X": _one("E4", GIRL[:17] + "×", "id-wrong"),
    "the 31st of February": _one("E4", GIRL[:10] + "0231" + GIRL[14:], "id-birth-impossible"),
    "month 13": _one("E4", GIRL[:10] + "1304" + GIRL[14:], "id-birth-impossible"),
    "O for nought": _one("E4", GIRL.replace("0", "O", 1), "id-letters"),
    "I for one": _one("E4", GIRL.replace("1", "I", 1), "id-letters"),
    "the school register's number": _one("E4", "G" + GIRL, "id-register-number"),
    "a temporary register's number": _one("E4", "L" + GIRL, "id-register-number"),
    "words for a number": _one("E4", "办理中", "id-other"),
    "a dash": _one("E4", "—", "id-other"),
    "a day in the number's column": _one("E4", date(2012, 3, 4), "id-other"),
    "full-width digits": _one("E4", GIRL.translate(_FULL_WIDTH), "id-full-width"),
    "one full-width digit": _one("E4", GIRL.replace("9", "９", 1), "id-full-width"),
    "blanks in the number": _one("E4", f"{GIRL[:6]} {GIRL[6:14]} {GIRL[14:]}", "id-blanks"),
    "a no-break space behind": _one("E4", GIRL + "\u00a0", "id-blanks"),
    "a zero-width character": _one("E4", GIRL[:6] + "\u200b" + GIRL[6:], "id-blanks"),
    "a direction mark of a chat": _one("E4", "\u202d" + GIRL + "\u202c", "id-blanks"),
    "an apostrophe in front": _one("E4", "'" + GIRL, "id-blanks"),
    "a small x": _one("E3", resident_id(1).lower(), "id-small-x"),
    "the guardian's number in both columns": ({"E4": FATHER, "X4": FATHER}, [("E4", "id-guardian")]),
    "a wrong number for the guardian": _one("X4", FATHER[:-1] + ("1" if FATHER[-1] != "1" else "2"), "guardian-id-odd"),
    "the father's number": _one("E4", FATHER, "id-adult"),
    "another day than in the number": _one("F4", "2012-03-05", "id-birth-differs"),
    "another sex than in the number": _one("C4", "男", "id-sex-differs"),
    "a passport without its type": ({"E4": "E12345678", "D4": ""}, [("E4", "id-other")]),
    "a passport as a resident's card": _one("E4", "E12345678", "id-other"),
    "a home return permit without its type": ({"E4": "H12345678", "D4": ""}, [("E4", "id-other")]),
    "a resident's number as a passport": _one("D4", "护照", "id-type-differs"),
    "a place in the national register in words nobody knows": _one("AC4", "不清楚", "yes-no-unreadable"),
    "a resident's number as a residence permit": _one("D4", "港澳台居民居住证", "id-type-differs"),
    "a resident's number as no document": _one("D4", "无证件", "id-type-differs"),
    "a home return permit with a digit too few": (
        {"D4": "港澳居民来往内地通行证", "E4": "H1234567"},
        [("E4", "id-type-differs")],
    ),
    "a Taiwan permit with letters": ({"D4": "台湾居民来往大陆通行证", "E4": "T1234567"}, [("E4", "id-type-differs")]),
    "a passport that is far too long": ({"D4": "护照", "E4": "E1234567890123"}, [("E4", "id-type-differs")]),
    "a foreigner's card that is none": ({"D4": "外国人永久居留身份证", "E4": "AB12"}, [("E4", "id-type-differs")]),
    "a residence permit with a wrong check digit": (
        {"D4": "居住证", "E4": PERMIT[:17] + ("1" if PERMIT[17] != "1" else "2")},
        [("E4", "id-wrong")],
    ),
    "a type nobody knows": _one("D4", "学生证", "id-type-unknown"),
    "no document and no birth date": ({"D4": "无证件", "E4": "", "F4": ""}, [("F4", "birth-missing")]),
    "no document but a birth date": ({"D4": "无证件", "E4": ""}, []),
    "no type": ({"D4": ""}, []),
    "a passport": ({"D4": "护照", "E4": "E12345678"}, []),
    "a foreign name with a passport": ({"D4": "护照", "E4": "E12345678", "B4": "Anna Smith"}, []),
    "a home return permit": ({"D4": "港澳居民来往内地通行证", "E4": "H12345678"}, []),
    "a Taiwan permit": ({"D4": "台胞证", "E4": "12345678"}, []),
    "a Taiwan permit in a number cell": ({"D4": "台胞证", "E4": 12345678}, []),
    "a residence permit": ({"D4": "港澳台居民居住证", "E4": PERMIT}, []),
    "a foreigner's card of letters": ({"D4": "外国人永久居留身份证", "E4": "FRA123456789012"}, []),
    "a foreigner's card of 18": ({"D4": "外国人永久居留身份证"}, []),
    "another document": ({"D4": "其他证件", "E4": "出生证A123"}, []),
}  # fmt: skip
TWINS: dict[str, Case] = {
    "a child twice": (_another(7, 1), [("E7", "id-twice")]),
    "a child twice, once with a blank": (
        _another(7, sex="女", id_number=f" {GIRL}"),
        [("E7", "id-blanks"), ("E7", "id-twice")],
    ),
    "a child without a number twice": (
        _another(7, name="李三", id_number="", id_type="无证件", born_on="2012-05-05")
        | _another(8, name="李三", id_number="", id_type="无证件", born_on="2012.5.5"),
        [("E8", "child-twice")],
    ),
    "a child once without a number": (
        _another(7, name="李三", id_number="", id_type="无证件", born_on="2012-03-04") | _another(8, name="李三"),
        [("B8", "child-twice-perhaps")],
    ),
    "two of one name and day": (
        _another(7, 41, name="李三") | _another(8, 42, name="李 三".replace(" ", "")),
        [("B8", "name-twice")],
    ),
    "two of one name and different days": (
        _another(7, 41, name="李三") | _another(8, name="李三", id_number=resident_id(1, born_on=date(2012, 3, 5))),
        [],
    ),
}  # fmt: skip
PLACES: dict[str, Case] = {
    "no stage": _one("G4", "", "stage-missing"),
    "a stage nobody knows": _one("G4", "大学", "stage-missing"),
    "a stage that is not here": ({"G4": "普通高中", "H4": "高一"}, [("G4", "stage-not-here")]),
    "no grade": _one("H4", "", "grade-unknown"),
    "a grade nobody knows": _one("H4", "高九", "grade-unknown"),
    "the class in the grade": _one("H4", "三年级(2)班", "grade-unknown"),
    "a grade of another stage here": _one("H6", "三年级", "grade-of-other-stage", at="G6"),
    "a grade of no stage here": _one("H4", "大班", "grade-of-other-stage"),
    "a day for a grade": _one("H4", date(2021, 9, 1), "grade-unknown"),
    "too young for the grade": _one("H4", "六年级", "age-odd", at="F4"),
    "too old for the grade": ({"H3": "一年级", "E3": resident_id(5, born_on=_ELDER), "F3": ""}, [("F3", "age-odd")]),
    "born in the future": ({"E4": "", "D4": "无证件", "F4": "2031-03-04"}, [("F4", "age-impossible")]),
    "born last year": ({"E4": "", "D4": "无证件", "F4": "2021-03-04"}, [("F4", "age-impossible")]),
    "born long ago": ({"E4": "", "D4": "无证件", "F4": "1912-03-04"}, [("F4", "age-impossible")]),
    "a birth date nobody can read": _one("F4", "龙年三月", "birth-unreadable"),
    "a month that is none": _one("F4", "2012-13-04", "birth-unreadable"),
    "no day in the date": _one("F4", "2012年3月", "birth-unreadable"),
    "neither number nor readable date": ({"E4": "", "D4": "无证件", "F4": "龙年三月"}, [("F4", "birth-unknown")]),
    "a sex nobody knows": _one("C4", "母", "sex-unknown"),
    "a figure for the sex": _one("C4", 2, "sex-unknown"),
    "no class": _one("I4", "", "class-missing"),
    "a novel for a class": _one("I4", "三年级二班" * 7, "text-cut"),
    "no boarding": _one("J4", "", "boarding-unknown"),
    "boarding nobody knows": _one("J4", "不详", "boarding-unknown"),
    "a status nobody knows": _one("V4", "飞升", "status-unknown"),
    "a child that moved away": _one("V4", "转出", "status-left"),
    "a child that dropped out": _one("V4", "退学", "status-left"),
    "a child that finished": _one("V4", "毕业", "status-left"),
    "a child that died": _one("V4", "死亡", "status-left"),
    "a major of many words": _one("L4", "护理" * 30, "text-cut"),
    "a child that takes a break": ({"V4": "休学"}, []),
    "grades in other spellings": ({"H3": "3年级", "H4": "小三", "H5": "三", "H6": "初一"}, []),
    "stages in other spellings": ({"G3": "小学 ", "G4": "小学阶段", "G6": "初中阶段"}, []),
    "days in other spellings": ({"F4": "20120304", "F3": "2012.3.4", "F5": 40972, "F6": "2008年9月9日"}, []),
    "a date cell": ({"F4": date(2012, 3, 4)}, []),
    "boarding in other spellings": ({"J3": "√", "J4": "N", "J5": "1", "J6": "非寄宿生"}, []),
    "no sex": ({"C4": ""}, []),
}  # fmt: skip
MONEY: dict[str, Case] = {
    "words for a fee": _one("W4", "一千二", "fee-unreadable"),
    "a fee below nothing": _one("W4", "-5", "fee-unreadable"),
    "a fee with parts of a fen": _one("W4", 1200.555, "fee-unreadable"),
    "a fee beyond belief": _one("W4", "120万", "fee-unreadable"),
    "fees in other spellings": ({"W3": "1,000.00", "W4": "1000元", "W5": "￥1000", "W6": "0.1万"}, []),
    "no fee": ({"W3": "/", "W4": "无", "W5": "—"}, []),
    "an orphan perhaps": _one("Y4", "不清楚", "yes-no-unreadable"),
    "disabled in a way nobody knows": _one("Z4", "见附件", "yes-no-unreadable"),
    "registered by year": _one("AA4", "2016", "yes-no-unreadable"),
    "a martyr's child perhaps": _one("AB4", "？", "yes-no-unreadable"),
    "claims in other spellings": ({"Y3": "√", "Y4": "否", "Z4": "视力残疾", "Z5": "无残疾", "AA4": "Y", "AB4": 0}, []),
    "claims without end": _one("M4", "低保家庭学生、" * 9, "text-cut"),
    "a telephone with a digit too few": _one("O4", "1990000123", "phone-odd"),
    "two telephones": _one("O4", "19900001234/19900001235", "phone-odd"),
    "a fixed telephone": _one("O4", "0394-1234567", "phone-odd"),
    "a telephone with dashes": _one("O4", "199-0000-1234", "phone-odd"),
    "a telephone in a number cell": ({"O4": 19900001234}, []),
    "a card with letters": _one("R5", "622848ABCD", "card-odd"),
    "a card with a digit too few": _one("R5", CARD[:15], "card-odd"),
    "a card with dashes": _one("R5", "6200-0000-0000-0000-03", "card-odd"),
    "a card in a number cell": _one("R5", 6200000000000000031, "card-digits-lost"),
    "a card in E+18": _one("R5", "6.20000E+18", "card-digits-lost"),
    "a card that ends in noughts": _one("R5", "6217001234567890000", "card-digits-lost"),
    "a card in groups of four": _one("R5", f"{CARD[:4]} {CARD[4:8]} {CARD[8:]}", "card-blanks"),
    "a full-width card": _one("R5", CARD.translate(_FULL_WIDTH), "card-blanks"),
    "the number for the card": _one("R5", resident_id(3), "card-is-id"),
    "a card of nobody": _one("S5", "", "card-holder-missing"),
    "one card, two holders": ({"R6": CARD, "S6": "李建国"}, [("R6", "card-shared")]),
    "one card of one father": ({"R6": CARD, "S6": "王建国"}, []),
    "a card without a relation": ({"T5": ""}, []),
    "a village of many words": _one("Q4", "东关村" * 40, "text-cut"),
    "a town of many words": _one("P4", "城关镇" * 20, "text-cut"),
    "a note without end": _one("U4", "说" * 201, "text-cut"),
}  # fmt: skip
ROWS: dict[str, Case] = {
    "a total": _one("A7", "合计：4人", "total-row"),
    "a total in another column": _one("B7", "合计", "total-row"),
    "a subtotal in the middle": ({"B7": "小计"} | _another(8), [("7", "total-row")]),
    "a total that is wrong": ({"A7": "合计：5人"}, [("7", "total-row"), ("7", "total-differs")]),
    "a total that is wrong beside its word": ({"A7": "合计", "B7": 6}, [("7", "total-row"), ("7", "total-differs")]),
    "a total of money": ({"A7": "合计", "W7": 1200}, [("7", "total-row")]),
    "signatures": _one("A7", "单位负责人：        审核人：", "foot-row"),
    "a remark below": _one("A7", "备注：以上数据真实", "foot-row"),
    "a line of text below": _one("A8", "以上情况属实", "foot-row"),
    "a blank row between": (_another(8), [("7", "blank-rows")]),
    "three blank rows between": (_another(10), [("7", "blank-rows")]),
    "two gaps": (_another(8) | _another(10, 41, name="李三"), [("7", "blank-rows"), ("9", "blank-rows")]),
    "only a number between": ({"A7": 5} | _another(8), [("7", "blank-rows")]),
    "the head once more": (
        {f"{letters(place)}7": text for place, text in enumerate(HEAD)} | _another(8), [("7", "head-row")],
    ),
    "rows numbered in advance": ({"A7": 5, "A8": 6, "A9": 7}, []),
    "blank rows at the end": ({"A7": " ", "B9": "\u3000"}, []),
    "a total, a gap and signatures": ({"A7": "合计：4人", "A9": "填表人："}, [("7", "total-row"), ("9", "foot-row")]),
}  # fmt: skip
for _name, (_changes, _expected) in ROWS.items():
    ROWS[_name] = _changes, [(cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), code) for cell, code in _expected]

ONE_EACH = HEADINGS | NAMES | IDS | TWINS | PLACES | MONEY | ROWS
TEN_EACH: dict[str, Case] = {
    "ten cells of one child": (
        {
            "B4": "王小二（转）", "C4": "男", "D4": "学生证", "F4": "2012-03-05", "H4": "六年级", "O4": "12345",
            "R4": "6217", "V4": "转出", "W4": "一千", "Y4": "不清楚",
        },
        [
            ("B4", "name-odd"), ("C4", "id-sex-differs"), ("D4", "id-type-unknown"), ("F4", "id-birth-differs"),
            ("F4", "age-odd"), ("O4", "phone-odd"), ("R4", "card-odd"), ("V4", "status-left"),
            ("W4", "fee-unreadable"), ("Y4", "yes-no-unreadable"),
        ],
    ),
    "ten numbers": (
        {
            "E3": GIRL[:17], "E4": WRONG, "E5": "4.1E+17", "E6": resident_id(1)[:10] + "1332" + resident_id(1)[14:],
        }
        | _another(7, id_number="办理中") | _another(8, id_number="") | _another(9, id_number=411625201203150012)
        | _another(10, id_number=FATHER) | _another(11, id_number=GIRL[:6] + GIRL[8:17])
        | _another(12, id_number=resident_id(11) + " "),
        [
            ("E3", "id-length"), ("E4", "id-wrong"), ("E5", "id-end-lost"), ("E6", "id-birth-impossible"),
            ("E7", "id-other"), ("E8", "id-missing"), ("E9", "id-digits-lost"), ("E10", "id-adult"), ("E11", "id-old"),
            ("E12", "id-blanks"),
        ],
    ),
    "ten names": (
        {"B3": "王", "B4": "李 二", "B5": "王\ue863三", "B6": ""}
        | _another(7, 41, name="张三3") | _another(8, 42, name="买买提．艾力") | _another(9, 43, name="张四[双胞胎]")
        | _another(10, 44, name="张" * 60) | _another(11, 45, name="张'五") | _another(12, 46, name="张X"),
        [
            ("B3", "name-short"), ("B4", "name-blank"), ("B5", "name-private-use"), ("B6", "name-missing"),
            ("B7", "name-odd"), ("B8", "name-interpunct"), ("B9", "name-odd"), ("B10", "name-too-long"),
            ("B11", "name-blank"), ("B12", "name-odd"),
        ],
    ),
    "ten places": (
        {
            "G3": "", "H4": "高九", "I5": "", "J6": "不详", "I6": "", "J3": "?", "J4": "", "V5": "神游",
            "C5": "不男不女", "F6": "二月",
        },
        [
            ("G3", "stage-missing"), ("J3", "boarding-unknown"), ("H4", "grade-unknown"), ("J4", "boarding-unknown"),
            ("I5", "class-missing"), ("V5", "status-unknown"), ("C5", "sex-unknown"), ("I6", "class-missing"),
            ("J6", "boarding-unknown"), ("F6", "birth-unreadable"),
        ],
    ),
    "ten cards and amounts": (
        {
            "R3": "6217", "R4": card_number(9), "R5": 6200000000000000031, "R6": resident_id(4, born_on=_ELDER),
            "W3": "很多", "W5": "-1", "O3": "1", "O4": "12", "Y5": "也许", "AB6": "可能",
        },
        [
            ("R3", "card-odd"), ("S4", "card-holder-missing"), ("R5", "card-digits-lost"), ("R6", "card-is-id"),
            ("W3", "fee-unreadable"), ("W5", "fee-unreadable"), ("O3", "phone-odd"), ("O4", "phone-odd"),
            ("Y5", "yes-no-unreadable"), ("AB6", "yes-no-unreadable"),
        ],
    ),
    "ten of the sheet": (
        {
            "K2": "最喜欢的颜色", "L2": "困难类型", "O2": "监护人联系电活", "A7": "小计", "A9": "合计：9人",
            "A10": "填表人：", "AC2": "鞋码", "A12": "以上属实", "A13": "审核人：", "E4": WRONG,
        },
        [
            ("K2", "heading-unknown"), ("M2", "heading-doubled"), ("O2", "heading-guessed"), ("7", "total-row"),
            ("9", "total-row"), ("9", "total-differs"), ("10", "foot-row"), ("AC2", "heading-unknown"),
            ("12", "foot-row"), ("13", "foot-row"), ("E4", "id-wrong"),
        ],
    ),
    "ten twins": (
        _another(7, 1) | _another(8, 2) | _another(9, 1) | _another(10, 1) | _another(11, 1)
        | _another(12, 1) | _another(13, 1) | _another(14, 1) | _another(15, 1) | _another(16, 1) | _another(17, 1),
        [(f"E{row}", "id-twice") for row in (7, *range(9, 18))],
    ),
}  # fmt: skip
