# The listening page: excerpts of mixtures, references and estimates, then the page itself.


rule references:
    input:
        manifest="results/data/{dataset}/manifest.json",
        labels="results/data/{dataset}/labels.parquet",
    output:
        directory("results/references/{experiment}/{dataset}"),
    log:
        "results/logs/references/{experiment}/{dataset}.log",
    conda:
        "../envs/report.yaml"
    params:
        targets=plan.params.listen_targets,
        channels=plan.params.channels,
        wish=plan.params.listen_wish,
        quality=plan.params.mp3_quality,
        code=plan.code.references,
    message:
        "Choose what is heard of {wildcards.dataset} in {wildcards.experiment}"
    shell:
        "python -m iass step references {wildcards.experiment} --manifest {input.manifest}"
        " --labels {input.labels} --targets {params.targets} --channels {params.channels}"
        " --wish {params.wish:q} --quality {params.quality} --output {output} 2> {log}"


rule excerpts:
    input:
        references="results/references/{experiment}/{dataset}",
        estimates="results/estimates/{experiment}/{dataset}/{method}/{seed}/shard{shard}",
        activity="results/activity/{experiment}/{dataset}/{method}/{seed}/shard{shard}.parquet",
    output:
        directory("results/excerpts/{experiment}/{dataset}/{method}/{seed}/shard{shard}"),
    log:
        "results/logs/excerpts/{experiment}/{dataset}/{method}/{seed}/shard{shard}.log",
    conda:
        "../envs/report.yaml"
    params:
        targets=plan.params.run_targets,
        quality=plan.params.mp3_quality,
        code=plan.code.excerpts,
    message:
        "Cut what {wildcards.method} made of {wildcards.dataset} ({wildcards.seed}, shard {wildcards.shard})"
    shell:
        "python -m iass step excerpts {wildcards.method} --seed {wildcards.seed}"
        " --references {input.references} --estimates {input.estimates}"
        " --activity {input.activity} --targets {params.targets} --quality {params.quality}"
        " --output {output} 2> {log}"


rule listen:
    input:
        scores="results/scores.parquet",
        references=plan.files.references,
        excerpts=plan.files.excerpts,
    output:
        plan.files.listening_page(),
        songs=directory("reports/listen/songs"),
    log:
        "results/logs/listen.log",
    conda:
        "../envs/report.yaml"
    params:
        wish=plan.params.listen_page,
        code=plan.code.listen,
        folder=subpath(output.songs, parent=True),
    message:
        "Write the listening page"
    shell:
        "python -m iass step listen {input.scores} {input.references} {input.excerpts} --wish {params.wish:q}"
        " --output {params.folder} 2> {log}"
