"""What a job takes from the config besides its files: a change of it reruns the job."""

import json
import os
import shlex
from dataclasses import asdict, dataclass
from typing import Any

from iass.foundation.plugins import method_module
from iass.foundation.train_settings import WITHOUT_EFFECT
from iass.plan.cells import Cells, Wildcards
from iass.plan.declared import find_defaults
from iass.plan.files import Files
from iass.plan.launch import Untracked, write_command, write_machine, write_separation

OVERLAP = ". ATTENTION: songs may be both trained on and scored (allow_overlap)"


@dataclass(frozen=True)
class Parameters:
    """Parameters of the rules, by the wildcards of a job; sections of the config are JSON."""

    cells: Cells
    gpus: int

    def dataset_entry(self, wildcards: Wildcards) -> str:
        """The config entry of a data set as JSON, without what changes no file of it."""
        entry = self.cells.config.datasets[wildcards.dataset]
        return entry.model_dump_json(exclude={"shards"}, exclude_defaults=True)

    def dataset_folder(self, wildcards: Wildcards) -> str:
        """Folder of a data set's large files."""
        return f"{self.data_dir}/{wildcards.dataset}"

    def fetch_options(self, _: Wildcards) -> Untracked:
        """Options of the step fetch that come from the config's top level.

        They say how an archive is got, not what it is: their change prepares nothing anew.
        """
        accepted = ["--accepted", ",".join(self.cells.config.accept_licences)]
        return Untracked(shlex.join([*self._download_words(), *accepted]))

    def weights_options(self, _: Wildcards) -> str:
        """Options of the step weights that come from the config's top level."""
        return shlex.join([*self._download_words(), "--data-dir", self.data_dir])

    def _download_words(self) -> list[str]:
        config = self.cells.config
        mirror = ["--mirror", config.mirror] if config.mirror else []
        return ["--checksums", config.checksums, *mirror]

    def method_entry(self, wildcards: Wildcards) -> str:
        """What separating with a method depends on, as JSON."""
        entry = self.cells.config.methods[wildcards.method]
        return entry.model_dump_json(exclude={"train", "env"}, exclude_defaults=True)

    def trained_entry(self, wildcards: Wildcards) -> str:
        """What training a method depends on, as JSON."""
        entry = self.cells.config.methods[wildcards.method]
        tracked = entry.model_dump(mode="json", exclude={"env"}, exclude_defaults=True)
        train = {k: v for k, v in tracked.pop("train", {}).items() if k not in WITHOUT_EFFECT}
        return json.dumps(tracked | ({"train": train} if train else {}), separators=(",", ":"))

    def training_command(self, wildcards: Wildcards) -> Untracked:
        """The first words of a training's command line."""
        return write_command(self.cells.config.methods[wildcards.method].train)

    def separation_command(self, _: Wildcards) -> Untracked:
        """The first words of a separation's command line."""
        return write_separation()

    def training_machine(self, wildcards: Wildcards) -> Untracked:
        """How a training uses its machine, as JSON."""
        return write_machine(self.cells.config.methods[wildcards.method].train)

    def run_targets(self, run: Wildcards) -> str:
        """Names of a run's targets, separated by commas."""
        return ",".join(self.cells.method_targets(run.experiment, run.dataset, run.method))

    def overlap_allowed(self, wildcards: Wildcards) -> str:
        """The flag of the leakage guard."""
        allowed = self.cells.config.experiments[wildcards.experiment].allow_overlap
        return "--allowed" if allowed else "--no-allowed"

    def trained_on(self, wildcards: Wildcards) -> str:
        """What a pretrained method's file says that its weights have learned, as JSON."""
        return json.dumps(self.cells.find_declared(wildcards.method, "trained_on"))

    def weights_receipt(self, run: Wildcards) -> str:
        """The option with which a pretrained method finds its weights."""
        receipts = Files(self.cells).weights(run)
        return shlex.join(["--weights", *receipts]) if receipts else ""

    def channels(self, wildcards: Wildcards) -> str:
        """`mono` or `stereo`, of an experiment."""
        return self.cells.config.experiments[wildcards.experiment].channels

    def protocol(self, wildcards: Wildcards) -> str:
        """Scoring protocol of a data set in an experiment."""
        return self.cells.protocol(wildcards.experiment, wildcards.dataset)

    def shard_count(self, wildcards: Wildcards) -> int:
        """Number of jobs that share a data set's test tracks."""
        return self.cells.config.datasets[wildcards.dataset].shards

    def scoring_entry(self, _: Wildcards) -> str:
        """The scoring section as JSON."""
        return self.cells.config.scoring.model_dump_json()

    def report_context(self, wildcards: Wildcards) -> str:
        """What a page takes from the config and the card: a reporting Context as JSON."""
        return json.dumps(self._context(wildcards.experiment, wildcards.dataset))

    def _context(self, experiment: str, dataset: str) -> dict[str, Any]:
        entry = self.cells.config.experiments[experiment]
        card = self.cells.cards[dataset]
        return {
            "experiment": experiment,
            "dataset": dataset,
            "methods": entry.methods,
            "kinds": {method: self.cells.config.methods[method].kind for method in entry.methods},
            "targets": self.cells.targets(experiment, dataset),
            "data": f"{card.title}: {card.description.rstrip('.')}{OVERLAP * entry.allow_overlap}",
            "errata": entry.errata,
            "window_s": self.cells.config.scoring.window_s,
        }

    def report_job(self, _: Wildcards) -> str:
        """What a page over all experiments takes from the config: a ReportJob as JSON."""
        methods = {name: self._method_facts(name) for name in self.cells.config.methods}
        pages = [self._report_page(name, dataset) for name, dataset in self.cells.scored()]
        margin_db = self.cells.config.claims.margin_db
        return json.dumps({"margin_db": margin_db, "methods": methods, "pages": pages})

    def _method_facts(self, method: str) -> dict[str, Any]:
        entry = self.cells.config.methods[method]
        owner = self.cells.config.methods[self.cells.trained_as(method)]
        is_command = entry.kind == "command"
        defaults = {} if is_command else find_defaults(method_module(method, entry), "Method")
        return {
            "kind": entry.kind,
            "module": entry.module or method,
            "options": defaults | owner.options | entry.options,
            "train": owner.train.outcome(),
        }

    def _report_page(self, experiment: str, dataset: str) -> dict[str, Any]:
        entry = self.cells.config.experiments[experiment]
        modules = {name: d.module or name for name, d in self.cells.config.datasets.items()}
        train_on = entry.train_on
        return {
            "context": self._context(experiment, dataset),
            "channels": entry.channels,
            "hop_s": self.cells.config.scoring.hop_s,
            "protocol": self.cells.protocol(experiment, dataset),
            "card_protocol": self.cells.cards[dataset].protocol,
            "train_on": modules[train_on] if train_on else None,
            "test_on": modules[dataset],
            "manifest": f"results/data/{train_on}/manifest.json" if train_on else None,
            "labels": f"results/data/{dataset}/labels.parquet",
        }

    def listen_wish(self, wildcards: Wildcards) -> str:
        """What the page may play of a data set, as JSON: a Wish of reporting."""
        listen = self.cells.config.listen
        wish = {
            "tracks": listen.tracks,
            "names": listen.names.get(wildcards.dataset),
            "seconds": listen.seconds,
            "publishable": self.cells.cards[wildcards.dataset].publishable,
            "private": listen.private,
        }
        return json.dumps(wish)

    def listen_targets(self, wildcards: Wildcards) -> str:
        """Names of the targets of an experiment on a data set, separated by commas."""
        return ",".join(self.cells.targets(wildcards.experiment, wildcards.dataset))

    def mp3_quality(self, _: Wildcards) -> int:
        """LAME's quality of the clips."""
        return self.cells.config.listen.mp3_quality

    def listen_page(self, _: Wildcards) -> str:
        """What the listening page takes from the config and the cards, as JSON: a PageWish."""
        listen, played = self.cells.config.listen, self.cells.listened()
        page = {
            "max_mb": listen.max_mb,
            "private": listen.private,
            "contexts": [self._context(name, dataset) for name, dataset in played],
            "left_out": [
                {
                    "title": "all tracks",
                    "dataset": dataset,
                    "reason": self._explain_silence(dataset),
                }
                for dataset in dict.fromkeys(d for _, d in self.cells.scored())
                if dataset not in {d for _, d in played}
            ],
        }
        return json.dumps(page)

    def _explain_silence(self, dataset: str) -> str:
        """Return why the page plays nothing of a data set."""
        if self.cells.config.listen.names.get(dataset) == []:
            return "the config wants none (listen.names)"
        return (
            f"{self.cells.cards[dataset].licence} With listen.private in the config the page is "
            "for your own use, and plays it."
        )

    def gpu_slots(self, wildcards: Wildcards) -> int:
        """GPUs that a job of a method takes: one for a network where there is any, else none."""
        is_network = self.cells.config.methods[wildcards.method].kind in ("trained", "pretrained")
        return min(self.gpus, 1) if is_network else 0

    def training_gpus(self, wildcards: Wildcards) -> int:
        """GPUs that a training takes: one per process, as far as there are any."""
        return min(self.gpus, self.cells.config.methods[wildcards.method].train.processes)

    def method_env(self, wildcards: Wildcards) -> str:
        """Environment file of a method, relative to workflow/rules."""
        return f"../envs/{self.cells.config.methods[wildcards.method].env or 'method'}.yaml"

    def skipped_cells(self, _: Wildcards) -> str:
        """The skipped cells as JSON."""
        return json.dumps([asdict(cell) for cell in self.cells.skipped()])

    @property
    def data_dir(self) -> str:
        """Folder of all large files: IASS_DATA, or the config's `data_dir`."""
        return os.environ.get("IASS_DATA", self.cells.config.data_dir)
