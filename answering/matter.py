"""What a text speaks of, so that it can be seen whether another text speaks of it too: its words, and each amount whatever its unit.

Words that only join others or tell what may, must or need not be done say nothing that a clause would have to say in the same word.
"""

from __future__ import annotations

import re
from functools import lru_cache

from answering.figures import placed_figures, without_figures
from answering.parts import content

_JOINING = re.compile(
    r"如果|假如|假使|倘若|若是|因为|由于|因而|所以|因此|虽然|尽管|但是|可是|然而|不过(?![问期])|或者|以及|并且|而且|的话|已经|曾经|用来|用以"
    r"|[就也便即只都仍]?是(?![否非])|不用(?![于作户途])|不必|必须|无法|能够"
)


@lru_cache(maxsize=8192)
def matter(text: str) -> frozenset[str]:
    """The content of a text (`answering.parts.content`) without its figures and joining words, and a token for each amount it states."""
    return content(_JOINING.sub(" ", without_figures(text))) | amounts(text)


def amounts(text: str) -> frozenset[str]:
    """A token for each amount of a text, the same for 7 天 and 一周."""
    return frozenset(placed.token for placed in placed_figures(text))
