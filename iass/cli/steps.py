"""The steps of the workflow, one subcommand per rule. People seldom call these by hand."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter

from iass.foundation.audio import Channels
from iass.foundation.config import DatasetEntry, MethodEntry, Protocol, Scoring, TrainSettings

app = typer.Typer(
    no_args_is_help=True,
    help="Run one step of the workflow, as its Snakemake rule does.\n\n"
    "Example: iass step collect results/scores.parquet results/scores/demo/ibm.parquet",
)

Json = Annotated[str, typer.Option(help="Entry of the config, as JSON.")]
Code = Annotated[str, typer.Option(help="Hash of the code that runs, for the provenance.")]
Targets = Annotated[str, typer.Option(help="Names, separated by commas.")]
Seed = Annotated[str, typer.Option(help='"seed<k>", or "unseeded" for methods without training.')]

Text = Annotated[str, typer.Option()]
Count = Annotated[int, typer.Option()]
File = Annotated[Path, typer.Option()]
Models = Annotated[list[Path] | None, typer.Argument(help="One model.safetensors per target.")]
Receipts = Annotated[list[Path] | None, typer.Argument(help="The leakage guard's receipt, if any.")]

CHANNELS: TypeAdapter[Channels] = TypeAdapter(Channels)
_PROTOCOL: TypeAdapter[Protocol] = TypeAdapter(Protocol)


@app.command()
def fetch(
    dataset: str,
    entry: Json,
    folder: File,
    receipt: File,
    checksums: File,
    accepted: Text,
    mirror: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Download a data set's archives, verified; what is there already is not fetched again."""
    from iass.preparation.fetch import fetch_dataset
    from iass.preparation.tools import PreparationTools

    parsed = DatasetEntry.model_validate_json(entry)
    tools = PreparationTools(folder, checksums=checksums, mirror=mirror)
    fetch_dataset(dataset, parsed, tools, accepted.split(","), receipt)


@app.command()
def prepare(
    dataset: str, entry: Json, folder: File, manifest: File, labels: File, processes: Count = 1
) -> None:
    """Unpack or render a data set and describe it: manifest, labels, training stores."""
    from iass.preparation.run import prepare_dataset
    from iass.preparation.tools import PreparationTools

    parsed = DatasetEntry.model_validate_json(entry)
    prepare_dataset(dataset, parsed, PreparationTools(folder, processes), manifest, labels)


@app.command()
def overlap(
    experiment: str,
    train: Path,
    test: Path,
    output: File,
    allowed: Annotated[bool, typer.Option()] = False,
) -> None:
    """Refuse an experiment whose test songs are trained on, unless its config allows it."""
    from iass.preparation.overlap import check_overlap

    check_overlap(experiment, train, test, allowed, output)


