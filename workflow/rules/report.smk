# A figure is found by its file: iass/reporting/figures/<what it reads>/<figure>.py.


rule score_figure:
    input:
        "results/scores.parquet",
    output:
        pdf="reports/figures/{experiment}_{dataset}_{figure}.pdf",
        svg="reports/figures/{experiment}_{dataset}_{figure}.svg",
        csv="reports/figures/{experiment}_{dataset}_{figure}.csv",
        png=report(
            "reports/figures/{experiment}_{dataset}_{figure}.png",
            caption="../report/sdr.rst",
            category="{experiment}",
            subcategory="Scores",
            labels={"data set": "{dataset}", "figure": "{figure}"},
        ),
    log:
        "results/logs/figures/{experiment}_{dataset}_{figure}.log",
    wildcard_constraints:
        figure=wildcard_pattern(find_figures("scores")),
    conda:
        "../envs/report.yaml"
    params:
        context=plan.params.report_context,
        code=plan.code.figure,
    message:
        "Draw {wildcards.figure} of {wildcards.experiment} on {wildcards.dataset}"
    shell:
        "python -m iass step score-figure {wildcards.figure} {input} --context {params.context:q}"
        " --output {output.pdf} 2> {log}"


rule model_figure:
    input:
        plan.files.model_cards,
    output:
        pdf="reports/figures/{experiment}_{dataset}_{figure}.pdf",
        svg="reports/figures/{experiment}_{dataset}_{figure}.svg",
        csv="reports/figures/{experiment}_{dataset}_{figure}.csv",
        png=report(
            "reports/figures/{experiment}_{dataset}_{figure}.png",
            caption="../report/training_curves.rst",
            category="{experiment}",
            subcategory="Training",
            labels={"data set": "{dataset}", "figure": "{figure}"},
        ),
    log:
        "results/logs/figures/{experiment}_{dataset}_{figure}.log",
    wildcard_constraints:
        figure=wildcard_pattern(find_figures("models")),
    conda:
        "../envs/report.yaml"
    params:
        context=plan.params.report_context,
        code=plan.code.figure,
    message:
        "Draw {wildcards.figure} of {wildcards.experiment} on {wildcards.dataset}"
    shell:
        "python -m iass step model-figure {wildcards.figure} {input} --context {params.context:q}"
        " --output {output.pdf} 2> {log}"


rule activity_figure:
    input:
        labels="results/data/{dataset}/labels.parquet",
        activity=plan.files.activities,
    output:
        pdf="reports/figures/{experiment}_{dataset}_{figure}.pdf",
        svg="reports/figures/{experiment}_{dataset}_{figure}.svg",
        csv="reports/figures/{experiment}_{dataset}_{figure}.csv",
        png=report(
            "reports/figures/{experiment}_{dataset}_{figure}.png",
            caption="../report/activity.rst",
            category="{experiment}",
            subcategory="Activity",
            labels={"data set": "{dataset}", "figure": "{figure}"},
        ),
    log:
        "results/logs/figures/{experiment}_{dataset}_{figure}.log",
    wildcard_constraints:
        figure=wildcard_pattern(find_figures("activity")),
    conda:
        "../envs/report.yaml"
    params:
        context=plan.params.report_context,
        code=plan.code.figure,
    message:
        "Draw {wildcards.figure} of {wildcards.experiment} on {wildcards.dataset}"
    shell:
        "python -m iass step activity-figure {wildcards.figure} {input.activity}"
        " --labels {input.labels} --context {params.context:q} --output {output.pdf} 2> {log}"


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
