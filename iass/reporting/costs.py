"""What methods cost: parameters and hours of training, time and memory of separation.

Parameters stand in model.json and hours in cost.json beside it; time and memory in the benchmark
files that Snakemake writes of the jobs of `separate`, so they include the start of the program.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from iass.foundation.errors import UserError
from iass.foundation.files import read_json
from iass.preparation.manifest import read_manifest

COST_COLUMNS = ["parameters", "training_hours", "on_gpu", "real_time_factor", "memory_gb"]
_HOUR = 3600.0  # seconds
_MEBIBYTE = 2**20  # bytes; Snakemake counts memory in these


def read_costs(manifest: Path, records: Iterable[Path]) -> pd.DataFrame:
    """Return COST_COLUMNS by method, NaN where something is not known.

    `records` are model.json files of trainings and .tsv files of separations of the test tracks of
    `manifest`. Parameters and hours are of all targets together, hours of all processes; of
    several seeds the mean. The real-time factor is in seconds per second of music, memory the peak
    of a job in GB. UserError names a file that is missing or broken.
    """
    paths = sorted(records)
    models = [_read_model(path) for path in paths if path.suffix == ".json"]
    jobs = [_read_benchmark(path) for path in paths if path.suffix == ".tsv"]
    costs = _sum_trainings(models).join(_sum_jobs(jobs, _measure_music(manifest)), how="outer")
    return costs.reindex(columns=COST_COLUMNS)


def _read_model(path: Path) -> dict[str, object]:
    """Return what one training took, from model.json and, if it is there, cost.json beside it."""
    beside = path.with_name("cost.json")
    cost = read_json(beside) if beside.is_file() else {}
    gpu_hours, cpu_seconds = cost.get("gpu_hours"), cost.get("cpu_seconds")
    on_gpu = gpu_hours is not None
    cpu_hours = None if cpu_seconds is None else cpu_seconds / _HOUR
    return {
        "method": path.parents[2].name,
        "seed": path.parent.name,
        "parameters": read_json(path).get("parameters"),
        "training_hours": gpu_hours if on_gpu else cpu_hours,
        "on_gpu": on_gpu,
    }


def _read_benchmark(path: Path) -> dict[str, object]:
    """Return time and memory of one job; a job too short to be measured has no memory."""
    try:
        row = pd.read_csv(path, sep="\t").iloc[0]
        seconds, memory = float(row["s"]), pd.to_numeric(row["max_rss"], errors="coerce")
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; run the separation first.") from None
    except (KeyError, IndexError, ValueError):
        raise UserError(f"{path} is no benchmark file; delete it and separate again.") from None
    names = {"method": path.parents[1].name, "seed": path.parent.name}
    return names | {"seconds": seconds, "memory_gb": memory * _MEBIBYTE / 1e9}


def _sum_trainings(models: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Add up targets and average seeds; what one target does not know, its method does not."""
    columns = ["method", "seed", "parameters", "training_hours", "on_gpu"]
    table = pd.DataFrame(models, columns=columns)
    amounts = ["parameters", "training_hours"]
    table[amounts] = table[amounts].astype("float64")
    sums = table.groupby(["method", "seed"])[amounts].sum(skipna=False)
    on_gpu = table.groupby("method")["on_gpu"].any()
    return sums.groupby("method").mean().join(on_gpu)


def _sum_jobs(jobs: Sequence[dict[str, object]], music_s: float) -> pd.DataFrame:
    table = pd.DataFrame(jobs, columns=["method", "seed", "seconds", "memory_gb"])
    methods = table.groupby("method")
    seeds = methods["seed"].nunique()
    return pd.DataFrame(
        {
            "real_time_factor": methods["seconds"].sum() / (seeds * music_s),
            "memory_gb": methods["memory_gb"].max(),
        }
    )


def _measure_music(manifest: Path) -> float:
    """Return the length of all test tracks, s."""
    return sum(track.samples / track.rate_hz for track in read_manifest(manifest).select("test"))
