"""The keys of the listening page."""

import pytest
from listening import Tab

pytest_plugins = ["listening_tabs"]


def test_keys_do_what_the_help_line_says(tab: Tab) -> None:
    press = tab.page.keyboard.press
    press("4")
    assert tab.chosen() == "iass"
    press("ArrowDown")
    assert tab.chosen() == "open_unmix"
    press("ArrowUp")
    press("ArrowUp")
    assert tab.chosen() == "ibm"
    for key, position in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)):
        press(key)
        assert tab.position() == position
    press("l")
    assert tab.page.get_attribute("[data-loop=excerpt]", "aria-pressed") == "true"
    press("m")
    assert tab.page.get_attribute("#matched", "aria-pressed") == "true"
    press("Space")
    tab.wait_for_sound()
    assert tab.page.inner_text("#now") == "Playing: IBM, Vocals"
    press("Space")
    assert not tab.ask("listen.player.playing")


def test_space_still_plays_after_a_row_was_clicked_and_presses_what_was_reached_by_tab(
    tab: Tab,
) -> None:
    tab.page.keyboard.press("ArrowRight")
    tab.page.click("[data-row=iass]")
    tab.page.keyboard.press("Space")
    tab.wait_for_sound()
    tab.page.keyboard.press("Tab")
    tab.page.keyboard.press("Space")  # on the first frame button of this row
    assert tab.ask("listen.player.playing")
    assert tab.ask("listen.player.batch.offset") == 0


@pytest.mark.parametrize("slider", ["#seek", "#volume"])
def test_a_slider_keeps_the_keys_that_move_it_and_no_others(tab: Tab, slider: str) -> None:
    tab.page.click(slider)
    before = float(tab.page.input_value(slider))
    tab.page.keyboard.press("4")
    assert tab.chosen() == "iass"
    tab.page.keyboard.press("ArrowDown")
    assert tab.chosen() == "iass"
    assert 0 < before - float(tab.page.input_value(slider)) < 0.5
    tab.page.keyboard.press("Home")
    assert float(tab.page.input_value(slider)) == 0
    tab.page.keyboard.press("Space")
    tab.wait_for_sound()
    assert tab.page.inner_text("#play") == "Pause"


def test_keys_can_be_turned_off(tab: Tab) -> None:
    tab.page.click("#shortcuts")
    tab.page.keyboard.press("4")
    assert tab.chosen() == "mixture"
