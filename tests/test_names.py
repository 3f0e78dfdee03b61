"""One name, one thing: a package does not offer a function under the name of a module of its own."""

import importlib
import pkgutil
from types import ModuleType

import pytest

ROOMS = ("testbed", "generators", "properties", "audits", "figures", "commands", "benchmarks")
PACKAGES = [*ROOMS, *(module.name for room in ROOMS
                      for module in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}.")
                      if module.ispkg)]


@pytest.mark.parametrize("name", PACKAGES)
def test_no_module_is_shadowed(name: str) -> None:
    package = importlib.import_module(name)
    inside = [module.name for module in pkgutil.iter_modules(package.__path__) if module.name != "__main__"]
    for module in inside:
        assert isinstance(getattr(package, module, package), ModuleType), f"{name} offers a {module} that is no module"
