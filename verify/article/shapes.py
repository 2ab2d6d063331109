"""Shapes of arrays, and the sizes at which the article's claims are checked.

The names carry their meaning for readers and type checkers only: the article's files are listed without importing
JAX, and jaxtyping would import it.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    Scalar = Float[Array, ""]
    Vector = Float[Array, " n"]
    Matrix = Float[Array, "n m"]
else:
    Scalar = Vector = Matrix = Any

# Few and everywhere the same, since each size is compiled once per program: the smallest, the article's example, an
# ordinary one and one at which sums are long.
VECTOR_SIZES: Final = {"n": (2, 3, 10, 100)}
MATRIX_SIZES: Final = {"n": (2, 3, 10)}
