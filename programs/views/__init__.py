"""Pages of the stage that decides: programs and standards, awards, lists, publicity."""
