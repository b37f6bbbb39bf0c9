"""The twelve-week plan: recipes become runs; the finished are skipped, and what a killed process left is cleaned up."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING, Final

from mlflow_integration import NBAPropsTracker
from mlflow_integration.phases import CALIBRATION_PHASE, PHASES
from mlflow_integration.reading.artifacts import read_artifact
from mlflow_integration.store.abandoned import close_abandoned
from mlflow_integration.store.processes import PROCESS_TAG, process_mark
from mlflow_integration.store.search import with_plain_metrics
from mlflow_integration.utils import setup_experiments
from models.identity import PROPS_TAG, code, short_hash
from models.naming import DOT, run_name
from models.plan.jobs import Job, run_jobs, trainer_of
from models.studies import RULE_TAG
from nba_props.config import MARKET_BLEND, make_config
from nba_props.errors import NotEnoughDataError
from nba_props.metrics import plain_metrics, resolve_direction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mlflow.entities import Run

    from models.data import TrainingData
    from models.plan.recipe import Candidates, Recipe
    from models.train_model_mlflow import TrainingResult
    from nba_props.config import TrainerConfig
    from nba_props.forecast.walk_forward import WalkForwardResult


_KEY: Final = "recipe_key"
_DONE: Final = "recipe_done"


@dataclass(frozen=True)
class PlanStep:
    """What became of one run of a recipe.

    A run that was finished already is `skipped` and has no `result`; its metrics, by their plain names, are there too.
    """

    recipe: str
    market: str
    run_id: str
    skipped: bool
    result: TrainingResult | None
    metrics: dict[str, float] = field(default_factory=dict)


def run_plan(
    recipes: Sequence[Recipe],
    data: TrainingData,
    *,
    force: bool = False,
    on_fold: Callable[[str, int, int], None] | None = None,
) -> Iterator[PlanStep]:
    """Run recipes one after the other, each market a tracked run; yield what becomes of each.

    A run is skipped where a finished one has the same data fingerprint, code version and configuration. Runs that a
    killed process of this machine left RUNNING are marked KILLED first.

    Args:
        recipes: In order; ``production_candidates`` looks at what is finished when its turn comes.
        data: What all of them are trained on.
        force: Run again what is finished.
        on_fold: Called with (market, fits done, fits in all) after each fit.

    Raises:
        NotEnoughDataError: A recipe of candidates finds no finished run to choose from.
    """
    setup_experiments()
    opened = NBAPropsTracker()
    close_abandoned(opened.client, opened.tracking_uri)
    known: dict[str, WalkForwardResult] = {}
    for recipe in recipes:
        jobs = _candidate_jobs(recipe, data) if recipe.candidates else _plain_jobs(recipe, data)
        todo = []
        for job in jobs:
            rule = {RULE_TAG: job.tags[RULE_TAG]} if RULE_TAG in job.tags else {}
            key = run_key(recipe, job.config, data, register=job.register, **rule)
            marked = replace(job, tags={**job.tags, **origin_tags(recipe, data), _KEY: key})
            found = None if force else completed_run(marked, data)
            if found is None:
                todo.append(marked)
            else:
                metrics = plain_metrics(_tracker(marked).client.get_run(found).data.metrics)
                yield PlanStep(recipe.name, job.config.market, found, skipped=True, result=None, metrics=metrics)
        for result in complete_runs(todo, data, on_fold, known):
            done = (recipe.name, result.market, result.run_id)
            yield PlanStep(*done, skipped=False, result=result, metrics=result.metrics)


def complete_runs(
    jobs: Sequence[Job],
    data: TrainingData,
    on_fold: Callable[[str, int, int], None] | None = None,
    known: dict[str, WalkForwardResult] | None = None,
) -> Iterator[TrainingResult]:
    """Run the jobs, and mark each run as completed."""
    for job, result in zip(jobs, run_jobs(jobs, data, on_fold, known), strict=True):
        _tracker(job).client.set_tag(result.run_id, _DONE, "true")
        yield result


def completed_run(job: Job, data: TrainingData, key: str = _KEY) -> str | None:
    """The finished run with the job's own value of the tag `key`; None where there is none.

    If its process was killed before it was registered, it is registered now.
    """
    tracker = _tracker(job)
    where = f"attributes.status = 'FINISHED' and tags.{key} = '{job.tags[key]}'"
    found = tracker.client.search_runs([tracker.experiment_id], where, max_results=1)
    if not found:
        return None
    run_id = str(found[0].info.run_id)
    if found[0].data.tags.get(_DONE) != "true":
        if job.register:
            trainer_of(job, data).register(run_id)
        tracker.client.set_tag(run_id, _DONE, "true")
    return run_id


def _tracker(job: Job) -> NBAPropsTracker:
    return NBAPropsTracker(job.experiment, tracking_uri=job.tracking_uri)


def _plain_jobs(recipe: Recipe, data: TrainingData) -> list[Job]:
    return [
        Job(
            config,
            recipe.experiment,
            run_name=run_name(config, data, recipe.short),
            register=recipe.register_models,
            study=recipe.study,
        )
        for config in recipe.configs()
    ]


def _candidate_jobs(recipe: Recipe, data: TrainingData) -> list[Job]:
    """The best finished run of each phase and market once more; one that is best in two phases is run once.

    The best of all comes last: each that passes the gates takes Production over from the one before.
    """
    assert recipe.candidates is not None  # noqa: S101 - the caller has looked
    candidates = recipe.candidates
    jobs: dict[str, Job] = {}
    for own in recipe.configs():
        found = [(phase, _best_of_phase(phase, own, candidates, data)) for phase in candidates.phases]
        known = [(phase, run) for phase, run in found if run is not None]
        known.sort(key=lambda pair: _rank_key(pair[1], candidates))
        rule = _betting_rule(own, data)
        for phase, best in known:
            config = _config_of(best, recipe.experiment).model_copy(
                update={name: getattr(recipe.config, name) for name in ("gate_profile", "staging_nights", "workers")}
            )
            text = config.model_dump_json()
            origin = f"phase {phase}: {best.data.tags.get('recipe', best.info.run_name)}"
            if text in jobs:
                jobs[text].tags["candidate_of"] += f"; {origin}"
                continue
            name = best.data.tags.get("recipe", "").split("/")[-1]
            what = DOT.join(filter(None, ("candidate", name)))
            jobs[text] = Job(
                config,
                recipe.experiment,
                run_name=run_name(config, data, what),
                register=recipe.register_models,
                tags={"candidate_of": origin, **rule},
                chosen_from=tuple(_experiment_of(phase) for phase in candidates.phases),
            )
    if not jobs:
        phases = ", ".join(map(str, recipe.candidates.phases))
        season = recipe.config.walk_forward.first_test_season or "the default"
        message = (
            f"{recipe.name}: phases {phases} have no finished run of a recipe on these data with the first test season "
            f"{season}; run them first, or give theirs with --set walk_forward.first_test_season=..."
        )
        raise NotEnoughDataError(message)
    return list(jobs.values())


def _experiment_of(phase: int) -> str:
    return next(found.name for found in PHASES.values() if found.number == phase)


def _best_of_phase(phase: int, config: TrainerConfig, candidates: Candidates, data: TrainingData) -> Run | None:
    """The best run of a phase; calibrators are compared by their scores, on identical props only."""
    metric = candidates.metric_of(phase)
    found = [run for run in _comparable_runs(phase, config, data) if metric in run.data.metrics]
    if phase == CALIBRATION_PHASE:
        props = Counter(run.data.tags.get(PROPS_TAG) for run in found)  # most runs; the earliest among equals
        found = [run for run in found if run.data.tags.get(PROPS_TAG) == next(iter(props.most_common(1)))[0]]
    sign = 1.0 if resolve_direction(metric) == "min" else -1.0
    return min(found, key=lambda run: sign * run.data.metrics[metric], default=None)


def _comparable_runs(phase: int, config: TrainerConfig, data: TrainingData) -> list[Run]:
    """The finished runs of a phase measured on the rows of `config`, oldest first: same data, same first season."""
    tracker = NBAPropsTracker(_experiment_of(phase))
    where = (
        f"attributes.status = 'FINISHED' and tags.market = '{config.market}' and tags.recipe_done = 'true' "
        f"and tags.data_fingerprint = '{data.fingerprint}' and tags.code_version = '{code()}' "
        f"and params.`walk_forward.first_test_season` = '{config.walk_forward.first_test_season}'"
    )
    found = tracker.client.search_runs(
        [tracker.experiment_id], where, order_by=["attributes.start_time ASC"], max_results=1000
    )
    # A registered model could not make a projection that holds tonight's prices.
    priced = {MARKET_BLEND, "True"}
    return [
        with_plain_metrics(run)
        for run in found
        if priced.isdisjoint(run.data.params.get(name) for name in ("model", "line_feature"))
    ]


def _rank_key(run: Run, candidates: Candidates) -> tuple[float, ...]:
    """Greater is better: by the metric, and where a calibrator cannot move it, by the scores of the probabilities."""
    metrics = (candidates.metric, candidates.calibration_metric)
    signs = [-1.0 if resolve_direction(name) == "min" else 1.0 for name in metrics]
    return tuple(sign * run.data.metrics.get(name, -sign * inf) for sign, name in zip(signs, metrics, strict=True))


def _betting_rule(config: TrainerConfig, data: TrainingData) -> dict[str, str]:
    """The tags of a candidate with the rule that the newest study of betting rules found; none where there is none."""
    for run in reversed(_comparable_runs(CALIBRATION_PHASE, config, data)):
        rule = run.data.tags.get(RULE_TAG)
        if rule is not None:
            return {RULE_TAG: rule, "betting_rule_of": run.info.run_id}
    return {}


def _config_of(run: Run, experiment: str) -> TrainerConfig:
    tracker = NBAPropsTracker(experiment)
    document = read_artifact(tracker.client, tracker.tracking_uri, run.info.run_id, "training_config.json")
    return make_config(**json.loads(document)["config"])


def run_key(recipe: Recipe, config: TrainerConfig, data: TrainingData, **more: object) -> str:
    """What a run is known by: a short hash of recipe, settings, study, data, code, plug-ins, and `more`."""
    content = {
        "recipe": recipe.name,
        "config": config.model_dump(mode="json", exclude={"workers"}),
        "study": None if recipe.study is None else recipe.study.model_dump(mode="json"),
        "data": data.fingerprint,
        "code": code(),
        **more,
    }
    return short_hash(content)


def origin_tags(recipe: Recipe, data: TrainingData) -> dict[str, str]:
    """Tags of a run with what it comes from: recipe, code, data, process."""
    return {
        "recipe": recipe.name,
        "code_version": code(),
        "data_fingerprint": data.fingerprint,
        PROCESS_TAG: process_mark(),
    }
