import importlib.util
import sys

import pytest

from iass.datasets.falcon69 import find_excerpt
from iass.foundation.stand_ins import import_museval, import_openunmix, stand_in


def test_a_package_that_cannot_be_imported_gets_a_stand_in_that_has_a_spec(monkeypatch):
    monkeypatch.setitem(sys.modules, "no_such_package", None)
    stand_in("no_such_package")
    import no_such_package

    assert importlib.util.find_spec("no_such_package") is not None
    with pytest.raises(AttributeError):
        no_such_package.load  # noqa: B018


def test_a_package_that_can_be_imported_is_left_alone():
    import json

    stand_in("json")
    assert sys.modules["json"] is json


def test_openunmix_gives_its_network():
    assert import_openunmix().OpenUnmix.__name__ == "OpenUnmix"
    assert "torchaudio" in sys.modules


def test_the_excerpt_of_stempeg_is_found_though_museval_got_a_stand_in() -> None:
    import_museval()
    assert find_excerpt().is_file()
