"""Whatever a file of claims contains, the loader says what is wrong and where, and keeps the rest."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from verify import ClaimError
from verify import run as deciding
from verify.loader import Loaded, RequestError, chosen, load

pytestmark = pytest.mark.interpreter

HEAD = """
import jax.numpy as jnp
from verify import Claim, Derivative, domain

def f(x):
    return jnp.sum(jnp.sin(x))

def g(x):
    return jnp.cos(x)

def claim(id, **changed):
    given = dict(id=id, autodiff=Derivative(f, wrt="x"), by_hand=g, domain={"x": domain.Reals("n")}, sizes={"n": (2,)})
    return Claim(**{**given, **changed})
"""
FIRST = HEAD.count("\n") + 1  # the line on which the body of a file starts


def written(folder: Path, body: str, name: str = "some_claims.py") -> Path:
    path = folder / name
    path.write_text(HEAD + textwrap.dedent(body).strip() + "\n", encoding="utf-8")
    return path


def ids(loaded: Loaded) -> list[str]:
    return [claim.id for claim in loaded.claims]


def test_claims_are_module_level_objects_and_lists_each_once(tmp_path: Path) -> None:
    path = written(tmp_path, 'ONE = claim("one")\nSAME = ONE\nMORE = [claim("two"), claim("three"), ONE]')
    loaded = load(path)
    assert ids(loaded) == ["one", "two", "three"]
    assert loaded.errors == ()
    assert loaded.modules["two"] == "some_claims"


def test_a_bad_claim_is_named_with_its_line_and_the_others_are_kept(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        GOOD = claim("good")
        NO_REGION = claim("no-region", domain={})
        SIZE = claim("unknown-size", domain={"x": domain.Reals("m")})
        LETTERS = claim("Illegal Characters")
        NAMES = claim("other-names", by_hand=lambda z: z)
        LAST = claim("last")
        """,
    )
    loaded = load(path)
    assert ids(loaded) == ["good", "last"]
    assert [error.where for error in loaded.errors] == [f"{path}:{FIRST + line}" for line in (1, 2, 3, 4)]
    said = " ".join(error.message for error in loaded.errors)
    for part in ("no region for x", "unknown size name 'm'", "illegal characters", "other argument names"):
        assert part in said
    assert [error.claim for error in loaded.errors] == [
        "no-region",
        "unknown-size",
        "Illegal Characters",
        "other-names",
    ]


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        ('GOOD = claim("good")\nif True\n    pass', 2, "syntax error: expected ':'"),
        ('GOOD = claim("good")\nimport no_such_module', 2, "cannot import 'no_such_module'"),
        ('GOOD = claim("good")\nfrom math import no_such_name', 2, "no_such_name"),
        ('GOOD = claim("good")\nBAD = 1 / 0', 2, "raises ZeroDivisionError"),
        ('GOOD = claim("good")\nraise SystemExit(0)', 2, "exits when it is imported"),
        ('GOOD = claim("good")\nBAD = Claim(id="bad")', 2, "raises TypeError"),
        ('GOOD = claim("good")\ndomain.Interval("n", 2, 1)', 2, "is empty"),
    ],
)
def test_a_file_that_stops_says_where_and_keeps_what_came_before(
    tmp_path: Path, body: str, line: int, said: str
) -> None:
    path = written(tmp_path, body)
    other = written(tmp_path, 'OTHER = claim("other")', "other_claims.py")
    loaded = load(path, other)
    (error,) = loaded.errors
    assert error.where == f"{path}:{FIRST + line - 1}"
    assert said in error.message
    assert "Traceback" not in error.message
    assert "other" in ids(loaded)
    assert ("good" in ids(loaded)) == ("syntax" not in said)  # nothing of a file with a syntax error is run


