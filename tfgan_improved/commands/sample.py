"""Draw images from the newest checkpoint into a picture or an array."""

import io
import pathlib

import numpy as np

from tfgan_improved import files
from tfgan_improved.commands.restored import asked_step, draw, open_run, restored_sampler, selected, tell
from tfgan_improved.config import ConfigError
from tfgan_improved.run_folder import writable
from tfgan_improved.training import pictures


def run(request):
    """Writes --count images of --sample_seed and --truncation to --output, .png (a grid) or .npz (the arrays)."""
    folder, config = open_run(request)
    job = request.job
    path = pathlib.Path(job.output or folder.samples / f"seed-{job.sample_seed}.png")
    if path.suffix not in (".png", ".npz"):
        raise ConfigError(f"--output={path} is neither .png nor .npz; name it one of these")
    if not path.parent.is_dir() or not writable(path.parent):
        raise ConfigError(f"--output={path} cannot be written; choose a folder that exists and is writable")
    sampler, step = restored_sampler(config, folder, asked_step(job), job.standing, job.truncation)
    tell(selected(folder, asked_step(job), step), step)
    images, labels = draw(sampler, job.count, job.sample_seed, job.truncation)
    if path.suffix == ".png":
        pictures.write_png(path, pictures.picture(images))
    else:
        arrays, content = {"images": images} | ({} if labels is None else {"labels": labels}), io.BytesIO()
        np.savez_compressed(content, **arrays)
        files.write_bytes(path, content.getvalue())
    print(f"samples of step {step}: {path}", flush=True)
