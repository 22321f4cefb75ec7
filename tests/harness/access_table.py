"""Who may open which door: every address of the product, with the roles that it lets in.

A new address belongs here before it works: a test compares the table with the resolver and with what the views say
of themselves. Arguments are the names of rows of a World (tests.harness.world), by their key or by `.attribute`;
`=text` is taken as it stands.
"""

from collections.abc import Set
from dataclasses import dataclass

from common.roles import COUNTY, READERS, Role

EVERYONE = frozenset(Role)
COUNTY_AND_SCHOOL = COUNTY | {Role.SCHOOL}
READERS_AND_SCHOOL = READERS | {Role.SCHOOL}
PREPARER = frozenset({Role.PREPARER})
APPROVER = frozenset({Role.APPROVER})
SCHOOL = frozenset({Role.SCHOOL})
ADMIN = frozenset({Role.ADMIN})
COUNTY_AND_ADMIN = COUNTY | ADMIN


@dataclass(frozen=True)
class Door:
    """What whoever is let in gets. `roles` is None for the public; a school is let in to its own rows only."""

    roles: Set[str] | None
    rows: tuple[str, ...]
    get: Set[int]
    post: Set[int]
    is_shared: bool = False
    """The row belongs to nobody in particular: every school sees it."""
    is_traced: bool = False
    """Taking it along is an act of its own: the log keeps it, or a run that writes the file."""


def page(roles: Set[str] | None, *rows: str, shared: bool = False, traced: bool = False) -> Door:
    """Shows something; a POST is refused, or answered like a GET where nothing depends on it."""
    return Door(roles, rows, frozenset({200}), frozenset({200, 405}), shared, traced)


def act(roles: Set[str] | None, *rows: str, shared: bool = False, traced: bool = False) -> Door:
    """Does something, by POST only, and sends on to a page that says how it went."""
    return Door(roles, rows, frozenset({405}), frozenset({302}), shared, traced)


def form(roles: Set[str] | None, *rows: str, shared: bool = False) -> Door:
    """Asks first: GET shows the form; an empty POST is shown again with what is missing, or sent on."""
    return Door(roles, rows, frozenset({200}), frozenset({200, 302, 422}), shared)


