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
# # 03 · The live camera
#
# At the end of this page you have a take of your own: shot here with your camera, prompted while it was shot, replayed,
# and rendered once more with another prompt in its middle.
#
# ![The live camera in a notebook: camera and world, a prompt, Record](../docs/camera.png)

# %%
import os
import time
from pathlib import Path

from studio import Take, render
from studio.notebook import LiveCamera, TakePlayer

short = bool(os.environ.get("LSD_SHORT"))
sessions = Path(os.environ.get("LSD_SESSIONS", "../sessions"))
camera = LiveCamera(production="my-film", scene="1", shot="A", sessions=sessions)
camera

# %% [markdown]
# ## Open it
#
# Press **Start** and let the browser hand over the camera. Type what the picture should become and press Enter, or
# click a world. Under the pictures stands how many are shown in a second, and how old each is: from the camera's frame
# to the world's on the screen. Where the engine is slower than the camera, frames are left out rather than queued.
#
# The frames travel over this notebook's own connection to its kernel, so nothing else needs to be opened, and when the
# kernel ends, the camera ends.
#
# Without a camera, a clip stands in: the same loop, the same clock.

# %%
if not camera.running:
    clip = next(sessions.glob("example/S*/*/T*")) / "proxy" / "raw.mp4"
    camera.play(clip)
    print(f"No camera was started: the example take's {clip.name} stands in for it.")

# %% [markdown]
# ## Prompt it from a cell
#
# A prompt takes effect at the next frame; with a fade, the picture dissolves into it. The widget shows what holds.

# %%
camera.prompt("snowfall in winter")
time.sleep(1)

# %% [markdown]
# ## Record a take
#
# **Record** and **Cut** in the widget (or the key R) do what these lines do. The camera's picture is kept as it came,
# and so is every prompt with the frame at which it took effect.

# %%
camera.record()
time.sleep(1.5 if short else 5)
camera.prompt("under the sea, with shafts of sunlight", fade=1)
time.sleep(1.5 if short else 5)
take = camera.cut()
take

# %%
status = camera.director.status()
print(f"{status.fps:.0f} pictures a second, each made {status.age_p50_ms:.0f} ms after its frame reached the kernel")
camera.stop()

# %% [markdown]
# ## Replay it
#
# The wipe goes between camera and world. On the lane, S splits a prompt at the playhead, Q and W trim it, an edge is
# dragged to trim, the dot above it to fade; Ctrl and the wheel zoom in; `?` shows all keys.

# %%
player = TakePlayer(take)
player

# %% [markdown]
# ## Edit it
#
# What the lane holds comes back as a timeline. An edit on the lane and the same edit in Python are the same object:
# here the first prompt is split after a second, and its second half becomes something else.

# %%
line = player.timeline
halves = line.split(1.0)
second = next(key for key in halves.keys if key not in line.keys)
edited = halves.change(second.id, prompt="a pencil sketch", fade_s=0.5)
edited

# %%
version = render(take, edited)
TakePlayer(take, version)

# %% [markdown]
# **What you have now:** a take in `sessions/my-film`, and a version of it that says something else after its first
# second. The take is a folder like any other: the review page, the command line and the next notebooks open it. The
# camera above is stopped and stays where it is: press Start for another take. `camera.close()` takes it away, and so
# does the end of the kernel.

# %%
print(take.folder, [made.name for made in Take.open(take.folder).renders])
