"""Tables whose rows are only ever added: a migration's operation that makes both databases refuse the rest.

PostgreSQL's triggers call a function that `accounts.0002_append_only_actions` makes: depend on it.
"""

from functools import partial
from typing import Any

from django.db import migrations


def protection(*tables: str) -> migrations.RunPython:
    """Refuse UPDATE and DELETE on these tables; backwards, allow them again."""
    return migrations.RunPython(partial(_protect, tables), partial(_release, tables))


def _protect(tables: tuple[str, ...], apps: Any, schema_editor: Any) -> None:
    for table in tables:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION aidcenter_append_only()"
            )
            continue
        for act in ("update", "delete"):
            schema_editor.execute(
                f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def _release(tables: tuple[str, ...], apps: Any, schema_editor: Any) -> None:
    for table in tables:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP TRIGGER {table}_append_only ON {table}")
            continue
        for act in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER {table}_no_{act}")