@app.command()
def weights(
    method: str,
    entry: Json,
    receipt: File,
    checksums: File,
    data_dir: File,
    mirror: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Download a pretrained method's weights, verified, or find those that a person placed."""
    from iass.foundation.plugins import load_pretrained
    from iass.preparation.fetch_weights import fetch_weights
    from iass.preparation.weights import write_receipt

    found = load_pretrained(method, MethodEntry.model_validate_json(entry))
    fetch_weights(found, data_dir, checksums, mirror)
    write_receipt(found, data_dir, receipt)


@app.command()
def overlap_weights(
    experiment: str,
    method: str,
    test: Path,
    trained_on: Json,
    output: File,
    allowed: Annotated[bool, typer.Option()] = False,
) -> None:
    """Refuse an experiment whose test songs published weights have learned, as `overlap` does."""
    from iass.preparation.overlap import check_weights

    check_weights(experiment, method, json.loads(trained_on), test, allowed, output)


@app.command()
def train(
    method: str,
    entry: Json,
    target: Text,
    channels: Text,
    seed: Seed,
    manifest: File,
    labels: File,
    folder: File,
    checkpoints: File,
    machine: Json = "{}",
) -> None:
    """Train one method on one target with one seed; exit code 75 after a signal: start it again.

    `machine` has the training settings that change no byte of the model.
    """
    from iass.foundation.files import write_json
    from iass.foundation.method import FitJob
    from iass.foundation.provenance import ENVIRONMENT, describe_step
    from iass.preparation.data_hash import hash_data
    from iass.preparation.manifest import read_manifest
    from iass.training.run import train_model
    from iass.training.stop import EXIT_CODE, TrainingStoppedError

    parsed = MethodEntry.model_validate_json(entry)
    settings = parsed.train.model_dump() | json.loads(machine)
    job = FitJob(
        manifest=manifest,
        labels=labels,
        target=target,
        channels=CHANNELS.validate_python(channels),
        seed=parse_seed(seed) or 0,
        folder=folder,
        checkpoints=checkpoints,
        settings=TrainSettings.model_validate(settings),
        provenance={"data": hash_data(read_manifest(manifest), "train", "valid")},
    )
    try:
        train_model(method, parsed, job)
        write_json(folder / ENVIRONMENT, describe_step())
    except TrainingStoppedError as stop:
        print(f"iass: {stop}", file=sys.stderr)
        raise typer.Exit(EXIT_CODE) from None


@app.command()
def separate(
    method: str,
    entry: Json,
    seed: Seed,
    manifest: File,
    targets: Targets,
    channels: Text,
    shard: Count,
    shards: Count,
    code: Code,
    output: File,
    activity: File,
    models: Models = None,
    weights: Annotated[Path | None, typer.Option(help="Receipt of published weights.")] = None,
) -> None:
    """Let one method separate one shard of a data set's test tracks."""
    from iass.separation.run import SeparationJob, separate_shard

    job = SeparationJob(
        method=method,
        entry=MethodEntry.model_validate_json(entry),
        seed=parse_seed(seed),
        manifest=manifest,
        targets=targets.split(","),
        channels=CHANNELS.validate_python(channels),
        shard=shard,
        shards=shards,
        models={path.parent.parent.name: path.parent for path in models or []},
        code=code,
        weights=weights,
    )
    separate_shard(job, output, activity)


@app.command()
def score(
    experiment: str,
    method: str,
    seed: Seed,
    manifest: File,
    labels: File,
    estimates: File,
    activity: File,
    targets: Targets,
    channels: Text,
    protocol: Text,
    scoring: Json,
    shard: Count,
    shards: Count,
    code: Code,
    output: File,
    overlap: Receipts = None,
) -> None:
    """Score one method's estimates and predicted activity of one shard."""
    from iass.scoring.run import ScoringJob, score_shard

    job = ScoringJob(
        experiment=experiment,
        method=method,
        seed=parse_seed(seed),
        manifest=manifest,
        labels=labels,
        estimates=estimates,
        activity=activity,
        targets=targets.split(","),
        channels=CHANNELS.validate_python(channels),
        protocol=_PROTOCOL.validate_python(protocol),
        scoring=Scoring.model_validate_json(scoring),
        shard=shard,
        shards=shards,
        code=code,
        work=Path("results/work/scores"),
        provenance=Path("results/provenance"),
        overlap=overlap or [],
    )
    score_shard(job, output)


@app.command()
def collect(output: Path, tables: list[Path], csv: Path | None = None) -> None:
    """Join score tables."""
    from iass.scoring.collect import collect_scores

    collect_scores(tables, output, csv)


@app.command()
def scores_figure(figure: str, scores: Path, context: Json, output: File) -> None:
    """Draw one figure from the score table."""
    from iass.reporting.context import parse_context
    from iass.reporting.draw import draw_score_figure

    draw_score_figure(figure, scores, parse_context(context), output.with_suffix(""))


@app.command()
def models_figure(figure: str, cards: list[Path], context: Json, output: File) -> None:
    """Draw one figure from the cards (model.json) of trained models."""
    from iass.reporting.context import parse_context
    from iass.reporting.draw import draw_model_figure

    draw_model_figure(figure, cards, parse_context(context), output.with_suffix(""))


@app.command()
def activity_figure(
    figure: str, scores: Path, labels: Path, activity: list[Path], context: Json, output: File
) -> None:
    """Draw one figure from predicted and labelled instrument activity."""
    from iass.reporting.context import parse_context
    from iass.reporting.draw import draw_activity_figure

    stem = output.with_suffix("")
    draw_activity_figure(figure, scores, activity, labels, parse_context(context), stem)


@app.command()
def costs_figure(
    figure: str, scores: Path, manifest: Path, records: list[Path], context: Json, output: File
) -> None:
    """Draw one figure from scores, model cards and the benchmark files of separations."""
    from iass.reporting.context import parse_context
    from iass.reporting.draw import draw_cost_figure

    stem = output.with_suffix("")
    draw_cost_figure(figure, scores, manifest, records, parse_context(context), stem)


@app.command()
def result_table(scores: Path, context: Json, output: File) -> None:
    """Write the result table of one experiment on one data set as CSV, Markdown and LaTeX."""
    from iass.reporting.context import parse_context
    from iass.reporting.write import write_tables

    write_tables(scores, parse_context(context), output.with_suffix(""))


@app.command()
def skipped_table(cells: str, output: Path) -> None:
    """List the cells of the experiments that nothing can fill."""
    from iass.reporting.write import write_skipped

    write_skipped(json.loads(cells), output)


def parse_seed(seed: str) -> int | None:
    """Return k of "seed<k>", and None for "unseeded"."""
    return int(seed.removeprefix("seed")) if seed.startswith("seed") else None