def test_duplicate_ids_name_both_places(tmp_path: Path) -> None:
    path = written(tmp_path, 'A = claim("same")\nB = claim("same")')
    other = written(tmp_path, 'C = claim("same")', "other_claims.py")
    loaded = load(path, other)
    assert ids(loaded) == ["same"]
    assert [error.where for error in loaded.errors] == [f"{path}:{FIRST + 1}", f"{other}:{FIRST}"]
    assert all(f"already at {path}:{FIRST}" in error.message for error in loaded.errors)


def test_a_claim_imported_from_another_file_is_no_duplicate(tmp_path: Path) -> None:
    written(tmp_path, 'A = claim("a")', "a_claims.py")
    written(tmp_path, 'from a_claims import A\nB = claim("b")', "b_claims.py")
    loaded = load(tmp_path)
    assert ids(loaded) == ["a", "b"]
    assert loaded.errors == ()


def test_siblings_of_two_folders_do_not_meet(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "shared_helper.py").write_text(f"NAME = {name!r}\n")
        written(tmp_path / name, "from shared_helper import NAME\nA = claim(NAME)")
    loaded = load(tmp_path / "one", tmp_path / "two")
    assert ids(loaded) == ["one", "two"]
    assert loaded.errors == ()


def test_a_folder_gives_its_files_of_claims_and_those_below(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / ".hidden").mkdir()
    written(tmp_path, 'A = claim("a")', "claims_a.py")
    written(tmp_path, 'raise RuntimeError("not a file of claims")', "helpers.py")
    written(tmp_path / "below", 'B = claim("b")', "b_claims.py")
    written(tmp_path / ".hidden", 'C = claim("c")', "c_claims.py")
    assert ids(load(tmp_path)) == ["a", "b"]