DOORS: dict[str, Door] = {
    # the shell
    "home": page(EVERYONE),
    "login": Door(None, (), frozenset({200, 302}), frozenset({200, 302})),
    "logout": act(None),
    "back-office-login": Door(None, (), frozenset({302, 403}), frozenset({302, 403})),
    "switch-language": act(None),
    "switch-term": act(EVERYONE),
    "styleguide": page(EVERYONE),
    "live": page(None),
    "ready": page(None),
    # accounts
    "accounts:list": page(ADMIN),
    "accounts:create": form(ADMIN),
    "accounts:edit": form(ADMIN, "account"),
    "accounts:reset-password": form(ADMIN, "account"),
    "accounts:password": form(EVERYONE),
    "accounts:first-password": page(COUNTY_AND_ADMIN),
    "accounts:officers": page(COUNTY_AND_ADMIN),
    "accounts:officer-create": form(COUNTY_AND_ADMIN),
    "accounts:officer-edit": form(COUNTY_AND_ADMIN, "account"),
    "accounts:officer-reset": form(COUNTY_AND_ADMIN, "account"),
    "accounts:officer-hand-over": form(COUNTY_AND_ADMIN, "account"),
    "accounts:officers-export": page(COUNTY_AND_ADMIN),
    "accounts:officers-import": form(COUNTY_AND_ADMIN),
    "accounts:officers-import-confirm": act(COUNTY_AND_ADMIN),
    "accounts:officers-slips": page(COUNTY_AND_ADMIN),
    "accounts:officers-slips-file": act(COUNTY_AND_ADMIN),
    # schools
    "schools:list": page(READERS_AND_SCHOOL),
    "schools:school": page(READERS_AND_SCHOOL, "school.code"),
    "schools:export": page(READERS),
    "schools:import": form(COUNTY),
    "schools:import-confirm": act(COUNTY),
    "schools:create": form(COUNTY),
    "schools:edit": form(COUNTY, "school.code"),
    "schools:close": form(COUNTY, "school.code"),
    "schools:reopen": act(COUNTY, "school.code"),
    "schools:towns": page(READERS),
    "schools:town": form(COUNTY, "school.town_id"),
    "schools:town-create": form(COUNTY),
    "schools:towns-export": page(READERS),
    "schools:towns-import": form(COUNTY),
    "schools:towns-import-confirm": act(COUNTY),
    # students
    "student": page(READERS_AND_SCHOOL, "student"),
    "students:list": page(READERS_AND_SCHOOL),
    "students:find": form(READERS_AND_SCHOOL),
    "students:reveal": form(COUNTY_AND_SCHOOL, "student"),
    "students:reveal-guardian": form(COUNTY_AND_SCHOOL, "student"),
    "students:rosters": page(READERS_AND_SCHOOL),
    "students:rosters-export": page(READERS, traced=True),
    "students:roster-remind": act(COUNTY),
    "students:roster-reopen": form(COUNTY),
    "students:roster-send-back": form(COUNTY, "roster"),
    "students:roster-upload": form(COUNTY_AND_SCHOOL),
    "students:roster": page(READERS_AND_SCHOOL, "roster"),
    "students:roster-difference": page(READERS_AND_SCHOOL, "roster"),
    "students:roster-confirm": act(COUNTY_AND_SCHOOL, "roster"),
    "students:roster-rows": page(READERS_AND_SCHOOL, "roster"),
    "students:roster-correct": act(COUNTY_AND_SCHOOL, "roster"),
    "students:roster-check-again": act(COUNTY_AND_SCHOOL, "roster"),
    "students:roster-rest": act(COUNTY_AND_SCHOOL, "roster"),
    "students:roster-template": Door(
        COUNTY_AND_SCHOOL, (), get=frozenset({200, 302}), post=frozenset({405}), is_traced=True
    ),
    "students:roster-marked": act(COUNTY_AND_SCHOOL, "roster"),
    "students:roster-discard": act(COUNTY_AND_SCHOOL, "roster"),
    "students:county-files": page(READERS),
    "students:county-file-upload": form(COUNTY),
    "students:county-file": page(READERS, "county_file"),
    "students:county-file-confirm": act(COUNTY, "county_file"),
    "students:county-file-discard": act(COUNTY, "county_file"),
    "students:roster-mapping": form(COUNTY_AND_SCHOOL, "roster"),
    "students:headings": page(READERS),
    "students:heading-column": form(COUNTY, "=class_name", shared=True),
    "students:school-headings": page(READERS),
    "students:school-heading-forget": act(COUNTY, "heading"),
    "students:school-heading-take-over": act(COUNTY, "heading"),
    "students:registers": page(READERS),
    "students:register-upload": form(COUNTY),
    "students:snapshot": page(READERS, "snapshot"),
    "students:snapshot-withdraw": form(COUNTY, "snapshot"),
    "students:snapshot-lines": page(READERS, "snapshot"),
    "students:snapshot-changes": page(READERS, "snapshot"),
    "students:snapshot-changes-export": page(READERS, "snapshot", traced=True),
    "students:snapshot-read-again": act(COUNTY, "snapshot"),
    "students:sources": page(READERS),
    "students:source-create": form(COUNTY),
    "students:source": form(COUNTY, "snapshot.source_id", shared=True),
    "students:categories": page(READERS),
    "students:category-move": act(COUNTY, "snapshot.source.category_id", shared=True),
    "students:category-label": form(COUNTY, "snapshot.source.category_id", shared=True),
    "students:category-label-remove": act(COUNTY, "snapshot.source.category_id", shared=True),
    "students:crosschecks": page(READERS),
    "students:crosscheck-begin": form(COUNTY),
    "students:crosscheck": page(READERS, "crosscheck"),
    "students:match": page(READERS, "match"),
    "students:match-decide": Door(COUNTY, ("match",), get=frozenset({405}), post=frozenset({200, 302})),
    "students:match-undo": act(COUNTY, "match"),
    "students:match-ask": act(COUNTY, "match"),
    "students:sample-draw": act(COUNTY, "crosscheck"),
    "students:sample": page(READERS, "sample"),
    "students:sample-confirm": act(COUNTY, "sample"),
    "students:sample-judge": act(COUNTY, "sample_line"),
    "students:questions": page(READERS_AND_SCHOOL),
    "students:question-answer": act(SCHOOL, "question"),
    "students:question-withdraw": act(COUNTY, "question"),
    "students:absences": page(READERS),
    "students:absences-export": page(READERS, traced=True),
    "students:absence-figures-export": page(READERS, traced=True),
    "students:absence-take-over": act(COUNTY),
    "students:absences-settle": form(COUNTY),
    "students:absence": page(READERS, "absence"),
    "students:absence-step": Door(COUNTY, ("absence",), get=frozenset({405}), post=frozenset({200, 302})),
    "students:absence-settle": Door(COUNTY, ("absence",), get=frozenset({405}), post=frozenset({200, 302})),
    "students:absence-undo": act(COUNTY, "absence"),
    "students:absence-find": Door(COUNTY, ("absence",), get=frozenset({405}), post=frozenset({200})),
    "students:absence-same": Door(COUNTY, ("absence",), get=frozenset({405}), post=frozenset({200, 302})),
    "students:absence-reveal": form(COUNTY, "absence"),
    "students:letters": page(READERS),
    "students:letter-create": form(COUNTY),
    "students:letter-sheets": page(READERS),
    "students:letter-word": Door(READERS, (), get=frozenset({200, 302}), post=frozenset({302}), is_traced=True),
    "students:letter-send": form(COUNTY),
    "students:letter": page(READERS, "letter"),
    "students:letter-receipt": form(COUNTY, "letter"),
    "students:letter-withdraw": form(COUNTY, "letter"),
    # programs
    "programs:programs": page(READERS_AND_SCHOOL),
    "programs:program": page(READERS_AND_SCHOOL, "award.program_id", shared=True),
    "programs:nominations": page(READERS_AND_SCHOOL),
    "programs:nomination-school": page(READERS_AND_SCHOOL, "school.code", "nomination.program_id"),
    "programs:nominate": Door(
        PREPARER | SCHOOL, ("school.code", "nomination.program_id"), get=frozenset({200}), post=frozenset({302})
    ),
    "programs:nomination-template": page(PREPARER | SCHOOL, "school.code", "nomination.program_id", traced=True),
    "programs:nomination-upload": form(PREPARER | SCHOOL, "school.code", "nomination.program_id"),
    "programs:nomination-file": page(READERS_AND_SCHOOL, "nomination_job"),
    "programs:nomination-withdraw": form(PREPARER | SCHOOL, "nomination"),
    "programs:caps": page(READERS),
    "programs:cap": form(PREPARER, "school.code", "award.program_id"),
    "programs:caps-export": page(READERS),
    "programs:caps-import": form(PREPARER),
    "programs:caps-import-confirm": act(PREPARER),
    "programs:caps-copy": Door(PREPARER, (), get=frozenset({405}), post=frozenset({302, 404})),
    "programs:program-create": form(PREPARER),
    "programs:program-edit": form(PREPARER, "award.program_id"),
    "programs:standard-create": form(PREPARER, "award.program_id"),
    "programs:standard": form(PREPARER, "award.standard_id"),
    "programs:standard-succeed": form(PREPARER, "award.standard_id"),
    "programs:standard-remove": act(PREPARER, "award.standard_id"),
    "programs:rule-create": form(PREPARER, "award.program_id"),
    "programs:rule": form(PREPARER, "award.rule_id"),
    "programs:rule-succeed": form(PREPARER, "award.rule_id"),
    "programs:rule-remove": act(PREPARER, "award.rule_id"),
    "programs:shares-create": form(PREPARER, "award.program_id"),
    "programs:shares": form(PREPARER, "share.program_id", "share.valid_from"),
    "programs:shares-succeed": form(PREPARER, "share.program_id", "share.valid_from"),
    "programs:shares-remove": act(PREPARER, "share.program_id", "share.valid_from"),
    "programs:exclusion-create": form(PREPARER, "award.program_id"),
    "programs:exclusion": form(PREPARER, "exclusion"),
    "programs:exclusion-remove": act(PREPARER, "exclusion"),
    "programs:documents": page(READERS),
    "programs:document": page(READERS_AND_SCHOOL, "document", shared=True),
    "programs:document-create": form(PREPARER),
    "programs:document-edit": form(PREPARER, "document"),
    "programs:document-remove": act(PREPARER, "document"),
    "programs:term-programs": form(PREPARER, "term"),
    "programs:fees": page(READERS),
    "programs:fee": form(COUNTY, "school.code", "award.program_id"),
    "programs:fees-export": page(READERS),
    "programs:fees-import": form(COUNTY),
    "programs:fees-import-confirm": act(COUNTY),
    "programs:terms": page(READERS),
    "programs:term": form(COUNTY, "term"),
    "programs:term-open": form(COUNTY),
    "programs:term-close": form(COUNTY, "term"),
    "programs:term-reopen": act(COUNTY, "term"),
    "programs:roll-over": form(COUNTY),
    "programs:touched": page(READERS, "snapshot"),
    "programs:touched-export": page(READERS, "snapshot", traced=True),
    "programs:explain": page(READERS_AND_SCHOOL, "enrollment"),
    "programs:recognitions": page(READERS_AND_SCHOOL),
    "programs:recognition-upload": form(COUNTY_AND_SCHOOL),
    "programs:recognition": page(READERS_AND_SCHOOL, "recognition_list"),
    "programs:awards": page(READERS_AND_SCHOOL),
    "programs:awards-propose": act(PREPARER, "term"),
    "programs:award-drop": form(PREPARER | SCHOOL, "award"),
    "programs:award-tier": form(PREPARER | SCHOOL, "award"),
    "programs:gaps": page(READERS_AND_SCHOOL),
    "programs:gap-figures": page(READERS),
    "programs:gaps-export": page(READERS_AND_SCHOOL, traced=True),
    "programs:gap-answer": act(COUNTY_AND_SCHOOL),
    "programs:gap-accept": act(COUNTY),
    "programs:gap-send-back": act(COUNTY),
    "programs:lists": page(READERS_AND_SCHOOL),
    "programs:lists-confirm": act(APPROVER),
    "programs:list": page(READERS_AND_SCHOOL, "award_list"),
    "programs:list-changes": page(READERS_AND_SCHOOL, "award_list"),
    "programs:list-prepare": act(SCHOOL, "award_list"),
    "programs:list-approve": act(SCHOOL, "award_list"),
    "programs:list-approve-for-school": form(COUNTY, "award_list"),
    "programs:list-put-up": form(COUNTY_AND_SCHOOL, "award_list"),
    "programs:list-confirm": act(APPROVER, "award_list"),
    "programs:list-send-back": form(COUNTY_AND_SCHOOL, "award_list"),
    "programs:notices": page(READERS_AND_SCHOOL),
    "programs:notice": page(READERS_AND_SCHOOL, "notice"),
    "programs:notice-sheet": page(READERS_AND_SCHOOL, "notice"),
    "programs:notice-take-down": form(COUNTY_AND_SCHOOL, "notice"),
    "programs:notice-result": page(READERS_AND_SCHOOL, "notice"),
    "programs:notice-photos": form(COUNTY_AND_SCHOOL, "notice"),
    "programs:notice-photo": page(READERS_AND_SCHOOL, "photo", traced=True),
    "programs:objections": page(READERS_AND_SCHOOL),
    "programs:objection": page(READERS_AND_SCHOOL, "objection"),
    "programs:objection-raise": form(COUNTY_AND_SCHOOL, "notice", "award"),
    "programs:objection-take-up": act(COUNTY_AND_SCHOOL, "objection"),
    "programs:objection-dismiss": form(COUNTY_AND_SCHOOL, "objection"),
    "programs:objection-step": Door(COUNTY_AND_SCHOOL, ("objection",), get=frozenset({405}), post=frozenset({200})),
    "programs:objection-answer": form(COUNTY, "objection"),
    "programs:objection-person": form(COUNTY_AND_SCHOOL, "objection"),
    "programs:public": page(None, "notice.token", shared=True),
    "programs:public-objection": form(None, "notice.token", "line.ref", shared=True),
    # disbursements
    "disbursements:batches": page(READERS),
    "disbursements:prepare": form(PREPARER),
    "disbursements:batch": page(READERS, "batch"),
    "disbursements:batch-approve": form(APPROVER, "batch"),
    "disbursements:batch-release": form(COUNTY, "batch"),
    "disbursements:batch-difference": page(READERS, "batch"),
    "disbursements:batch-send-back": form(APPROVER, "batch"),
    "disbursements:batch-take-back": form(COUNTY, "batch"),
    "disbursements:batch-roll": page(READERS, "batch"),
    "disbursements:batch-roll-sheet": page(READERS, "batch", "school.code"),
    "disbursements:batch-cash": form(PREPARER, "cash", "school.code"),
    "disbursements:bands": page(READERS),
    "disbursements:band-add": form(APPROVER),
    "disbursements:band-end": form(APPROVER, "band"),
    "disbursements:pay-decision": form(COUNTY, "award"),
    "disbursements:batch-bank-file": act(PREPARER, "batch"),
    "disbursements:batch-password": form(COUNTY, "batch"),
    "disbursements:banks": page(READERS),
    "disbursements:bank-add": form(PREPARER),
    "disbursements:bank": page(READERS, "bank.code"),
    "disbursements:bank-edit": form(PREPARER, "bank.code"),
    "disbursements:bank-layout": form(PREPARER, "bank.code"),
    "disbursements:batch-send": act(PREPARER, "batch"),
    "disbursements:batch-discard": act(PREPARER, "batch"),
    "disbursements:batch-return": form(PREPARER, "batch"),
    "disbursements:unpaid": page(READERS_AND_SCHOOL, "award.program_id", shared=True),
    "disbursements:card": form(PREPARER | SCHOOL, "student"),
    "disbursements:funds": page(READERS),
    "disbursements:allot": form(PREPARER),
    "disbursements:slips": page(READERS_AND_SCHOOL),
    "disbursements:slips-sheet": page(READERS_AND_SCHOOL, "school.code"),
    "disbursements:bounces": page(READERS),
    "disbursements:bounce-record": form(PREPARER, "paid"),
    "disbursements:return-reasons": page(READERS),
    "disbursements:return-reason-teach": form(PREPARER),
    "disbursements:recoveries": page(READERS),
    "disbursements:recovery-proposals": page(READERS),
    "disbursements:recovery-begin": form(PREPARER, "award"),
    "disbursements:recovery": page(READERS, "recovery"),
    "disbursements:recovery-receive": form(PREPARER, "recovery"),
    "disbursements:recovery-waive": form(APPROVER, "recovery"),
    # reports
    "reports:report": page(READERS, "term"),
    "reports:names": page(READERS),
    "reports:names-export": act(READERS, traced=True),
    "reports:export": page(READERS, "term", traced=True),
    # audits
    "audits:actions": page(READERS),
    "audits:checks": page(READERS),
    # jobs
    "jobs:list": page(READERS_AND_SCHOOL),
    "jobs:job": page(READERS_AND_SCHOOL, "job"),
    "jobs:progress": page(READERS_AND_SCHOOL, "job"),
    "jobs:retry": act(COUNTY_AND_SCHOOL, "job"),
    "jobs:file": page(READERS_AND_SCHOOL, "file", traced=True),
}
