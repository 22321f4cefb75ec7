"""manage.py demo: a county's year, from files as offices send them to paid awards."""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from accounts.models import User
from aidcenter import demo
from aidcenter.demo_cast import busiest_school
from common.roles import Role
from disbursements import banks, return_reasons
from fixtures import county
from programs import reference
from students.models import Student

SCALES = {"small": 60 / 1100, "full": 1.0}
FIXTURES = settings.BASE_DIR / "fixtures"
_NAMES = {
    Role.PREPARER: "县级经办",
    Role.APPROVER: "县级审核",
    Role.AUDITOR: "审计人员",
    Role.ADMIN: "系统管理员",
}


class Command(BaseCommand):
    help = "Load a demonstration county and its year: make files, take them in, cross-check, award, publish, pay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--scale", choices=SCALES, default="small")
        parser.add_argument("--reference", type=Path, default=FIXTURES / "reference" / "county-2021.toml")
        parser.add_argument("--standards", type=Path, default=FIXTURES / "standards" / "411625.toml")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--folder", type=Path, help="where the files go (default: below var/demo)")
        parser.add_argument("--keep-files", action="store_true", help="use the files that are there already")
        parser.add_argument("--if-empty", action="store_true", help="do nothing where children are on record")
        parser.add_argument("--database-only", action="store_true", help="no sign-ins are made or printed")

    def handle(self, *args: Any, **options: Any) -> None:
        with started_mark().open("a+", encoding="utf-8") as mark:
            try:
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CommandError("The demonstration is being loaded by another process.") from error
            self._load(mark, options)

    def _load(self, mark: TextIO, options: dict[str, Any]) -> None:
        """The mark names the database whose loading began; its fellow says that it ended well."""
        call_command("keys", "init", stdout=self.stdout)
        call_command("migrate", verbosity=0)
        if options["if_empty"]:
            self._start_over_where_interrupted(mark)
        if Student.objects.exists():
            if not options["if_empty"]:
                raise CommandError(
                    "There are children on record already. The demonstration starts on an empty database."
                )
            self._print_sign_ins()
            return
        for left_over in (complete_mark(), _sign_ins_file()):
            left_over.unlink(missing_ok=True)
        mark.truncate(0)
        mark.write(this_database())
        mark.flush()
        plan = county.Plan(
            reference=options["reference"],
            standards=options["standards"],
            scale=SCALES[options["scale"]],
            seed=options["seed"],
        )
        folder = options["folder"] or settings.VAR_DIR / "demo" / f"{options['scale']}-{plan.seed}"
        if not (options["keep_files"] and (folder / "index.json").exists()):
            shutil.rmtree(folder, ignore_errors=True)
            county.write(county.build(plan), folder)
        reference.load_national()
        return_reasons.load()
        banks.load(FIXTURES / "county" / "banks.toml", at=timezone.now())
        reference.load_standards(plan.standards)
        passwords = {} if options["database_only"] else {role: secrets.token_urlsafe(9) for role in Role.values}
        people = {role: self._person(role, name, passwords.get(role)) for role, name in _NAMES.items()}
        demonstration = demo.Demonstration(folder, say=self.stdout.write)
        demonstration.run(people)
        call_command("compare_totals", str(folder / "expected.toml"), stdout=self.stdout)
        if passwords:
            self._keep_sign_ins(passwords)
        complete_mark().touch()
        if passwords:
            self._print_sign_ins()

    def _start_over_where_interrupted(self, mark: TextIO) -> None:
        """Half a county looks like a whole one to a visitor. Only a database that is ours alone is taken away."""
        mark.seek(0)
        if mark.read() != this_database() or complete_mark().exists() or not User.objects.exists():
            return
        database = own_database(connection.settings_dict)
        if database is None:
            raise CommandError(
                "The last loading of the demonstration was interrupted and the county is incomplete. "
                f"To start again, empty the database {this_database()} and remove the folder {settings.VAR_DIR} "
                "(AIDCENTER_VAR)."
            )
        self.stdout.write("The last loading of the demonstration was interrupted; it starts again from the beginning.")
        connection.close()
        for ending in ("", "-wal", "-shm"):
            database.with_name(database.name + ending).unlink(missing_ok=True)
        call_command("migrate", verbosity=0)

    def _person(self, role: str, name: str, password: str | None) -> User:
        person, _is_new = User.objects.update_or_create(
            username=role,
            defaults={"name": name, "role": role, "password": make_password(password), "is_staff": role == Role.ADMIN},
        )
        return person

    def _keep_sign_ins(self, passwords: dict[str, str]) -> None:
        """One sign-in for each role, readable by the owner of the installation only."""
        school = busiest_school()
        officer = school.officers.get()
        officer.set_password(passwords[Role.SCHOOL])
        officer.save(update_fields=["password"])
        sign_ins = [
            {"role": role, "username": officer.username if role == Role.SCHOOL else role, "password": password}
            for role, password in passwords.items()
        ]
        path = _sign_ins_file()
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(sign_ins, file, indent=1)

    def _print_sign_ins(self) -> None:
        if not _sign_ins_file().exists():
            return
        self.stdout.write("Sign in as (name, password):")
        for sign_in in json.loads(_sign_ins_file().read_text(encoding="utf-8")):
            self.stdout.write(f"  {sign_in['role']:<10} {sign_in['username']:<20} {sign_in['password']}")


def _sign_ins_file() -> Path:
    return settings.VAR_DIR / "demo-sign-ins.json"


def started_mark() -> Path:
    return settings.VAR_DIR / "demo-started"


def complete_mark() -> Path:
    return settings.VAR_DIR / "demo-complete"


def this_database() -> str:
    return str(connection.settings_dict["NAME"])


def own_database(database: Mapping[str, Any]) -> Path | None:
    """The file of the embedded default below AIDCENTER_VAR; None for any database that somebody chose."""
    embedded = settings.VAR_DIR / "aidcenter.sqlite3"
    is_embedded = database["ENGINE"].endswith("sqlite3") and Path(database["NAME"]) == embedded
    return embedded if is_embedded and not os.environ.get("DATABASE_URL") else None
