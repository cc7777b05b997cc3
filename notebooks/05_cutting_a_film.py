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
# # 05 · Cutting a film
#
# At the end of this page you have a one-minute film: the example take under a script of twelve beats, under a second
# script, beside its camera, with title cards, as an MP4 that plays everywhere.
#
# ![Ten moments of the film, from its first card to its last](../docs/course/05.jpg)

# %%
import os
from pathlib import Path

from IPython.display import Video

import studio.notebook
from studio import Beat, Card, Excerpt, Film, Scene, Script, Take, check_script, render, write_film

short = bool(os.environ.get("LSD_SHORT"))
sessions = Path(os.environ.get("LSD_SESSIONS", "../sessions"))
take = Take.open(next(sessions.glob("example/S*/*/T*")))
take

# %% [markdown]
# ## A script of twelve beats
#
# At 72 beats a minute a change every other beat is one every 1.67 seconds: twelve of them fill the take.

# %%
looks = [
    "as it is",
    "a pencil sketch",
    "a watercolour painting",
    "a Japanese woodblock print",
    "an oil painting",
    "a stained glass window",
    "a Roman mosaic",
    "a comic book",
    "a rainy neon street at night",
    "under the sea, with shafts of sunlight",
    "snowfall in winter",
    "deep space among the stars",
]
script = Script(
    [Beat(f"beat {1 + 2 * n}", Scene(f"scene {n + 1}", look), fade=0.25 if n else 0.0) for n, look in enumerate(looks)],
    tempo=72,
    title="Twelve worlds",
)
script

# %%
print(*(check_script(script, take) or ["nothing is wrong"]), sep="\n")

# %%
first = render(take, script)
first

# %% [markdown]
# ## A second version
#
# Slow and in one piece: a day that turns to night.

# %%
night = Script(
    [
        Beat(0, Scene("dusk", "the wild west at dusk")),
        Beat(7, Scene("fire", "a volcano with lava"), fade=2),
        Beat(14, Scene("ice", "a palace of ice"), fade=2),
    ],
    title="Fire and ice",
)
second = first if short else render(take, night)

# %% [markdown]
# ## The cut
#
# Cards and excerpts, one after the other. Every cut stands at an exact frame.

# %%
film = Film(
    [
        Card("Twelve worlds", 4, below="shot in one take"),
        Excerpt(first, 0, 19.5),
        Card("Fire and ice", 3),
        Excerpt(second, 0, 19.5),
        Card("What the camera saw", 3),
        Excerpt(take, 0, 9, "raw"),
        Card("The end", 2),
    ],
    fps=24,
    size=(640, 360),
)
for part, frame in zip(film.parts, film.cuts, strict=True):
    print(f"{frame:5d}  {type(part).__name__}")
print(f"{film.length} frames, {film.length / film.fps:g} s")

# %%
path = write_film(film, take.folder.parent / "film.mp4")
Video(str(path), embed=True, width=640)

# %% [markdown]
# **What you have now:** `film.mp4`, one minute to the frame, and the two versions that it is cut from. Change a look,
# run the cells again, and only what changed is rendered anew.
