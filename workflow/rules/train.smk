rule train:
    input:
        manifest="results/data/{dataset}/manifest.json",
        labels="results/data/{dataset}/labels.parquet",
        guard=ancient("results/overlap/{dataset}.checked"),
    output:
        model="results/models/{dataset}/{channels}/{method}/{target}/{seed}/model.safetensors",
        card="results/models/{dataset}/{channels}/{method}/{target}/{seed}/model.json",
    log:
        "results/logs/train/{dataset}/{channels}/{method}/{target}/{seed}.log",
    benchmark:
        "results/benchmarks/train/{dataset}/{channels}/{method}/{target}/{seed}.tsv"
    retries: 3  # each attempt goes on from the last checkpoint, also after exit code 75
    conda:
        plan.params.method_env
    resources:
        gpu=plan.params.training_gpus,
    params:
        command=plan.params.training_command,
        entry=plan.params.trained_entry,
        machine=plan.params.training_machine,
        code=plan.code.train,
        folder=subpath(output.model, parent=True),
        checkpoints="results/checkpoints/{dataset}/{channels}/{method}/{target}/{seed}",
    message:
        "Train {wildcards.method} on {wildcards.target} of {wildcards.dataset} ({wildcards.seed})"
    shell:
        "{params.command} {wildcards.method} --entry {params.entry:q}"
        " --machine {params.machine}"
        " --target {wildcards.target} --channels {wildcards.channels} --seed {wildcards.seed}"
        " --manifest {input.manifest} --labels {input.labels} --folder {params.folder}"
        " --checkpoints {params.checkpoints} 2> {log}"
