"""Pages of the stage that knows who and what: schools, children, rosters, other offices' lists, the cross-check."""
