"""Invented summaries whose figures agree, in several ways of putting them, and ways to spoil one number."""

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import strategies as st

from reports.published.figures import Figure, figures, plain

ORDINALS = "一二三四五六七"


def wan(yuan: Decimal | int) -> str:
    return plain(Decimal(yuan) / 10_000)


def with_commas(number: int) -> str:
    return f"{number:,}"


@dataclass(frozen=True)
class Program:
    title: str
    people: str
    paid: str
    rates: tuple[int, ...]


PROGRAMS = (
    Program("学前教育资助", "家庭经济困难幼儿", "生活补助资金", (200, 300, 500, 750)),
    Program("义务教育资助", "家庭经济困难寄宿生", "生活补助资金", (500, 625)),
    Program("营养改善计划", "县城学校脱贫家庭学生", "营养膳食补助资金", (400, 500)),
    Program("普通高中资助", "家庭经济困难学生", "国家助学金", (1000, 1500)),
    Program("中职资助", "涉农专业和家庭经济困难学生", "国家助学金", (1000, 1150)),
)


@st.composite
def lines_of(draw, program):
    """Spring and autumn of one program: heads, and money at one rate."""
    heads = draw(st.integers(120, 9_800)), draw(st.integers(120, 9_800))
    return program, heads, draw(st.sampled_from(program.rates))


def _prose(line, style, number):
    program, (spring, autumn), rate = line
    money = [wan(heads * rate) for heads in (spring, autumn, spring + autumn)]
    who, paid, year = program.people, program.paid, spring + autumn
    title = {"numbers": f"{number}、", "brackets": f"（{ORDINALS[number - 1]}）"}[style[0]]
    if style[1] == "three":
        return [
            f"{title}{program.title}",
            f"2021年春季共资助{who}{spring}人，按每生{rate}元的标准发放{paid}{money[0]}万元。",
            f"2021年秋季共资助{who}{autumn}人，发放{paid}{money[1]}万元。",
            f"全年共为{year}人次{who}发放{paid}{money[2]}万元。",
        ]
    if style[1] == "within":
        return [
            f"{title}{program.title}。全年共资助{who}{with_commas(year)}人次，发放{paid}{money[2]}万元。"
            f"其中春季学期资助{with_commas(spring)}人，发放{money[0]}万元；"
            f"秋季学期资助{with_commas(autumn)}人，发放{money[1]}万元。",
        ]
    return [
        f"{title}{program.title}",
        f"春季学期发放{paid}{money[0]}万元，惠及{who}{spring}名；秋季学期发放{paid}{money[1]}万元，"
        f"惠及{who}{autumn}名；全年共发放{paid}{money[2]}万元，惠及{who}{year}人次。",
    ]


STYLES = st.tuples(st.sampled_from(["numbers", "brackets"]), st.sampled_from(["three", "within", "sum first"]))

PADDING = (
    "全县共有幼儿园426所，教职工1860人，组织培训6次，培训资助专干120多人次。",
    "抽查学校36所，走访学生240人，发现问题12个，已整改9个。",
    "2020年下发《关于做好学生资助工作的通知》（教资助〔2020〕16号），8月1日前完成核查，覆盖率达到100%。",
    "募集爱心捐款104.23万元，参与教职工10977人，捐款人数比去年增加312人。",
    "春季在校生18.4856万人，秋季在校生18.7163万人，全部享受免费教科书。",
    "共认定家庭经济困难学生3860人，其中脱贫家庭学生1204人，低保家庭学生655人，残疾学生88人。",
    "生源地信用助学贷款共为4128名大学生办理3562.4万元，其中首贷1530人，续贷2598人。",
    "为38名特困学生每人发放1000元慰问金，并为60名学生添置棉被，共支出5.2万元。",
    "上半年资助教师1200人，下半年资助教师1300人，全年共有1450名教师受益。",
)


@st.composite
def summaries(draw):
    """A whole text whose figures agree: headline, lines of two to five programs, and prose around them."""
    chosen = draw(st.lists(st.sampled_from(PROGRAMS), min_size=2, max_size=5, unique=True))
    lines = [draw(lines_of(program)) for program in chosen]
    style = draw(STYLES)
    people = sum(sum(heads) for _program, heads, _rate in lines)
    money = sum(sum(heads) * rate for _program, heads, rate in lines)
    head = draw(st.sampled_from(["", f"2021年共资助学生{people}人次，发放资助资金{wan(money)}万元。"]))
    text = [
        "2021年学生资助工作总结",
        "",
        "一、资助资金落实情况" if style[0] == "brackets" else "资助资金落实情况",
        head,
    ]
    for number, line in enumerate(lines, 1):
        text += _prose(line, style, number)
    text += ["二、其他工作", *draw(st.lists(st.sampled_from(PADDING), max_size=4, unique=True))]
    return "\n".join(text)


def spoil(draw, figure: Figure) -> str:
    """The printed number with one fault as copying and typing make them."""
    digits = figure.printed.replace(",", "")
    ways = ["digit"]
    if len(digits.replace(".", "")) > 2:
        ways += ["lost", "swapped"]
    if "." in digits:
        ways.append("point")
    way = draw(st.sampled_from(ways))
    places = [place for place, letter in enumerate(digits) if letter.isdigit()]
    if way == "point":
        return digits.replace(".", "")
    if way == "lost":
        place = draw(st.sampled_from(places[1:]))
        return digits[:place] + digits[place + 1 :]
    if way == "swapped":
        pairs = [
            p for p in places if p + 1 in places and digits[p] != digits[p + 1] and not (p == 0 and digits[1] == "0")
        ]
        if pairs:
            place = draw(st.sampled_from(pairs))
            return digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    place = draw(st.sampled_from(places))
    others = [letter for letter in "123456789" if letter != digits[place]]
    return digits[:place] + draw(st.sampled_from(others)) + digits[place + 1 :]


def spoiled(draw, text: str) -> tuple[str, Figure, str]:
    """A text with one number spoiled, the figure that it was, and what stands there now."""
    figure = draw(st.sampled_from(figures(text)))
    now = spoil(draw, figure)
    start = figure.start
    return text[:start] + now + text[start + len(figure.printed) :], figure, now
