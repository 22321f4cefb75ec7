"""Model fields for personal numbers: sealed in the table, found through a keyed index beside them."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.expressions import Expression

from common import keyring

if TYPE_CHECKING:
    _TextField = models.Field[str, str]
else:
    _TextField = models.Field


class SealedField(_TextField):
    """Text that lies in the table under AES-256-GCM and is plain only in memory.

    It cannot be searched: every look-up but `isnull` raises FieldError, because an honest
    answer would be "no rows" for every question. Search the index column beside it.
    Empty text is kept as empty bytes: there is nothing to hide in it.
    """

    description = "sealed text"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", "")
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def get_internal_type(self) -> str:
        return "BinaryField"

    @property
    def place(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def seal(self, text: str) -> bytes:
        return keyring.ring().seal(text.encode(), place=self.place) if text else b""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None:
            return None
        return connection.Database.Binary(self.seal(str(value)))

    def from_db_value(self, value: Any, expression: Expression, connection: Any) -> str | None:
        if value is None:
            return None
        sealed = bytes(value)
        return keyring.ring().open(sealed, place=self.place).decode() if sealed else ""

    def value_to_string(self, obj: models.Model) -> str:
        raise FieldError(f"{self.place} is sealed and is not serialized.")

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is sealed: search {self.name}_index instead.")
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(f"{self.name} is sealed: search {self.name}_index instead.")


class IndexField(models.CharField):  # type: ignore[type-arg]
    """Keyed index of the sealed field beside it (common.keyring.Keyring.fingerprint); null where there is none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 32)
        kwargs.setdefault("null", True)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)


def index(kind: str, value: str) -> str | None:
    """The index of one value; `kind` keeps an id from being found in the column of cards."""
    return keyring.ring().fingerprint(kind, value) if value else None
