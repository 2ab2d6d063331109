"""A first file of claims, to be changed into one's own."""

import re
from pathlib import Path
from typing import Final

from verify.loader import RequestError

NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

TEMPLATE: Final = '''"""Claims about the gradient of a loss, to be changed into your own.

Decide them with `verify run {file}`; `verify show {id}.gradient {file}` says more about one.
"""

import jax.numpy as jnp

from verify import Claim, Derivative, Source, domain


def loss(x, y):
    """What JAX differentiates: any function of named arguments that JAX can trace."""
    return 0.5 * jnp.sum((jnp.tanh(x) - y) ** 2)


def loss_gradient(x, y):
    """The gradient by x as you derived it by hand: plain jax.numpy, of the same arguments, differentiating nothing."""
    t = jnp.tanh(x)
    return (t - y) * (1 - t**2)


# Every claim under a name of this file is found: there is no list to add it to.
{constant} = Claim(
    id="{id}.gradient",  # permanent, unique in a run; `-k '{id}.*'` selects by it
    # Both sides as LaTeX, and where the formula is written: for readers, left out if you like.
    statement=r"\\partial L / \\partial x_i = (\\tanh x_i - y_i)(1 - \\tanh^2 x_i)",
    source=Source("my notebook", "page 1"),
    # "gradient", "jacobian" or "hessian" by one argument or a tuple of them; "value" compares the function itself.
    autodiff=Derivative(loss, "gradient", wrt="x"),
    by_hand=loss_gradient,
    # Where each argument may lie, its shape in named sizes: Reals, Positive, Interval, Logits, Simplex, OneHot, ...
    domain={{"x": domain.Reals("n"), "y": domain.Reals("n")}},
    sizes={{"n": (2, 3, 10)}},
)

# A bound is a claim too: relation="<=", ">=" or "abs<=" with the bound as by_hand. A statement that is false stays on
# record with expect=Status.FAILS. Break loss_gradient, drop the square say, and run again: that is what a slip looks
# like.
'''


def create(name: str, folder: Path) -> Path:
    """Write a commented file of claims that holds as it stands.

    Args:
        name: what the claims are about, such as ``huber_loss``; the file is ``claims_huber_loss.py``.
        folder: where it goes.

    Returns:
        The file.

    Raises:
        RequestError: for a name that cannot be that of a module, or a file that is there.
    """
    if not NAME.fullmatch(name):
        plain = re.sub(r"[^a-z0-9]+", "_", Path(name).name.removesuffix(".py").lower().removeprefix("claims_"))
        plain = plain.strip("_").lstrip("0123456789_")
        meant = f"; `verify new {plain}` would do" if NAME.fullmatch(plain) else ""
        raise RequestError(
            f"the name {name!r} cannot be that of a file of claims: expected lower-case letters and digits in parts "
            f"separated by underscores, beginning with a letter, such as huber_loss{meant}"
        )
    path = folder / f"claims_{name}.py"
    text = TEMPLATE.format(file=path.name, id=name.replace("_", "-"), constant=name.upper())
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise RequestError(f"{path}: it is there already, and is left as it is: choose another name") from None
    except OSError as error:
        raise RequestError(f"{path}: cannot be written: {error.strerror}") from None
    return path
