"""Modules by the names that users give to inputs and tasks."""

from collections.abc import Mapping
from typing import Generic, TypeVar, cast

from torch import nn

M = TypeVar("M", bound=nn.Module)


class Named(nn.Module, Generic[M]):
    """Modules by name. A name that modules have a meaning for, such as `type`, is kept with an underscore behind.

    Examples
    --------
    >>> heads = named({"digit": nn.Identity(), "type": nn.Identity()})
    >>> [name for name, _ in heads.named_children()]
    ['digit', 'type_']
    """

    def __init__(self) -> None:
        super().__init__()
        self._keys: dict[str, str] = {}

    def add(self, name: str, module: M) -> None:
        """Add a module under a name of its own."""
        key = name
        while hasattr(self, key):
            key += "_"
        self._keys[name] = key
        self.add_module(key, module)

    def of(self, name: str) -> M:
        """Return the module of a name."""
        return cast(M, self._modules[self._keys[name]])

    def named(self) -> dict[str, M]:
        """Return all modules by the names that users gave them."""
        return {name: self.of(name) for name in self._keys}


def named(modules: Mapping[str, M]) -> Named[M]:
    """Return modules by name as one module."""
    result: Named[M] = Named()
    for name, module in modules.items():
        result.add(name, module)
    return result
