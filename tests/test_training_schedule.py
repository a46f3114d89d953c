import numpy as np
import pytest
import torch

from iass.foundation.config import TrainSettings
from iass.training.schedule import Plateau, WarmupCosine, choose_schedule, count_drops


def make_settings(**values) -> TrainSettings:
    return TrainSettings.model_validate(values)


def test_the_settings_choose_the_schedule():
    assert isinstance(choose_schedule(make_settings(), 3), Plateau)
    assert isinstance(choose_schedule(make_settings(schedule="warmup_cosine"), 3), WarmupCosine)


def test_a_warmup_rises_in_equal_steps_and_a_cosine_falls_to_zero():
    schedule = WarmupCosine(make_settings(steps=100, warmup=0.1, learning_rate=1.0))
    rates = [schedule.learning_rate(step, []) for step in range(100)]
    np.testing.assert_allclose(rates[:10], np.arange(1, 11) / 10)
    assert rates[10] == 1.0
    assert rates[55] == pytest.approx(0.5)
    assert 0 < rates[99] < 0.001


def test_a_warmup_of_nothing_begins_at_the_full_rate():
    schedule = WarmupCosine(make_settings(steps=2, warmup=0.0, learning_rate=1.0))
    assert schedule.learning_rate(0, []) == 1.0


def test_fixed_steps_validate_now_and_then_and_at_the_end():
    schedule = WarmupCosine(make_settings(steps=100, validate_every=40))
    validations = [step for step in range(1, 101) if schedule.is_validation(step)]
    assert validations == [40, 80, 100]
    reports = [step for step in range(1, 101) if schedule.is_report(step)]
    assert set(validations) <= set(reports)
    assert len(reports) == 50
    assert not schedule.is_over([1.0, 2.0])


@pytest.mark.parametrize("patience", [1, 2, 4])
@pytest.mark.parametrize("cooldown", [0, 1, 5])
def test_the_rate_falls_when_torch_s_scheduler_lets_it_fall(patience, cooldown):
    rng = np.random.default_rng(patience)
    losses = (1 / np.arange(1, 60) ** 0.2 + 0.3 * rng.random(59)).tolist()
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser, factor=0.3, patience=patience, cooldown=cooldown
    )
    settings = make_settings(lr_patience=patience, lr_cooldown=cooldown, learning_rate=1.0)
    ours = Plateau(settings, 1)
    for count, loss in enumerate(losses, start=1):
        theirs.step(loss)
        expected = optimiser.param_groups[0]["lr"]
        if expected > 1e-6:  # torch ignores smaller changes
            assert ours.learning_rate(0, losses[:count]) == pytest.approx(expected)
    assert count_drops(losses, patience, cooldown) >= 2


def test_epochs_are_counted_in_steps():
    schedule = Plateau(make_settings(epochs=5, validate_every=2), 3)
    assert schedule.steps == 15
    assert [s for s in range(1, 16) if schedule.is_report(s)] == [3, 6, 9, 12, 15]
    assert [s for s in range(1, 16) if schedule.is_validation(s)] == [6, 12, 15]


def test_training_stops_when_the_best_validation_is_patience_epochs_old():
    schedule = Plateau(make_settings(patience=4, validate_every=2), 3)
    assert not schedule.is_over([])
    assert not schedule.is_over([3.0, 1.0, 2.0])
    assert schedule.is_over([3.0, 1.0, 2.0, 2.0])
    assert not schedule.is_over([3.0, 1.0, 2.0, 0.5])
