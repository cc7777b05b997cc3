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
# At the end of this page you have the example take as a script: scenes with names, a prop that becomes something else
# in its own part of the picture, and a check that says what is wrong before anything is rendered.
#
# ![The camera, with the chest lit, and the script that was made of it](../docs/course/02.jpg)

# %%
import os
from pathlib import Path

from studio import Beat, Prop, Region, Scene, Script, Take, check_script, load_script, render, save_script, timeline_for
from studio.notebook import TakePlayer, highlight

sessions = Path(os.environ.get("LSD_SESSIONS", "../sessions"))
take = Take.open(next(sessions.glob("example/S*/*/T*")))
take

# %% [markdown]
# ## Scenes, props, beats
#
# A scene is a world with a name. A prop becomes another thing; its region says where it is in each frame: a colour to
# key, a box that follows, or a drawn mask. This one is a box, drawn around the chest at second two, when the curtain is
# open. A beat says from when on, and what it does not say goes on.

# %%
desert = Scene("desert", "the wild west at dusk")
sea = Scene("sea", "under the sea, with shafts of sunlight")
street = Scene("street", "a rainy neon street at night")
chest = Prop("chest", becomes="a gold chest", region=Region(box={2.0: (0.64, 0.61, 0.21, 0.31)}), note="by the curtain")

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
