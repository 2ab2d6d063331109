"""Is a sum of terms a combination, with factors that are at least zero, of sums that are nowhere negative?

``target - Σ λ_k column_k`` has to be left with no negative coefficient, for some ``λ_k >= 0``. That is a linear
programme without an objective, and the dual simplex method decides it, exactly, in rational numbers.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final

from flint import fmpq

# Pivots after which the search is given up.
MOST_PIVOTS: Final = 5000


def unmet(target: Mapping[Any, int], columns: Sequence[Mapping[Any, int]], watch: Callable[[int], None]) -> int:
    """How many coefficients stay negative in the combination that was reached last.

    Args:
        target: coefficients by term.
        columns: coefficients by term of sums that are nowhere negative.
        watch: told the effort that is spent; raises where there is none left.

    Returns:
        0 where there is a combination that leaves no negative coefficient, and more where none was found.
    """
    # Each basic variable as a constant and what the others contribute: first the rest of each term by the factors.
    constants: dict[Hashable, Any] = {("term", term): fmpq(value) for term, value in target.items()}
    rows: dict[Hashable, dict[Hashable, Any]] = {name: {} for name in constants}
    users: dict[Hashable, set[Hashable]] = {}
    for number, column in enumerate(columns):
        for term, value in column.items():
            name = "term", term
            if name not in rows:
                rows[name], constants[name] = {}, fmpq(0)
            rows[name]["factor", number] = fmpq(-value)
            users.setdefault(("factor", number), set()).add(name)
    # One order of all variables, so that no choice is made twice in a circle.
    order: dict[Hashable, int] = {}
    for name in (*rows, *users):
        order.setdefault(name, len(order))
    short = {name for name, value in constants.items() if value < 0}
    for _ in range(MOST_PIVOTS):
        if not short:
            return 0
        leaving = min(short, key=order.__getitem__)
        row = rows[leaving]
        able = [name for name, value in row.items() if value > 0]
        if not able:
            return len(short)
        entering = min(able, key=order.__getitem__)
        short.discard(leaving)
        changed = _pivot(constants, rows, users, leaving, entering)
        watch(sum(len(rows[name]) for name in changed))
        for name in changed:
            (short.add if constants[name] < 0 else short.discard)(name)
    return len(short)


def _pivot(
    constants: dict[Hashable, Any],
    rows: dict[Hashable, dict[Hashable, Any]],
    users: dict[Hashable, set[Hashable]],
    leaving: Hashable,
    entering: Hashable,
) -> list[Hashable]:
    """Exchange a basic variable for another one; which basic variables changed."""
    row, constant = rows.pop(leaving), constants.pop(leaving)
    for name in row:
        users[name].discard(leaving)
    scale = 1 / row.pop(entering)
    fresh = {name: -value * scale for name, value in row.items()}
    fresh[leaving] = scale
    constant = -constant * scale
    changed = [entering, *users[entering]]
    for other in users.pop(entering):
        target = rows[other]
        times = target.pop(entering)
        constants[other] += times * constant
        for name, value in fresh.items():
            total = target.get(name, 0) + times * value
            if total == 0:
                target.pop(name, None)
                users[name].discard(other)
            else:
                target[name] = total
                users.setdefault(name, set()).add(other)
    rows[entering], constants[entering] = fresh, constant
    for name in fresh:
        users.setdefault(name, set()).add(entering)
    return changed
