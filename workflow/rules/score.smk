rule score:
    input:
        manifest="results/data/{dataset}/manifest.json",
        labels="results/data/{dataset}/labels.parquet",
        estimates="results/estimates/{experiment}/{dataset}/{method}/{seed}/shard{shard}",
        activity="results/activity/{experiment}/{dataset}/{method}/{seed}/shard{shard}.parquet",
        overlap=plan.files.overlap,
    output:
        "results/shards/{experiment}/{dataset}/{method}/{seed}/shard{shard}.parquet",
    log:
        "results/logs/score/{experiment}/{dataset}/{method}/{seed}/shard{shard}.log",
    benchmark:
        "results/benchmarks/score/{experiment}/{dataset}/{method}/{seed}/shard{shard}.tsv"
    conda:
        "../envs/score.yaml"
    params:
        code=plan.code.score,
        scoring=plan.params.scoring_entry,
        method_entry=plan.params.method_entry,
        protocol=plan.params.protocol,
        targets=plan.params.run_targets,
        channels=plan.params.channels,
        shards=plan.params.shard_count,
    message:
        "Score {wildcards.method} on {wildcards.dataset} ({wildcards.seed}, shard {wildcards.shard})"
    shell:
        "python -m iass step score {wildcards.experiment} {wildcards.method} {input.overlap}"
        " --seed {wildcards.seed} --manifest {input.manifest} --labels {input.labels}"
        " --estimates {input.estimates} --activity {input.activity}"
        " --targets {params.targets} --channels {params.channels} --protocol {params.protocol}"
        " --scoring {params.scoring:q} --shard {wildcards.shard} --shards {params.shards}"
        " --code {params.code} --output {output} 2> {log}"


rule collect_method:
    input:
        plan.files.method_scores,
    output:
        "results/scores/{experiment}/{method}.parquet",
    log:
        "results/logs/collect/{experiment}/{method}.log",
    conda:
        "../envs/score.yaml"
    params:
        code=plan.code.collect,
    message:
        "Collect the scores of {wildcards.method} in {wildcards.experiment}"
    shell:
        "python -m iass step collect {output} {input} 2> {log}"


rule collect:
    input:
        plan.files.scores,
    output:
        table="results/scores.parquet",
        csv="results/scores.csv",
    log:
        "results/logs/collect/all.log",
    conda:
        "../envs/score.yaml"
    params:
        code=plan.code.collect,
    message:
        "Collect all scores in one table"
    shell:
        "python -m iass step collect {output.table} {input} --csv {output.csv} 2> {log}"
