# The benchmark, from raw data to figures: a table of contents. README.md draws it.
import sys

from snakemake.utils import min_version

sys.path.insert(0, workflow.basedir)
from iass.plan import driver
from iass.plan.driver import wildcard_pattern
from iass.plan.files import list_figures

min_version("9.27")

if not workflow.configfiles:  # --configfile replaces the default; it does not merge into it

    configfile: "config/config.yaml"


# Refuses an unknown key, method or data set here, with one sentence, before any job runs.
plan = driver.open_plan(config, workflow.configfiles)
config[driver.RUNS] = driver.read_runs()  # told by workflow/report/workflow.rst

uses_conda = bool(workflow.deployment_settings.deployment_method)
shell.prefix(driver.shell_prefix(workflow.basedir, uses_conda=uses_conda))
workflow.global_resources.setdefault("gpu", max(plan.params.gpus, 1))
workflow.global_resources.setdefault("download", 1)  # one connection per host


report: "workflow/report/workflow.rst"


wildcard_constraints:
    dataset=wildcard_pattern(plan.config.datasets),
    experiment=wildcard_pattern(plan.config.experiments),
    method=wildcard_pattern(plan.config.methods),
    channels="mono|stereo",
    seed=r"seed\d+|unseeded",
    shard=r"\d+",


include: "workflow/rules/prepare.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/separate.smk"
include: "workflow/rules/score.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/pages.smk"
include: "workflow/rules/listen.smk"


rule all:
    default_target: True
    input:
        plan.files.final_files(),
        driver.CONFIG,


onstart:
    driver.forget_run()


onsuccess:
    driver.write_report(config, plan, workflow.basedir)
