"""The code that a job runs, as a hash: a changed line reruns it, a comment does not."""

from dataclasses import dataclass

from iass.foundation.code import hash_code
from iass.foundation.config import Config
from iass.foundation.plugins import dataset_module, method_module
from iass.plan.cells import Wildcards
from iass.plan.files import find_figures

PREPARE = "iass.preparation.run"
TRAIN = "iass.training.run"
SEPARATE = "iass.separation.run"
SCORE = "iass.scoring.run"
COLLECT = "iass.scoring.collect"
FIGURE = "iass.reporting.draw"
TABLE = "iass.reporting.write"


@dataclass(frozen=True)
class Code:
    """Hashes of the syntax trees of a step and its plug-ins, by the wildcards of a job."""

    config: Config

    def fetch(self, wildcards: Wildcards) -> str:
        """Hash of the code that knows what a data set's archives are."""
        entry = self.config.datasets[wildcards.dataset]
        return hash_code(dataset_module(wildcards.dataset, entry))

    def prepare(self, wildcards: Wildcards) -> str:
        """Hash of the code that prepares a data set."""
        entry = self.config.datasets[wildcards.dataset]
        return hash_code(PREPARE, dataset_module(wildcards.dataset, entry))

    def overlap(self, _: Wildcards) -> str:
        """Hash of the leakage guard."""
        return hash_code("iass.preparation.overlap")

    def weights(self, wildcards: Wildcards) -> str:
        """Hash of the code that knows what a method's weights are."""
        return hash_code(*self._method_modules(wildcards.method))

    def train(self, wildcards: Wildcards) -> str:
        """Hash of the code that trains a method; constant where finished models are kept."""
        keeps = self.config.stale_models == "keep"
        return "kept" if keeps else self.hash_training(wildcards.method)

    def hash_training(self, method: str) -> str:
        """Hash of the code that trains a method, as the step writes it into model.json."""
        return hash_code(TRAIN, *self._method_modules(method))

    def separate(self, wildcards: Wildcards) -> str:
        """Hash of the code that separates with a method."""
        return hash_code(SEPARATE, *self._method_modules(wildcards.method))

    def score(self, wildcards: Wildcards) -> str:
        """Hash of the code that scores a method's estimates, and of the method's own."""
        modules = (SCORE, SEPARATE)
        return hash_code(*modules, *self._method_modules(wildcards.method))

    def collect(self, _: Wildcards) -> str:
        """Hash of the code that joins score tables."""
        return hash_code(COLLECT)

    def figure(self, wildcards: Wildcards) -> str:
        """Hash of the code that draws one figure."""
        reads = next(
            r for r in ("scores", "models", "activity") if wildcards.figure in find_figures(r)
        )
        return hash_code(FIGURE, f"iass.reporting.figures.{reads}.{wildcards.figure}")

    def table(self, _: Wildcards) -> str:
        """Hash of the code that writes the tables."""
        return hash_code(TABLE)

    def _method_modules(self, method: str) -> list[str]:
        entry = self.config.methods[method]
        return [] if entry.kind == "command" else [method_module(method, entry)]
