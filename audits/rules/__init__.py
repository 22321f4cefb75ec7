"""The auditor's own rules, by what they look at. Importing the package registers them, in this order."""

from audits.rules import payments, cards, children, publicity, acts, figures  # noqa: F401, I001 - the order of the pages
