"""Money is whole fen (1/100 yuan) in integers; words and roundings are for display only."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation

_WANTED = re.compile(r"^[¥￥]?(?P<number>-?\d[\d,]*(?:\.\d+)?)(?P<unit>万元|万|元整|元)?$")
MOST_FEN = 10**15
"""Ten trillion yuan: what is more is a number of something else in an amount's place."""
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def parse_fen(text: str) -> int:
    """Fen in an amount as offices write it: "1,250.00", "1000元", "0.1万", "￥1000".

    Raises ValueError for anything else, for parts of a fen, and for more than MOST_FEN.
    """
    cleaned = unicodedata.normalize("NFKC", str(text)).replace(" ", "")
    found = _WANTED.match(cleaned)
    if not found:
        raise ValueError(f"not an amount: {text!r}")
    try:
        yuan = Decimal(found["number"].replace(",", ""))
    except InvalidOperation as error:
        raise ValueError(f"not an amount: {text!r}") from error
    fen = yuan * (1_000_000 if (found["unit"] or "").startswith("万") else 100)
    if fen != fen.to_integral_value():
        raise ValueError(f"parts of a fen: {text!r}")
    if abs(fen) > MOST_FEN:
        raise ValueError(f"more than there is: {text!r}")
    return int(fen)


def yuan(fen: int) -> str:
    """ "1,250.00" for 125000."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100:,}.{fen % 100:02d}"


def wan(fen: int, places: int = 4) -> str:
    """Ten thousands of yuan, for display: four decimals by default, because 625 yuan is 0.0625."""
    return f"{Decimal(fen) / 1_000_000:,.{places}f}"


def capitals(fen: int) -> str:
    """The amount in capital characters, as pay rolls and receipts carry it: 壹万贰仟元整."""
    if fen < 0:
        return "负" + capitals(-fen)
    whole, rest = divmod(fen, 100)
    words = _whole_in_capitals(whole) + "元" if whole else ""
    jiao, cents = divmod(rest, 10)
    if not rest:
        return (words or "零元") + "整"
    if jiao:
        words += _DIGITS[jiao] + "角"
    elif words:
        words += "零"
    return words + (_DIGITS[cents] + "分" if cents else "整")


def _whole_in_capitals(number: int) -> str:
    groups = []
    while number:
        number, part = divmod(number, 10_000)
        groups.append(part)
    words, gap = "", False
    for place, part in reversed(list(enumerate(groups))):
        if not part:
            gap = bool(words)
            continue
        nought = "零" if words and (gap or part < 1_000) else ""
        words += nought + _four_digits(part) + _GROUPS[place]
        gap = False
    return words


def _four_digits(part: int) -> str:
    words, nought = "", False
    for place in (3, 2, 1, 0):
        digit = part // 10**place % 10
        if digit:
            words += ("零" if nought and words else "") + _DIGITS[digit] + _PLACES[place]
            nought = False
        else:
            nought = True
    return words


def split_fen(amount_fen: int, per_mille: dict[str, int]) -> dict[str, int]:
    """Share an amount out by parts of a thousand without losing or making a fen.

    Shares are rounded down and the fen that are left go to the largest remainders,
    ties to the earlier payer, so the parts always add up to the amount.
    """
    if sum(per_mille.values()) != 1000:
        raise ValueError("shares must add up to 1000")
    parts = {payer: amount_fen * share // 1000 for payer, share in per_mille.items()}
    left = amount_fen - sum(parts.values())
    by_remainder = sorted(per_mille, key=lambda payer: -(amount_fen * per_mille[payer] % 1000))
    for payer in by_remainder[:left]:
        parts[payer] += 1
    return parts
