rule fetch:
    output:
        "results/data/{dataset}/fetched.json",
    log:
        "results/logs/fetch/{dataset}.log",
    conda:
        "../envs/prepare.yaml"
    resources:
        download=1,
    params:
        entry=plan.params.dataset_entry,
        folder=plan.params.dataset_folder,
        options=plan.params.fetch_options,
        code=plan.code.fetch,
    message:
        "Fetch {wildcards.dataset}; to watch it: tail -f {log}"
    shell:
        "python -m iass step fetch {wildcards.dataset} --entry {params.entry:q}"
        " --folder {params.folder:q} --receipt {output} {params.options} 2> {log}"


rule weights:
    output:
        "results/weights/{method}.json",
    log:
        "results/logs/weights/{method}.log",
    conda:
        plan.params.method_env
    resources:
        download=1,
    params:
        entry=plan.params.method_entry,
        options=plan.params.weights_options,
        code=plan.code.weights,
    message:
        "Fetch the weights of {wildcards.method}"
    shell:
        "python -m iass step weights {wildcards.method} --entry {params.entry:q}"
        " --receipt {output} {params.options} 2> {log}"


rule prepare:
    input:
        "results/data/{dataset}/fetched.json",
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
    resources:
        mem_mb=12000,  # 16 songs of 10 minutes at once: 200 MB + 55 MB per minute each
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


rule overlap:
    input:
        train=plan.files.train_manifest,
        test="results/data/{dataset}/manifest.json",
    output:
        "results/overlap/{experiment}/{dataset}.json",
    log:
        "results/logs/overlap/{experiment}/{dataset}.log",
    conda:
        "../envs/prepare.yaml"
    params:
        allowed=plan.params.overlap_allowed,
        code=plan.code.overlap,
    message:
        "Compare {wildcards.dataset} with the songs that {wildcards.experiment} trains on"
    shell:
        "python -m iass step overlap {wildcards.experiment} {input.train} {input.test}"
        " {params.allowed} --output {output} 2> {log}"


rule overlap_weights:
    input:
        "results/data/{dataset}/manifest.json",
    output:
        "results/overlap/{experiment}/{dataset}/{method}.json",
    log:
        "results/logs/overlap/{experiment}/{dataset}/{method}.log",
    conda:
        "../envs/prepare.yaml"
    params:
        trained_on=plan.params.trained_on,
        allowed=plan.params.overlap_allowed,
        code=plan.code.overlap,
    message:
        "Compare {wildcards.dataset} with the songs that the weights of {wildcards.method} learned"
    shell:
        "python -m iass step overlap-weights {wildcards.experiment} {wildcards.method} {input}"
        " --trained-on {params.trained_on:q} {params.allowed} --output {output} 2> {log}"


# One file that training waits for: receipts as its inputs would retrain for a new experiment.
rule guard:
    input:
        plan.files.guarded,
    output:
        touch("results/overlap/{dataset}.checked"),
    message:
        "No song of {wildcards.dataset} is both trained on and scored, unless a config allows it"
