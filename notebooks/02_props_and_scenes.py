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
# ---

# %% [markdown]
# # 02 · Props and scenes
#
# At the end of this page you have the example take as a script: scenes with names, a prop that becomes something else
# in its own part of the picture, and a check that says what is wrong before anything is rendered.

# %%
import os
from pathlib import Path

from studio.notebook import Take, TakePlayer
from studio.script import Beat, Prop, Scene, Script

sessions = Path(os.environ.get("LSD_SESSIONS", "../sessions"))
take = Take.open(next(sessions.glob("example/S*/*/T*")))
take

# %% [markdown]
# ## Scenes, props, beats
#
# A scene is a world with a name. A prop becomes another thing; its region says where it is in each frame: a colour to
# key, a box that follows, or a drawn mask. A beat says from when on, and what it does not say goes on.

# %%
desert = Scene("desert", "the wild west at dusk")
sea = Scene("sea", "under the sea, with shafts of sunlight")
street = Scene("street", "a rainy neon street at night")
chest = Prop("chest", becomes="a gold chest", region=(0.62, 0.45, 0.22, 0.3), note="by the curtain")

script = Script(
    [
        Beat(0, desert, note="she enters"),
        Beat("0:04.5", sea, props=[chest], fade=1),
        Beat("240f", street, props=[], fade=0.5),
        Beat("0:15", "desert"),
    ],
    title="The chest",
)
script

# %% [markdown]
# ## Check before you render
#
# Overlaps, gaps, beats past the end, unknown names, words that the model does not know and the nearest that it does,
# and whether the prop is seen at all.

# %%
print(*script.check(take), sep="\n")

# %% [markdown]
# A slip of the pen is an error with its remedy.

# %%
try:
    Script([Beat(0, "dessert")], scenes=[desert]).timeline(take)
except ValueError as error:
    print(error)

# %% [markdown]
# ## Where is the prop?
#
# The mask as the engine will be told it, over the camera's picture.

# %%
import numpy as np
from PIL import Image

from studio.regions import Finder
from studio.video import pictures

finder = Finder(chest.area)
for frame in pictures(take, "raw"):
    mask = finder.mask(frame.rgb, frame.time_s)
    if frame.time_s > 6:
        break
lit = (frame.rgb * (0.35 + 0.65 * mask[..., None])).astype(np.uint8)
Image.fromarray(lit)

# %% [markdown]
# ## Render the script

# %%
version = take.render(script)
version

# %% [markdown]
# ## Keep it
#
# As readable YAML, with the scenes and props that other scripts may include.

# %%
path = take.folder.parent / "chest.yaml"
script.save(path)
print(path.read_text())

# %% [markdown]
# **What you have now:** a script that fits any take with such a chest. Change a line, run the cell again, look.

# %%
assert Script.load(path) == script
TakePlayer(take, version)
