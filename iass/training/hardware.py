"""What a network and its data need to run well on this machine."""

from dataclasses import replace

import torch
from torch import nn

from iass.foundation.config import TrainSettings
from iass.foundation.errors import UserError
from iass.training.data import TrainingData
from iass.training.songs import Song, move_song

_ROOM = 0.8  # most of a GPU's free memory that songs may take; the rest is for the network


def prepare_network(network: nn.Module, settings: TrainSettings, device: torch.device) -> None:
    """Move a network to the device, in place; state_dict keeps its names.

    UserError if the settings ask for what the device cannot do.
    """
    if settings.sync_batch_norm:
        if device.type != "cuda":
            raise UserError("train.sync_batch_norm works on GPUs only; take it off.")
        nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    network.to(device).train()
    if settings.compile:
        network.compile()
    if device.type == "cuda":
        torch.backends.cudnn.deterministic = True  # a repeated training gives the same model


def move_data(data: TrainingData, settings: TrainSettings, device: torch.device) -> TrainingData:
    """Return the data with all songs that a training reads in the memory of the device.

    UserError if a GPU has too little.
    """
    sampler = data.sampler
    songs = list(sampler.songs if settings.remix else sampler.targets)
    _check_room([*songs, *data.validation], device)
    moved = [move_song(song, device) for song in songs]
    validation = [move_song(song, device) for song in data.validation]
    return replace(data, sampler=sampler.with_songs(moved), validation=validation)


def _check_room(songs: list[Song], device: torch.device) -> None:
    if device.type != "cuda":
        return
    needed = sum(song.store.nbytes for song in songs)
    free, _ = torch.cuda.mem_get_info(device)
    if needed > _ROOM * free:
        raise UserError(
            f"train.data_on_device: the songs take {needed / 1e9:.1f} GB, but the GPU has "
            f"{free / 1e9:.1f} GB free; take it off and give train.workers instead."
        )
