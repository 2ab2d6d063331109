"""docs/custom-rules.md says what happens."""

import re
import shlex
from pathlib import Path

import pytest

from verify import Status, check, load
from verify.cli import call

PAGE = (Path(__file__).parents[1] / "docs" / "custom-rules.md").read_text(encoding="utf-8")
COMMANDS = [line for line in re.search(r"```sh\n(.*?)```", PAGE, re.DOTALL)[1].splitlines() if line]  # type: ignore[index]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    program, *words = shlex.split(command)
    assert program == "verify"
    assert call([*words, "--budget", "quick"]) == 0
    assert "HOLDS" in capsys.readouterr().out


def test_the_file_of_claims(tmp_path: Path) -> None:
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    path = tmp_path / "rules_claims.py"
    path.write_text(code[1], encoding="utf-8")
    (claim,) = load(path)
    assert check(claim, "quick").status is Status.HOLDS
    # And with the factor left out it does not.
    path = tmp_path / "wrong_claims.py"
    path.write_text(code[1].replace("(g / (1 + jnp.exp(-x)),)", "(g,)"), encoding="utf-8")
    (claim,) = load(path)
    assert check(claim, "quick").status is Status.FAILS
