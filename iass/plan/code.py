"""The code that a job runs, as a hash: a changed line reruns it, a comment does not."""

from dataclasses import dataclass

from iass.foundation.code import hash_code
from iass.foundation.config import Config
from iass.foundation.files import hash_file, hash_text
from iass.foundation.plugins import ROOT, dataset_module, method_module
from iass.plan.cells import Wildcards
from iass.plan.files import LISTEN_CODE

PREPARE = "iass.preparation.run"
TRAIN = "iass.training.run"
SEPARATE = "iass.separation.run"
SCORE = "iass.scoring.run"
COLLECT = "iass.scoring.collect"
FIGURE = "iass.reporting.draw"
TABLE = "iass.reporting.write"
CLAIMS = "iass.reporting.claims"
CHECKS = ROOT / "iass" / "reporting" / "claims" / "checks"
PUBLISHED = "iass.reporting.tables.published"
PROVENANCE = "iass.reporting.tables.provenance"
REFERENCES = "iass.reporting.listen.references"
EXCERPTS = "iass.reporting.listen.estimates"
LISTEN = "iass.reporting.listen.run"


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

    def figure(self, reads: str, figure: str) -> str:
        """Hash of the code that draws one figure, found in the folder of what it reads."""
        return hash_code(FIGURE, f"iass.reporting.figures.{reads}.{figure}")

    def table(self, _: Wildcards) -> str:
        """Hash of the code that writes the tables."""
        return hash_code(TABLE)

    def claims(self, _: Wildcards) -> str:
        """Hash of the claims and of the code that checks them."""
        files = sorted(path for path in CHECKS.glob("*.py") if path.stem != "__init__")
        checks = [f"{CLAIMS}.checks.{path.stem}" for path in files]
        return hash_code(CLAIMS, f"{CLAIMS}.check", *checks)

    def published(self, _: Wildcards) -> str:
        """Hash of the code that sets published numbers beside ours."""
        return hash_code(PUBLISHED)

    def provenance(self, _: Wildcards) -> str:
        """Hash of the code that lists the runs."""
        return hash_code(PROVENANCE)

    def references(self, _: Wildcards) -> str:
        """Hash of the code that cuts excerpts of mixtures and references."""
        return hash_code(REFERENCES)

    def excerpts(self, _: Wildcards) -> str:
        """Hash of the code that cuts excerpts of estimates."""
        return hash_code(EXCERPTS)

    def listen(self, _: Wildcards) -> str:
        """Hash of the code that writes the listening page, and of what the page runs itself."""
        static = [hash_file(path) for path in sorted((LISTEN_CODE / "static").iterdir())]
        return hash_text(" ".join([hash_code(LISTEN), *static]))[:16]

    def _method_modules(self, method: str) -> list[str]:
        entry = self.config.methods[method]
        return [] if entry.kind == "command" else [method_module(method, entry)]
