# ---
# jupyter:
#   jupytext:
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
# # 00 · The first take
#
# At the end of this page you have a take of the example film in three worlds that you chose, as a new version beside the one that was shot: open the take, script its prompts, render it again, look.
#
# ![The camera above, below it the three worlds and their prompts](../docs/course/00.jpg)
#
# The take is in `sessions/`: what the camera saw, what was shown, and every prompt with its time. Nothing of it is ever overwritten.

# %%
import os
from pathlib import Path

from studio import Take, Timeline, render
from studio.notebook import TakePlayer, contact_strip

sessions = Path(os.environ.get("LSD_SESSIONS", "../sessions"))
take = Take.open(next(sessions.glob("example/S*/*/T*")))
print(f"{take.name}: {take.duration_s:.1f} s, {len(take.made)} frames, {len(take.timeline.keys)} prompts")

# %% [markdown]
# ## As it was shot
#
# Above the camera, below the world, under both the prompts. A slanted edge is a fade.

# %%
contact_strip(take)

# %% [markdown]
# ## Three prompts
#
# A timeline says from which second on which words hold; `fade` is in seconds. Any words go: they land on the worlds that the model knows, nearest first.

# %%
timeline = (
    Timeline()
    .at(0, "under the sea, with shafts of sunlight")
    .at(6.5, "a pencil sketch", fade=1)
    .at(13, "a rainy cyberpunk street at night", fade=0.5)
)

# %% [markdown]
# ## Render it again
#
# The engine makes every frame from the camera's frame, from the frames that it made before, and from the prompt of that moment. The new version gets its own number.

# %%
version = render(take, timeline)
print(version.folder)

# %%
contact_strip(take, version)

# %% [markdown]
# ## Look, and change it
#
# Drag the wipe between camera and world. Space plays, the arrows step a frame, J, K and L shuttle, `?` shows all keys. Click a prompt on the lane to change its words, its time or its fade; double-click for a new one.

# %%
player = TakePlayer(take, version)
player

# %% [markdown]
# What the lane holds now is a timeline again. Render it, and you have one version more; only the frames from your first change on are made anew.

# %%
for key in player.timeline.keys:
    print(f"{key.time_s:5.1f} s  {key.prompt}")