def test_targets_that_are_not_there(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    nothing = tmp_path / "nothing_claims.py"
    nothing.write_text("x = 1\n")
    text = tmp_path / "claims.txt"
    text.write_text("hello")
    targets = (tmp_path / "missing.py", empty, nothing, text, "no_such_package", "missing_too.py", "")
    said = [error.message for error in load(*targets).errors]
    missing = "no such file or folder"
    expected = (missing, "no file of claims", "no claims found", "not a Python file", "no such file, folder or module")
    for part, message in zip((*expected, missing, missing), said, strict=True):
        assert part in message


def test_a_package_gives_the_claims_of_all_its_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "package_of_claims"
    (package / "inner").mkdir(parents=True)
    written(package, 'TOP = claim("top")', "__init__.py")
    written(package, 'FIRST = claim("first")\nBAD = claim("bad", domain={})', "first.py")
    written(package, "raise RuntimeError('broken')", "broken.py")
    written(package / "inner", 'INNER = claim("inner")', "__init__.py")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    for _ in range(2):  # the second time the modules are imported, and what was refused is still refused
        loaded = load("package_of_claims")
        assert ids(loaded) == ["top", "first", "inner"]
        assert sorted(error.claim for error in loaded.errors) == ["", "bad"]
    assert ids(load("package_of_claims.inner")) == ["inner"]


def test_user_code_is_loaded_with_x64_on(tmp_path: Path) -> None:
    path = written(tmp_path, 'assert jnp.zeros(1).dtype == "float64"\nA = claim("a")')
    loaded = load(path)
    assert loaded.errors == ()


def test_public_load_raises_with_every_message(tmp_path: Path) -> None:
    path = written(tmp_path, 'GOOD = claim("good")\nBAD = claim("bad", domain={})')
    with pytest.raises(ClaimError, match=rf"{path.name}:{FIRST + 1}.*no region for x"):
        deciding.load(path)
    assert [claim.id for claim in deciding.load(written(tmp_path, 'GOOD = claim("good")'))] == ["good"]


def test_a_pattern_that_selects_nothing_says_what_was_meant(tmp_path: Path) -> None:
    claims = load(written(tmp_path, 'A = claim("softmax.jacobian")\nB = claim("other")')).claims
    assert [claim.id for claim in chosen(claims, "soft*")] == ["softmax.jacobian"]
    with pytest.raises(RequestError, match=r"did you mean softmax\.jacobian"):
        chosen(claims, "sotfmax.jacobian")
    with pytest.raises(RequestError, match=r"did you mean softmax\.\*"):
        chosen(claims, "softmax")


DEFERRED = """
import sys
from verify.loader import load
path = sys.argv[1]
light = load(path + "/light_claims.py", deferred=True)
assert [claim.id for claim in light.claims] == ["light"] and not light.errors, light
assert light.claims[0].domain["x"].hi == 3.141592653589793
assert "jax" not in sys.modules and "numpy" not in sys.modules

# A file that uses JAX at module level is still read: the real thing is imported, with x64 on.
heavy = load(path + "/heavy_claims.py", deferred=True)
assert [claim.id for claim in heavy.claims] == ["heavy"] and not heavy.errors, heavy
assert "jax" in sys.modules

# What was read with stand-ins before works all the same, since they pass everything on.
import jax, numpy
assert float(light.claims[0].by_hand(numpy.zeros(2))[0]) == 1.0
assert not jax.config.jax_enable_x64
loaded = load(path + "/light_claims.py", path + "/heavy_claims.py")
assert vars(sys.modules[loaded.claims[0].by_hand.__module__])["jnp"] is jax.numpy
"""


def test_reading_claims_needs_no_jax(tmp_path: Path) -> None:
    light = """
        from functools import partial
        from typing import Callable, Optional, Union
        import jax
        import numpy as np
        from jax import lax, nn
        from jax.scipy.special import logsumexp
        from jaxtyping import Array, Float
        Vector = Float[Array, " n"]
        Either = Union[jax.Array, np.ndarray, None]
        def typed(x: jax.Array | None, kind=jnp.float32, *, f: Callable[[Vector], Vector] = nn.relu) -> Optional[Array]:
            return x
        LIGHT = claim("light", domain={"x": domain.Interval("n", -np.pi, jnp.pi)})
    """
    heavy = """
        import jax
        @jax.custom_vjp
        def square(x):
            return x * x
        square.defvjp(lambda x: (x * x, x), lambda x, bar: (2 * x * bar,))
        assert isinstance(jnp.ones(2), jax.Array)
        assert jnp.ones(2).dtype == jnp.float64
        class Sub(jnp.ndarray if False else dict):
            pass
        HALF = jnp.pi / jnp.asarray(2.0)
        HEAVY = claim("heavy")
    """
    written(tmp_path, light, "light_claims.py")
    written(tmp_path, heavy, "heavy_claims.py")
    command = [sys.executable, "-c", DEFERRED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    assert done.returncode == 0, done.stderr


def test_places_are_lines_of_claims_below_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = """
import jax.numpy as jnp
from verify import Claim, Derivative, domain

def make(id):
    return Claim(id=id, autodiff=Derivative(jnp.sin, wrt="x"), by_hand=jnp.cos, domain={"x": domain.Reals("")})

MADE = make("made")
DIRECT = Claim(
    id="direct", autodiff=Derivative(jnp.sin, wrt="x"), by_hand=jnp.cos, domain={"x": domain.Reals("")}
)
LISTED = [
    Claim(id="first", autodiff=Derivative(jnp.sin, wrt="x"), by_hand=jnp.cos, domain={"x": domain.Reals("")}),
    Claim(id="second", autodiff=Derivative(jnp.sin, wrt="x"), by_hand=jnp.cos, domain={"x": domain.Reals("")}),
]
"""
    (tmp_path / "below").mkdir()
    path = tmp_path / "below" / "my_claims.py"
    path.write_text(body)
    monkeypatch.chdir(tmp_path)
    loaded = load("below/my_claims.py", deferred=True)
    lines = {"made": 8, "direct": 9, "first": 13, "second": 14}
    assert loaded.places() == {id_: f"below/my_claims.py:{line}" for id_, line in lines.items()}
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert loaded.places() == {}
