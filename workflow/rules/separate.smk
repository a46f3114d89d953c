rule separate:
    input:
        manifest="results/data/{dataset}/manifest.json",
        models=plan.files.models,
        weights=plan.files.weights,
    output:
        estimates=plan.files.flag_estimates(
            directory("results/estimates/{experiment}/{dataset}/{method}/{seed}/shard{shard}"),
            temp,
        ),
        activity="results/activity/{experiment}/{dataset}/{method}/{seed}/shard{shard}.parquet",
    log:
        "results/logs/separate/{experiment}/{dataset}/{method}/{seed}/shard{shard}.log",
    benchmark:
        "results/benchmarks/separate/{experiment}/{dataset}/{method}/{seed}/shard{shard}.tsv"
    conda:
        plan.params.method_env
    resources:
        gpu=plan.params.gpu_slots,
    params:
        command=plan.params.separation_command,
        entry=plan.params.method_entry,
        weights=plan.params.weights_receipt,
        code=plan.code.separate,
        targets=plan.params.run_targets,
        channels=plan.params.channels,
        shards=plan.params.shard_count,
    message:
        "Separate {wildcards.dataset} with {wildcards.method} ({wildcards.seed}, shard {wildcards.shard})"
    shell:
        "{params.command} {wildcards.method} {input.models} --entry {params.entry:q}"
        " --seed {wildcards.seed} --manifest {input.manifest} --targets {params.targets}"
        " --channels {params.channels} --shard {wildcards.shard} --shards {params.shards}"
        " --code {params.code} --output {output.estimates} --activity {output.activity}"
        " {params.weights} 2> {log}"
