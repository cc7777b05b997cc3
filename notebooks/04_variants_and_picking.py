# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: -all
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 04 · Variants and picking
#
# At the end of this page you have one take in several worlds side by side, a table of what was measured of each, and
# one of them circled.
#
# ![Each variant in a row of moments, one of them circled](../docs/course/04.jpg)

# %%
import os
from pathlib import Path

from IPython.display import Video

from studio import Take, render_grid
from studio.notebook import GridPicker

sessions = Path(os.environ.get("LSD_SESSIONS", "../sessions"))
take = Take.open(next(sessions.glob("example/S*/*/T*")))

# %% [markdown]
# ## Every prompt under every strength
#
# Each variant is a version of the take like any other, rendered in processes of its own; a lost one is made again.

# %%
short = bool(os.environ.get("LSD_SHORT"))
prompts = ["a pencil sketch"] if short else ["a pencil sketch", "underwater", "a stained glass window"]
grid = render_grid(take, prompts, strengths=[1.0, 0.5])
grid

# %% [markdown]
# Adherence: the share of frames that are nearer to the world that was asked for than to any other. Flicker: change from
# frame to frame beyond the camera's own. Sharpness: beside the camera's picture.

# %%
grid.table[0]

# %% [markdown]
# ## All at once

# %%
wall = grid.video(take.folder.parent / "variants.mp4")
Video(str(wall), embed=True, width=640)

# %% [markdown]
# ## Pick one
#
# All play in step: Space plays, the arrows step a frame, a double-click shows one alone. Click the one to keep; click
# it again to take the circle away. `picker.pick(0)` does what a click does.

# %%
picker = GridPicker(grid)
picker

# %%
picker.pick(0)
picker.picked

# %% [markdown]
# The choice is written on the take, so the review page shows it, and so does this notebook after its kernel was
# restarted: `GridPicker(Take.open(folder))` shows all versions of a take, and which of them is circled.

# %% [markdown]
# **What you have now:** versions to compare, and the circled one.

# %%
Take.open(take.folder).manifest.circled
