rule prepare:
    output:
        manifest="results/data/{dataset}/manifest.json",
        labels="results/data/{dataset}/labels.parquet",
    log:
        "results/logs/prepare/{dataset}.log",
    benchmark:
        "results/benchmarks/prepare/{dataset}.tsv"
    conda:
        "../envs/prepare.yaml"
    threads: 16
    params:
        entry=plan.params.dataset_entry,
        folder=plan.params.dataset_folder,
        code=plan.code.prepare,
    message:
        "Prepare {wildcards.dataset}: stems, manifest, activity labels"
    shell:
        "python -m iass step prepare {wildcards.dataset} --entry {params.entry:q}"
        " --folder {params.folder:q} --manifest {output.manifest} --labels {output.labels}"
        " --processes {threads} 2> {log}"
