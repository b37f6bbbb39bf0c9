"""The model card: what a version is, how it was judged, and how it reached its stage, as Markdown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from mlflow_integration.stages.outside import how, standing
from mlflow_integration.values.escape import markdown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlflow.entities import Run

    from mlflow_integration.stages.records import VersionState
    from mlflow_integration.stages.rules import Transition

_NUMBERS: Final = (
    "val_mae", "baseline_mae", "mae_skill", "mae_skill_vs_market", "brier_score", "brier_skill_vs_market",
    "calibration_error", "n_bets", "roi", "roi_ci_low", "roi_ci_high", "win_rate", "clv", "sharpe_ratio",
)  # fmt: skip
_ABOUT_DATA: Final = ("market", "data_kind", "data_source", "data_fingerprint", "availability", "git_commit")


def model_card(
    name: str, record: VersionState, run: Run | None, history: Sequence[Transition], *, files: Iterable[str]
) -> str:
    """Return the model card of a version whose bundle has these `files`; `run` is None where its run is gone."""
    tags = {key: markdown(value) for key, value in record.tags.items()}
    created = datetime.fromtimestamp(record.created / 1000, UTC)
    came = markdown(how(standing(history, record.version, record.stage)) or "it has not been moved")
    lines = [
        f"# {markdown(name)} version {record.version}",
        "",
        f"Stage {record.stage} ({came}). Registered {created:%Y-%m-%d %H:%M} UTC, run `{record.run_id or 'none'}`.",
        "",
        "## Verdicts",
        "",
        f"- Gates: {tags.get('gate_verdict', 'not judged')}, profile {tags.get('gate_profile', 'none')}, "
        f"not passed: {tags.get('gate_failed', 'not judged')}.",
        f"- Staging: {tags.get('staging_summary') or tags.get('staging_verdict', 'not tested')}.",
    ]
    if "degradation_summary" in tags:
        lines.append(f"- In use: {tags['degradation_summary']}.")
    if run is not None:
        about = {**{key: markdown(value) for key, value in run.data.tags.items()}, **tags}
        lines += ["", "## Data and code", ""]
        lines += [f"- {key}: {about[key]}" for key in _ABOUT_DATA if key in about]
        lines += ["", "## Numbers of the run", "", "Out of sample, over the whole test.", "", "| metric | value |"]
        lines += ["|---|---|"]
        lines += [f"| {key} | {run.data.metrics[key]:.6g} |" for key in _NUMBERS if key in run.data.metrics]
    lines += ["", "## History", ""]
    moves = [entry for entry in history if entry.version == record.version and entry.status in ("done", "found")]
    lines += [
        f"- {each.at[:16]} {each.from_stage} to {each.to_stage}, by {markdown(each.by)}: {markdown(how(each))}"
        for each in moves
    ]
    lines += [] if moves else ["No move yet."]
    lines += ["", "## Files", "", *[f"- {markdown(path)}" for path in files], ""]
    lines += [
        "`SHA256SUMS` holds the digest of every file: `sha256sum -c SHA256SUMS` checks them. Loading `model.joblib` "
        "runs what is in it; load it only if you made it. `model/` is read by `mlflow.pyfunc.load_model`.",
        "",
    ]
    return "\n".join(lines)
