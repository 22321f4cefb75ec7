"""Pages of accounts: signing in, the administrator's accounts, the schools' officers, one's own password."""
