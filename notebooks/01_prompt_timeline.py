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
# # 01 · The prompt timeline
#
# At the end of this page you have the example take twice: once under a timeline that you built by hand, once under the
# same timeline bent, cut and joined with another. A timeline says what is asked of the picture, when; it is plain data,
# and every change of it is a new one.
#
# ![The camera above, below it the take under the second timeline](../docs/course/01.jpg)

# %%
import os
from pathlib import Path

from studio import Take, Timeline, render
from studio.notebook import TakePlayer
from studio.timeline.files import dumps, parse

sessions = Path(os.environ.get("LSD_SESSIONS", "../sessions"))
take = Take.open(next(sessions.glob("example/S*/*/T*")))
take

# %% [markdown]
# ## Keys and fades
#
# `at` places a prompt on the clock; with a fade the picture dissolves into it, which the lane shows as a ramp.

# %%
day = (
    Timeline()
    .at(0, "the wild west at dusk")
    .at(4.5, "under the sea, with shafts of sunlight", fade=1)
    .at(9, [("snowfall in winter", 2), ("neon rain", 1)], fade=2)
    .mark(6, "the ball drops")
)
day

# %% [markdown]
# Asked without a prompt, `at` answers what holds at a moment. In the middle of a fade that is a blend.

# %%
day.at(5.0)

# %% [markdown]
# ## A parameter over time
#
# `strength` goes from the picture as it is (0) to the prompt (1): evenly, smoothly, or in a step.

# %%
slowly = day.set(0, strength=0).set(3, strength=1, ease="smooth")
slowly

# %% [markdown]
# ## Render it
#
# One bar, and a new version beside the ones that are there. Stop it with the notebook's stop button, run the cell
# again, and it goes on where it was.

# %%
version = render(take, slowly)
version

# %% [markdown]
# ## Bend, cut, join
#
# Slices take a span and give it a clock of its own; `stretch` changes its pace, `loop` repeats it, `+` joins.

# %%
dream = day[4:9].stretch(0.5).loop(3) + Timeline.of("a pencil sketch").until(5)
dream

# %% [markdown]
# Shift it, and shift it back: nothing has changed. That is a law here, tested on thousands of random timelines.

# %%
print(dream.shift(2).shift(-2) == dream)

# %% [markdown]
# ## A schedule that you have already
#
# What other tools write is read: JSON by seconds or frames, keyframe lists, durations. `dumps` gives the text back.

# %%
imported = parse('{"0": "underwater", "48": "wild west", "120": "a pencil sketch"}', fps=24, frames=True)
print(dumps(imported, "keyframes"))
imported

# %%
second = render(take, dream)
TakePlayer(take, second)

# %% [markdown]
# **What you have now:** two versions in the take's `renders/`, each with the timeline that made it. Nothing was
# overwritten, and `take.renders` lists them.

# %%
for made in Take.open(take.folder).renders:
    print(made.name, [key.prompt for key in made.timeline.keys][:3])
