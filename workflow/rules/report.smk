# A figure is found by its file: iass/reporting/figures/<what it reads>/<figure>.py, with a caption
# of its own in workflow/report/<figure>.rst. It has the inputs of its folder.
figure_inputs = {
    "scores": ["results/scores.parquet"],
    "models": [plan.files.model_cards],
    "activity": [
        "results/scores.parquet",
        "results/data/{dataset}/labels.parquet",
        plan.files.activities,
    ],
    "costs": [
        "results/scores.parquet",
        "results/data/{dataset}/manifest.json",
        plan.files.cost_records,
    ],
}

for reads, figure in list_figures():

    rule:
        name:
            f"draw_{figure}"
        input:
            *figure_inputs[reads],
        output:
            pdf=f"reports/figures/{{experiment}}_{{dataset}}_{figure}.pdf",
            svg=f"reports/figures/{{experiment}}_{{dataset}}_{figure}.svg",
            csv=f"reports/figures/{{experiment}}_{{dataset}}_{figure}.csv",
            png=report(
                f"reports/figures/{{experiment}}_{{dataset}}_{figure}.png",
                caption=f"../report/{figure}.rst",
                category="{experiment}",
                subcategory=reads.capitalize(),
                labels={"data set": "{dataset}", "figure": figure},
            ),
        log:
            f"results/logs/figures/{{experiment}}_{{dataset}}_{figure}.log",
        conda:
            "../envs/report.yaml"
        params:
            step=f"{reads}-figure {figure}",  # the command below is the same for all
            context=plan.params.report_context,
            code=plan.code.figure(reads, figure),
        message:
            f"Draw {figure} of {{wildcards.experiment}} on {{wildcards.dataset}}"
        shell:
            "python -m iass step {params.step} {input} --context {params.context:q}"
            " --output {output.pdf} 2> {log}"


rule result_table:
    input:
        "results/scores.parquet",
    output:
        md="reports/tables/{experiment}_{dataset}_sdr.md",
        tex="reports/tables/{experiment}_{dataset}_sdr.tex",
        csv=report(
            "reports/tables/{experiment}_{dataset}_sdr.csv",
            caption="../report/result_table.rst",
            category="{experiment}",
            subcategory="Scores",
            labels={"data set": "{dataset}", "figure": "table"},
        ),
    log:
        "results/logs/tables/{experiment}_{dataset}.log",
    conda:
        "../envs/report.yaml"
    params:
        context=plan.params.report_context,
        code=plan.code.table,
    message:
        "Write the result table of {wildcards.experiment} on {wildcards.dataset}"
    shell:
        "python -m iass step result-table {input} --context {params.context:q}"
        " --output {output.csv} 2> {log}"


rule skipped_table:
    output:
        "reports/tables/skipped.csv",
    log:
        "results/logs/tables/skipped.log",
    conda:
        "../envs/report.yaml"
    params:
        skipped=plan.params.skipped_cells,
    message:
        "List the cells that no model can fill"
    shell:
        "python -m iass step skipped-table {params.skipped:q} {output} 2> {log}"
