"""Names of people: how two spellings of one name are recognized without changing either."""

import re
import unicodedata
from functools import lru_cache

from pypinyin import Style, pinyin

_BLANKS = re.compile(r"[\s\u200b\u200c\u200d\ufeff'`\"‘’“”]+")
# 民委发〔2016〕33号: U+00B7 is the only interpunct; these are typed or converted instead of it.
_INTERPUNCTS = dict.fromkeys(map(ord, "•‧∙⋅・･．。.●﹒"), "·")
_SURNAMES = {
    "曾": "zeng", "单": "shan", "任": "ren", "尉": "yu", "解": "xie", "仇": "qiu", "朴": "piao",
    "查": "zha", "翟": "zhai", "盖": "ge", "乐": "yue",
}  # fmt: skip
_VILLAGE_ENDINGS = re.compile(r"(村民委员会|居民委员会|村委会|居委会|行政村|自然村|社区|村)$")


def key(name: object) -> str:
    """The form in which names are compared: no blanks, one interpunct, half-width letters."""
    text = _BLANKS.sub("", unicodedata.normalize("NFKC", str(name or "")))
    return text.translate(_INTERPUNCTS)


@lru_cache(maxsize=20_000)
def _sound(character: str) -> str:
    return str(pinyin(character, style=Style.NORMAL)[0][0])


@lru_cache(maxsize=200_000)
def sound(name_key: str) -> str:
    """Pinyin without tones, so that homophones compare equal."""
    return " ".join(
        _SURNAMES.get(character) or _sound(character) if place == 0 else _sound(character)
        for place, character in enumerate(name_key)
    )


def village_key(village: object) -> str:
    return _VILLAGE_ENDINGS.sub("", key(village))
