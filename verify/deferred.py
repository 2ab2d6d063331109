"""Stand-ins for JAX and NumPy, so that claims can be listed and shown without importing either.

Importing JAX takes about a second; reading claims needs nothing of it, since a claim only names functions. Inside
`deferred_imports`, an import of JAX or NumPy that is written in a file of claims gives a `Deferred`; imports in any
other file (an installed library's, say) are left alone, so nothing but the claims ever sees a stand-in.
"""

import builtins
import importlib
import importlib.util
import math
import operator
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

ROOTS: Final = ("jax", "jaxlib", "jaxtyping", "numpy")
NUMBERS: Final = {
    "pi": math.pi,
    "e": math.e,
    "inf": math.inf,
    "nan": math.nan,
    "euler_gamma": 0.5772156649015329,
    "newaxis": None,
}
# What `typing` asks of whatever stands in an annotation. Nothing in JAX that annotations name has these, and an answer
# would cost the import.
TYPING_ASKS: Final = frozenset(
    {
        "__abstractmethods__",
        "__args__",
        "__bound__",
        "__constraints__",
        "__forward_arg__",
        "__origin__",
        "__parameters__",
        "__typing_is_unpacked_typevartuple__",
        "__typing_prepare_subst__",
        "__typing_subst__",
        "__typing_unpacked_tuple_args__",
        "_is_protocol",
    }
)
_UNKNOWN: Final = object()


class Deferred:
    """Stands for a module of JAX or NumPy, or for something in one, until it is used.

    Taking an attribute, an index or a union gives another stand-in, so that imports, annotations and default values
    cost nothing. Every other use imports the real thing and is passed on to it.
    """

    __slots__ = ("_label", "_make", "_real")

    def __init__(self, label: str, make: Callable[[], Any]) -> None:
        """Remember how to get the real thing.

        Args:
            label: its dotted name.
            make: imports and returns it.
        """
        self._label = label
        self._make = make
        self._real: Any = _UNKNOWN

    def __getattr__(self, name: str) -> Any:
        if self._real is not _UNKNOWN:
            return getattr(self._real, name)
        if name in TYPING_ASKS:
            raise AttributeError(name)
        if name.startswith("__") and name.endswith("__"):
            return getattr(resolve(self), name)
        if name in NUMBERS and self._label in ("numpy", "jax.numpy"):
            return NUMBERS[name]
        return Deferred(f"{self._label}.{name}", lambda: _attribute(resolve(self), name))

    def __getitem__(self, index: Any) -> Any:
        return Deferred(f"{self._label}[{index!r}]", lambda: resolve(self)[resolve(index)])

    def __or__(self, other: Any) -> Any:
        return Deferred(f"{self._label} | {other!r}", lambda: resolve(self) | resolve(other))

    def __ror__(self, other: Any) -> Any:
        return Deferred(f"{other!r} | {self._label}", lambda: resolve(other) | resolve(self))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Import the real thing and call it."""
        return resolve(self)(*map(resolve, args), **{name: resolve(value) for name, value in kwargs.items()})

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (resolve(self),)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, resolve(self))

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, resolve(self))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Deferred):
            return self._label == other._label
        return self._real is not _UNKNOWN and bool(self._real == other)

    def __hash__(self) -> int:
        return hash(self._label)

    def __repr__(self) -> str:
        return self._label


def _unary(function: Callable[[Any], Any]) -> Callable[[Deferred], Any]:
    return lambda self: function(resolve(self))


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Deferred, Any], Any]:
    return lambda self, other: function(resolve(self), resolve(other))


def _swapped(function: Callable[[Any, Any], Any]) -> Callable[[Deferred, Any], Any]:
    return lambda self, other: function(resolve(other), resolve(self))


for _name in ("iter", "float", "int"):
    setattr(Deferred, f"__{_name}__", _unary(getattr(builtins, _name)))
for _name in ("neg", "pos", "abs", "index"):
    setattr(Deferred, f"__{_name}__", _unary(getattr(operator, _name)))
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    setattr(Deferred, f"__{_name}__", _binary(getattr(operator, _name)))
    setattr(Deferred, f"__r{_name}__", _swapped(getattr(operator, _name)))
for _name in ("lt", "le", "gt", "ge"):
    setattr(Deferred, f"__{_name}__", _binary(getattr(operator, _name)))


def resolve(value: Any) -> Any:
    """The real thing that a stand-in (or a tuple with stand-ins) stands for; anything else as it is."""
    if type(value) is tuple:
        return tuple(resolve(each) for each in value)
    if not isinstance(value, Deferred):
        return value
    if value._real is _UNKNOWN:
        value._real = value._make()
    return value._real


def _attribute(owner: Any, name: str) -> Any:
    """An attribute, or the submodule of that name where nothing has imported it yet."""
    if not hasattr(owner, name) and isinstance(owner, ModuleType) and hasattr(owner, "__path__"):
        dotted = f"{owner.__name__}.{name}"
        if importlib.util.find_spec(dotted) is not None:
            return importlib.import_module(dotted)
    return getattr(owner, name)


# Modules that were read with stand-ins, or may hold functions of such modules.
_affected: set[str] = set()


def forget() -> None:
    """Drop every module that was read with stand-ins, so that the next import reads it with the real JAX."""
    for name in _affected:
        module = sys.modules.pop(name, None)
        parent, _, leaf = name.rpartition(".")
        if module is not None and vars(sys.modules.get(parent, module)).get(leaf) is module:
            delattr(sys.modules[parent], leaf)  # otherwise `from package import module` would still find it
    _affected.clear()


@contextmanager
def deferred_imports(roots: set[Path]) -> Generator[None]:
    """Give stand-ins to files below the roots, and turn x64 on for the rest of the block if JAX is imported after all.

    Args:
        roots: folders of claims; may grow inside the block.
    """
    original = builtins.__import__
    before = set(sys.modules)
    with ExitStack() as stack:

        def real(name: str) -> Any:
            fresh = "jax" not in sys.modules
            module = importlib.import_module(name)
            if fresh and "jax" in sys.modules:
                stack.enter_context(sys.modules["jax"].enable_x64(True))
            return module

        def choose(name: str, *args: Any, **kwargs: Any) -> Any:
            # An import statement passes globals, locals, the names wanted and the level; anything else is not one.
            root = name.partition(".")[0]
            if root not in ROOTS or root in sys.modules or kwargs or len(args) != 4 or args[3]:
                return original(name, *args, **kwargs)
            if not _below(args[0], roots):
                return original(name, *args)
            label = name if args[2] else root
            return Deferred(label, lambda: real(label))

        builtins.__import__ = choose
        try:
            yield
        finally:
            builtins.__import__ = original
            new = {name: sys.modules[name] for name in set(sys.modules) - before}
            _affected.update(name for name, module in new.items() if _below(vars(module), roots))


def _below(scope: Any, roots: set[Path]) -> bool:
    """Whether the module whose globals these are lies below one of the folders, and was not installed there."""
    file = (scope or {}).get("__file__")
    if not file:
        return False
    path = Path(file).resolve()
    return any(path.is_relative_to(root) and "site-packages" not in path.relative_to(root).parts for root in roots)
