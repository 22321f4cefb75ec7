"""A file of reference data read table by table and field by field: what is missing, wrong or left over is refused, with
the place in words.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.moves import Refused

SomeModel = TypeVar("SomeModel", bound=models.Model)


class BadReference(Refused):
    code = "bad-reference"
    message = _("参考数据文件 %(file)s 有误，未载入任何内容。")


class NotToml(BadReference):
    code = "reference-not-toml"
    message = _("参考数据文件 %(file)s 不是有效的 TOML 文件：%(detail)s")


class UnknownTable(BadReference):
    code = "reference-unknown-table"
    message = _("参考数据文件 %(file)s 中有无法识别的部分：%(table)s。")


class BadValue(BadReference):
    code = "reference-bad-value"
    message = _("参考数据文件 %(file)s 第 %(number)s 个 [[%(table)s]] 的 %(field)s 缺失或不合要求：%(value)s。")


class UnknownField(BadReference):
    code = "reference-unknown-field"
    message = _("参考数据文件 %(file)s 第 %(number)s 个 [[%(table)s]] 有无法识别的字段：%(field)s。")


class UnknownCode(BadReference):
    code = "reference-unknown-code"
    message = _("参考数据文件 %(file)s 第 %(number)s 个 [[%(table)s]] 的 %(field)s 不存在：%(value)s。")


class Repeated(BadReference):
    code = "reference-repeated"
    message = _("参考数据文件 %(file)s 第 %(number)s 个 [[%(table)s]] 与前面的重复：%(value)s。")


class Entry:
    """One table of a reference file, read by type. What is missing, wrong or left over is refused."""

    def __init__(self, file: str, table: str, number: int, values: Mapping[str, Any]) -> None:
        self.file, self.table, self.number = file, table, number
        self._values = dict(values)
        self._read: set[str] = set()

    def refused(self, refusal: type[BadReference], **params: object) -> BadReference:
        return refusal(file=self.file, table=self.table, number=self.number, **params)

    def place(self, what: str) -> str:
        """Where in the file this stands, and what it is about."""
        return f"[[{self.table}]] {self.number}: {what}"

    def value(self, field: str, kind: type[Any] | tuple[type[Any], ...], default: Any = ...) -> Any:
        self._read.add(field)
        value = self._values.get(field, default)
        is_right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        if value is ... or (value is not default and not is_right):
            raise self.refused(BadValue, field=field, value=self._values.get(field, "—"))
        return value

    def text(self, field: str, default: str | None = None) -> str:
        text = str(self.value(field, str, ... if default is None else default)).strip()
        if not text and default is None:
            raise self.refused(BadValue, field=field, value="—")
        return text

    def number_of(self, field: str, default: int | None = None) -> int:
        number = int(self.value(field, int, ... if default is None else default))
        if number < 0:
            raise self.refused(BadValue, field=field, value=number)
        return number

    def day(self, field: str) -> date:
        found: date = self.value(field, date)
        return found

    def last_day(self, field: str, *, first: date | None) -> date | None:
        """The end of a time; none where it is open. It may not lie before the first day."""
        last: date | None = self.value(field, date, None)
        if last and first and last < first:
            raise self.refused(BadValue, field=field, value=last)
        return last

    def fen(self, field: str) -> int:
        """Yuan, written 312.5 or "312.50", in whole fen."""
        yuan = self.value(field, (int, Decimal, str))
        try:
            fen = Decimal(yuan) * 100
        except ArithmeticError as error:
            raise self.refused(BadValue, field=field, value=yuan) from error
        if not fen.is_finite() or fen != fen.to_integral_value() or fen <= 0:
            raise self.refused(BadValue, field=field, value=yuan)
        return int(fen)

    def choice(self, field: str, choices: type[models.TextChoices], default: str | None = None) -> str:
        value = self.text(field, default)
        if value not in choices.values:
            raise self.refused(UnknownCode, field=field, value=value)
        return value

    def codes(self, field: str, known: Iterable[str]) -> list[str]:
        """A list of codes, each of them known; empty where the field is not written."""
        codes = [str(code) for code in self.value(field, list, [])]
        for code in codes:
            if code not in known:
                raise self.refused(UnknownCode, field=field, value=code)
        return codes

    def one(self, field: str, model: type[SomeModel]) -> SomeModel:
        code = self.text(field)
        found = model._default_manager.filter(pk=code).first()
        if found is None:
            raise self.refused(UnknownCode, field=field, value=code)
        return found

    def one_or_none(self, field: str, model: type[SomeModel]) -> SomeModel | None:
        return self.one(field, model) if self.value(field, str, None) else None

    def inner(self, field: str) -> Iterator["Entry"]:
        """Tables inside this one, such as the grades of a stage."""
        for number, values in enumerate(self.value(field, list, []), start=1):
            if not isinstance(values, dict):
                raise self.refused(BadValue, field=field, value=values)
            yield Entry(self.file, f"{self.table}.{field}", number, values)

    def end(self) -> None:
        """Everything that counts has been read: a field that nobody asked for is a slip of the pen."""
        for field in sorted(self._values.keys() - self._read):
            raise self.refused(UnknownField, field=field)


class ReferenceFile:
    """A TOML file of known tables; numbers with a point are decimals, so no amount passes through a float."""

    def __init__(self, path: Path, *, tables: frozenset[str]) -> None:
        self.name = path.name
        try:
            self._content = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        except (OSError, ValueError) as error:
            raise NotToml(file=self.name, detail=error) from error
        for table in sorted(self._content.keys() - tables):
            raise UnknownTable(file=self.name, table=table)

    def entries(self, table: str) -> Iterator[Entry]:
        written = self._content.get(table, [])
        if not isinstance(written, list):
            raise UnknownTable(file=self.name, table=table)
        for number, values in enumerate(written, start=1):
            entry = Entry(self.name, table, number, values)
            yield entry
            entry.end()

    def peek(self, table: str) -> Iterator[Entry]:
        """The entries of a table before they are read; nothing left over is refused yet."""
        for number, values in enumerate(self._content.get(table, []), start=1):
            yield Entry(self.name, table, number, values)


class Seen:
    """The natural keys that a file has named so far; naming one twice is a mistake."""

    def __init__(self) -> None:
        self._keys: set[tuple[object, ...]] = set()

    def add(self, entry: Entry, *key: object) -> None:
        if key in self._keys:
            raise entry.refused(Repeated, value=" · ".join(str(part) for part in key if part not in {None, ""}))
        self._keys.add(key)
