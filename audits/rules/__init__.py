"""The auditor's own rules, by what they look at. Importing the package registers them."""
