"""Reading the figures of another office's published summary from outside.

A summary is free prose whose digits may have been lost in copying. `findings.read(text)` marks the numbers that the
text's own terms contradict, proposes a reading for each, and says how much there was to compare; it knows nothing of
our tables and changes nothing.

    text ──→ figures (numbers with unit and place) ──→ entries (heads and money of one line, its period, its parts)
         ──→ terms (what has to agree with what) ──→ findings (what does not, and the reading that fits)
"""
