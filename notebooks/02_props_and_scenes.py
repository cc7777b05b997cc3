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
# # 02 · Props and scenes
#
# At the end of this page you have the example take as a script: scenes with names, two places where the take was never
# shot, a prop that becomes something else in its own part of the picture, and a check that says what is wrong before
# anything is rendered.
#
# ![The camera, and below it what the script made of it: a lighthouse, a print of it, the moon, a chest of gold](../docs/course/02.jpg)

# %%
import os
from pathlib import Path

import numpy as np

from engine.media.pictures import draw_contact_sheet
from studio import Beat, Prop, Region, Scene, Script, Take, check_script, load_script, render, save_script, timeline_for
from studio.notebook import TakePlayer, highlight
from studio.performing.casting import Casting
from studio.sets.command import drawn
from studio.takes.frames import pictures

sessions = Path(os.environ.get("LSD_SESSIONS", "../sessions"))
take = Take.open(next(sessions.glob("example/S*/*/T*")))
take

# %% [markdown]
# ## Sets and the cast
#
# A set is the place behind the cast: a picture or a clip of yours, one of the gallery, words, a colour. The cast is who
# stays of the camera's picture. The matte says of each pixel how much of it is cast: white stays, black becomes the set.
#
# Of people you need to say nothing: they are the cast. Our heroine is a puppet. The matte for people finds her body and
# loses her hat, so the hat joins by its colour, in a box that follows it from second four on. It is better where it has
# seen the empty stage before, so it begins with the take; yet of a puppet it is never as good as of people. A clean
# plate, which keeps all that was not there before, needs a camera that stands still: this one moves in.

# %%
cast = {"matter": "person", "also": {"colour": "#22a89e", "box": {4.0: [0.25, 0.22, 0.2, 0.62]}}}

casting = Casting()
seen = [frame for frame in pictures(take, "raw") if frame.time_s < 8]
mattes = [casting.matte(cast, frame.rgb, frame.time_s) for frame in seen]
draw_contact_sheet([[f.rgb for f in seen[96::24]], [np.dstack([m] * 3) for m in mattes[96::24]]], gap=4, margin=0)

# %% [markdown]
# The first set is a picture's file. This one is drawn from words, so that the page runs before you have brought a photo:
# put the path of yours in its place. The second is of the gallery (`lsd-studio sets ls`). A look goes over set and cast
# alike; a scene without one shows both as they are. `stage` is the camera's own background, hardly blurred: so
# the matte gets to see the stage before she enters.

# %%
photo = take.folder.parent / "lighthouse.jpg"
if not photo.exists():
    drawn("a lighthouse by the sea at sunset", photo, size=(1280, 720), seconds=0, seed=0)

stage = {"blur": 0.1, "cast": cast}
lighthouse = {"file": photo.name, "cast": cast}
coast = Scene("coast", set=lighthouse)
woodblock = Scene("woodblock", "a Japanese woodblock print", set=lighthouse)
moon = Scene("moon", set={"gallery": "moon", "cast": cast})

# %% [markdown]
# ## Scenes, props, beats
#
# A scene is a look and a set with a name; without a set the camera's own background stays. A prop becomes another
# thing; its region says where it is in each frame: a colour to key, a box that follows, or a drawn mask. This one is a
# box, drawn around the chest at second two, when the curtain is open. A beat says from when on, and what it does not
# say goes on.

# %%
desert = Scene("desert", "the wild west at dusk", set=stage)
sea = Scene("sea", "under the sea, with shafts of sunlight")
street = Scene("street", "a rainy neon street at night")
chest = Prop("chest", becomes="a gold chest", region=Region(box={2.0: (0.64, 0.61, 0.21, 0.31)}), note="by the curtain")

script = Script(
    [
        Beat(0, desert, note="she enters"),
        Beat(4, coast),
        Beat("0:05.5", woodblock, fade=0.5),
        Beat("168f", moon),
        Beat(8.25, sea, props=[chest], fade=0.5),
        Beat(12, street, props=[], fade=0.5),
        Beat(15, Scene("dusk", "the wild west at dusk")),
    ],
    title="The chest",
    folder=photo.parent,
)
script

# %% [markdown]
# ## Check before you render
#
# Overlaps, gaps, beats past the end, unknown names, words that the model does not know and the nearest that it does,
# and whether the prop is seen at all.

# %%
print(*check_script(script, take), sep="\n")

# %% [markdown]
# A slip of the pen is an error with its remedy.

# %%
try:
    timeline_for(take, Script([Beat(0, "dessert")], scenes=[desert]))
except ValueError as error:
    print(error)

# %% [markdown]
# ## Where is the prop?
#
# Lit is what the engine will be told to change. A box that sits on the wrong thing, or loses it, is seen here; a second
# box at a later time corrects it.

# %%
highlight(take, chest)

# %% [markdown]
# ## Render the script

# %%
version = render(take, script)
version

# %% [markdown]
# ## Keep it
#
# As readable YAML, with the scenes and props that other scripts may include.

# %%
path = take.folder.parent / "chest.yaml"
save_script(script, path)
print(path.read_text())

# %% [markdown]
# **What you have now:** a script that fits any take with such a chest. Change a line, run the cell again, look.

# %%
assert load_script(path) == script
TakePlayer(take, version)
