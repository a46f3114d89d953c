# Pages over all experiments: the paper's claims, published numbers, where every number comes from;
# and the config of it all, which `keep_config` writes last: `iass archive` goes by it.


rule claims:
    input:
        data=plan.files.claimed,
        scores="results/scores.parquet",
    output:
        csv="reports/claims.csv",
        md="reports/claims.md",
        html=report(
            "reports/claims.html",
            caption="../report/claims.rst",
            category="Claims",
            labels={"page": "the paper's claims"},
        ),
    log:
        "results/logs/claims.log",
    conda:
        "../envs/report.yaml"
    params:
        job=plan.params.report_job,
        code=plan.code.claims,
    message:
        "Check the paper's claims"
    shell:
        "python -m iass step claims {input.scores} --job {params.job:q} --output {output.csv} 2> {log}"


rule published:
    input:
        published=plan.files.published,
        scores="results/scores.parquet",
    output:
        csv="reports/tables/published.csv",
        tex="reports/tables/published.tex",
        md="reports/tables/published.md",
        html=report(
            "reports/tables/published.html",
            caption="../report/published.rst",
            category="Published and reproduced",
            labels={"page": "published and reproduced"},
        ),
    log:
        "results/logs/tables/published.log",
    conda:
        "../envs/report.yaml"
    params:
        job=plan.params.report_job,
        code=plan.code.published,
    message:
        "Set published numbers beside ours"
    shell:
        "python -m iass step published {input.published:q} --scores {input.scores} --job {params.job:q}"
        " --output {output.csv} 2> {log}"


rule provenance:
    input:
        "results/scores.parquet",
    output:
        csv="reports/tables/provenance.csv",
        md="reports/tables/provenance.md",
        html=report(
            "reports/tables/provenance.html",
            caption="../report/provenance.rst",
            category="Provenance",
            labels={"page": "runs"},
        ),
    log:
        "results/logs/tables/provenance.log",
    conda:
        "../envs/report.yaml"
    params:
        code=plan.code.provenance,
    message:
        "List the runs that the numbers rest on"
    shell:
        "python -m iass step provenance {input} --output {output.csv} 2> {log}"


rule keep_config:
    input:
        plan.files.final_files(),
    output:
        driver.CONFIG,
    log:
        "results/logs/config.log",
    conda:
        "../envs/report.yaml"
    params:
        config=lambda wildcards: driver.write_config(plan),
    shell:
        "printf %s {params.config:q} > {output} 2> {log}"
