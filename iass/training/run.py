"""The step `train`: one method learns one target with one seed."""

from dataclasses import replace

from iass.foundation.code import hash_code
from iass.foundation.config import MethodEntry
from iass.foundation.errors import UserError
from iass.foundation.memory import explain_shortage
from iass.foundation.method import FitJob, Trained
from iass.foundation.plugins import load_method, method_module


def train_model(name: str, entry: MethodEntry, job: FitJob) -> None:
    """Let the method `name` fit `job.target`; it writes model.safetensors and model.json.

    UserError if it is not of kind `trained`, or needs more memory than there is.
    """
    method = load_method(name, entry)
    if not isinstance(method, Trained):
        raise UserError(f"methods.{name} is of kind '{entry.kind}'; only `trained` ones can train.")
    code = hash_code(__name__, method_module(name, entry))
    with explain_shortage(
        f"The training of '{job.target}'",
        "raise train.accumulate, lower train.batch_size, or take a device with more memory. The "
        f"last checkpoint stays in {job.checkpoints}, and the same settings go on from it",
    ):
        method.fit(replace(job, provenance={**job.provenance, "method": name, "code": code}))
