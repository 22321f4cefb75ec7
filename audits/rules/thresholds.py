"""From where on a rule speaks, each with its reason. None of them is law: they decide what is worth a look."""

CHILDREN_ON_A_CARD = 4
"""Children whose money may go to one card of a family without a word. Two or three siblings in one term are common;
four are worth a question even where the guardian is the same."""

DAYS_LYING = 60
"""Days that money may lie on the county's account. A list takes some two weeks, its publicity one, a batch and the
bank's answer two, a second try another two: two months are enough for all of it."""

FEWEST_CHILDREN = 20
"""Children a school needs at a stage to be compared: below, two families more are ten per cent."""
FEWEST_PEERS = 5
"""Schools that make a comparison; fewer have no usual share."""
NEARLY_ALL = 0.8
"""The share of aided children from which a school counts as paying nearly everybody. The case that audits tell of is
402 of 403; whole grades of poor children are rare below it."""
ABOVE_PEERS = 0.3
"""How far it must lie above the median of its peers at least."""
DEVIATIONS = 3
"""And by how many robust standard deviations (1.4826 × the median of the distances from the median): three is what a
control chart takes for out of the ordinary."""
ROBUST = 1.4826

JUMP_SHARE = 0.5
"""A school's people or money in a program may change by half from term to term."""
JUMP_PEOPLE = 20
JUMP_FEN = 20_000_00
"""And by so many people, or so much money, that it is no matter of one family or one class."""
