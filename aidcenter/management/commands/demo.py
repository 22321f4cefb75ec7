"""manage.py demo: a county's year, from files as offices send them to paid awards."""

import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from aidcenter import demo
from common.roles import Role
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
        call_command("keys", "init", stdout=self.stdout)
        call_command("migrate", verbosity=0)
        if Student.objects.exists():
            if not options["if_empty"]:
                raise CommandError(
                    "There are children on record already. The demonstration starts on an empty database."
                )
            self._print_sign_ins()
            return
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
        reference.load_standards(plan.standards)
        passwords = {} if options["database_only"] else {role: secrets.token_urlsafe(9) for role in Role.values}
        people = {role: self._person(role, name, passwords.get(role)) for role, name in _NAMES.items()}
        demonstration = demo.Demonstration(folder, say=self.stdout.write)
        demonstration.run(people)
        call_command("compare_totals", str(folder / "expected.toml"), stdout=self.stdout)
        if passwords:
            self._keep_sign_ins(passwords)
            self._print_sign_ins()

    def _person(self, role: str, name: str, password: str | None) -> User:
        person, _is_new = User.objects.update_or_create(
            username=role,
            defaults={"name": name, "role": role, "password": make_password(password), "is_staff": role == Role.ADMIN},
        )
        return person

    def _keep_sign_ins(self, passwords: dict[str, str]) -> None:
        """One sign-in for each role, readable by the owner of the installation only."""
        school = demo.busiest_school()
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
