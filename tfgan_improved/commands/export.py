"""Write the generator as a SavedModel that plain TensorFlow serves."""

import dataclasses

from tfgan_improved import assemble
from tfgan_improved.commands.restored import asked_step, open_run, restored_sampler, selected, tell
from tfgan_improved.export.saved_model import export_saved_model


def run(request):
    """Exports the newest checkpoint of --run_dir to its export/."""
    folder, config = open_run(request)
    step = write(config, folder, asked_step(request.job), request.job.standing, request.job.truncation)
    print(f"generator of step {step}: {folder.export}", flush=True)


def write(config, folder, at_step=0, standing=0, truncation=0.0):
    """Replaces the run folder's export/ whole; returns the step that it is of. `standing` and `truncation`, for which
    its statistics are taken, as in `restored_sampler`.
    """
    sampler, step = restored_sampler(config, folder, at_step, standing, truncation)
    chosen = selected(folder, at_step, step)
    tell(chosen, step)
    export_saved_model(sampler, folder.export, {
        "step": step, "weights": "average" if config.ema else "last", "standing": standing,
        "standing_truncation": truncation if standing else 0.0,
        "recipe": dataclasses.asdict(config), "data": folder.read()["data"], "versions": assemble.made_with(),
        **({"selected": chosen} if chosen else {})})
    return step
