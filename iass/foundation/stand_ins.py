"""Empty stand-ins for packages that others import but that this project does not use.

openunmix imports torchaudio on its first line. Its newest release on the package index does not
import beside every torch build and brings gigabytes; the network needs nothing of it. museval
imports stempeg, which refuses to be imported without the program ffmpeg; scoring arrays needs none.
"""

import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType


def stand_in(name: str) -> None:
    """Register an empty module called `name`, but only if the real one cannot be imported.

    It carries a spec, so that importlib.util.find_spec finds it as it finds others.
    """
    try:
        importlib.import_module(name)
    except (ImportError, OSError, RuntimeError):  # also a library that does not load, no ffmpeg
        module = ModuleType(name, f"Empty stand-in for {name}, which could not be imported.")
        module.__spec__ = ModuleSpec(name, loader=None)
        sys.modules[name] = module


def import_openunmix() -> ModuleType:
    """Return openunmix.model, with a stand-in for torchaudio where that cannot be imported.

    Network, filters and transforms work; openunmix's own resampling and file loaders do not.
    """
    stand_in("torchaudio")
    return importlib.import_module("openunmix.model")


def import_museval() -> ModuleType:
    """Return museval, with a stand-in for stempeg where ffmpeg is missing.

    Its metrics on arrays work; its reading of .stem.mp4 files does not.
    """
    stand_in("stempeg")
    return importlib.import_module("museval")
