"""Writing many rows at once: one meaning, the fast way of each database.

PostgreSQL takes them by COPY into a temporary table and one INSERT … SELECT; SQLite by `executemany`.
Rows are sorted by their key first, so that two overlapping writers queue instead of deadlocking.
"""

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

from django.db import connection, models

from common.sealed import SealedField

Convert = Callable[[Any], Any]
Item = TypeVar("Item")

KEYS_A_QUERY = 500
"""How many values an `IN` is given: both databases look each of them up in an index."""


def in_parts(items: Iterable[Item], size: int = KEYS_A_QUERY) -> Iterator[list[Item]]:
    """Everything in its order, so many at a time."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def insert(model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Add rows; those that a unique constraint knows already are left as they are."""
    _write(model, fields, rows, unique=(), update=())


def upsert(
    model: type[models.Model],
    fields: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    unique: Sequence[str],
    update: Sequence[str],
) -> None:
    """Add rows, or bring the named `update` fields up to date where `unique` is there already.

    A row is written only where something differs. Sealed fields never compare equal (each sealing
    is fresh), so they follow their index field: name both in `update`.
    Every field without a null must be among `fields`. Call it inside a transaction.
    """
    _write(model, fields, rows, unique=unique, update=update)


def _write(
    model: type[models.Model],
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    unique: Sequence[str],
    update: Sequence[str],
) -> None:
    fields = {name: _field(model, name) for name in names}
    key = [list(names).index(name) for name in (unique or names[:1])]
    ordered = sorted(rows, key=_sort_key(key))
    if not ordered:
        return
    columns = [field.column for field in fields.values()]
    table = connection.ops.quote_name(model._meta.db_table)
    conflict = _conflict(table, fields, unique, update)
    quoted = ", ".join(connection.ops.quote_name(column) for column in columns)
    converts = [_converter(field) for field in fields.values()]
    values = [[convert(value) for convert, value in zip(converts, row, strict=True)] for row in ordered]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            staging = _staging_name(model, columns)
            copy = f"SELECT {quoted} FROM {table} WITH NO DATA"  # noqa: S608
            cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {staging} ON COMMIT DELETE ROWS AS {copy}")
            cursor.execute(f"TRUNCATE {staging}")
            cursor.copy_expert(f"COPY {staging} ({quoted}) FROM STDIN", _copy_text(values))
            cursor.execute(f"INSERT INTO {table} ({quoted}) SELECT {quoted} FROM {staging} {conflict}")  # noqa: S608
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({quoted}) VALUES ({marks}) {conflict}", values)  # noqa: S608


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def _sort_key(places: list[int]) -> Callable[[Sequence[Any]], Any]:
    return itemgetter(*places)


def _conflict(table: str, fields: dict[str, Any], unique: Sequence[str], update: Sequence[str]) -> str:
    if not update:
        return "ON CONFLICT DO NOTHING"
    quote = connection.ops.quote_name
    target = ", ".join(quote(fields[name].column) for name in unique)
    changes = ", ".join(f"{quote(fields[n].column)} = excluded.{quote(fields[n].column)}" for n in update)
    compared = [quote(fields[n].column) for n in update if not isinstance(fields[n], SealedField)]
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    where = " OR ".join(f"{table}.{column} {differs} excluded.{column}" for column in compared)
    return f"ON CONFLICT ({target}) DO UPDATE SET {changes} WHERE {where}"


def _staging_name(model: type[models.Model], columns: Sequence[str]) -> str:
    mark = hashlib.sha256(",".join(columns).encode()).hexdigest()[:8]
    return connection.ops.quote_name(f"staging_{model._meta.db_table}_{mark}")


def _converter(field: Any) -> Convert:
    postgres = connection.vendor == "postgresql"
    if isinstance(field, SealedField):
        seal = field.seal
        if postgres:
            return lambda text: None if text is None else "\\x" + seal(text).hex()
        return lambda text: None if text is None else seal(text)
    kind = field.target_field.get_internal_type() if field.is_relation else field.get_internal_type()
    if kind == "JSONField":
        return lambda value: json.dumps(value, ensure_ascii=False)
    if kind == "BooleanField":
        return (lambda value: None if value is None else "t" if value else "f") if postgres else _as_is
    if kind == "DateField":
        return lambda value: value.isoformat() if value is not None else None
    if kind == "DateTimeField":
        return _moment
    return _as_is


def _as_is(value: Any) -> Any:
    return value


def _moment(value: datetime | None) -> Any:
    if value is None:
        return None
    if connection.vendor == "postgresql":
        return value.isoformat()
    return connection.ops.adapt_datetimefield_value(value)


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _copy_text(rows: Iterable[Sequence[Any]]) -> io.StringIO:
    """COPY's text format. A backslash in text is doubled; the `\\x` of bytes is one such."""
    out = io.StringIO()
    for row in rows:
        out.write("\t".join("\\N" if value is None else str(value).translate(_ESCAPES) for value in row))
        out.write("\n")
    out.seek(0)
    return out
