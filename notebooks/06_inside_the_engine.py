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
# # 06 · Inside the engine
#
# At the end of this page you have seen a frame being made: its denoising step by step, what it looks up in the past,
# two prompts blended along a slider, the particles that are its second noise, and whether ten thousand frames drift.
#
# ![A frame in four steps, from noise to picture](../docs/course/06.jpg)

# %%
import itertools
import json
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from ipywidgets import FloatSlider, interact

import studio.notebook
from engine.evaluation.clips import Clip
from engine.evaluation.endurance import drift
from engine.media.pictures import fit
from engine.models.checkpoint import SHIPPED, card_path
from engine.models.particles import PARTICLE_KINDS, particle_planes
from engine.stream import Stream
from engine.tools.inspection import watch
from engine.types import Frame
from studio import Take
from studio.background import progress_bar
from studio.takes.frames import pictures

short = bool(os.environ.get("LSD_SHORT"))
sessions = Path(os.environ.get("LSD_SESSIONS", "../sessions"))
take = Take.open(next(sessions.glob("example/S*/*/T*")))
frames = list(itertools.islice(pictures(take, "raw"), 48))


def show(images, titles, width=3.2):
    """Pictures in a row."""
    figure, axes = plt.subplots(1, len(images), figsize=(width * len(images), 2.2), squeeze=False)
    for axis, image, title in zip(axes[0], images, titles, strict=True):
        axis.imshow(image, cmap="gray", vmin=0)
        axis.set_title(title, fontsize=9)
        axis.axis("off")
    figure.tight_layout()
    plt.show()


stream = Stream.load(device="cpu", seed=1)
stream.prompt("under the sea, with shafts of sunlight")
for frame in frames[:30]:
    stream.step(frame.rgb, frame.time_s, frame.index)

# %% [markdown]
# ## From noise to picture
#
# A frame begins as noise. Each step, the network says what the clean frame is, and the picture moves a part of the way
# there. Live, one step does; here are four.

# %%
seen = watch(stream, frames[30].rgb, steps=4)
show(seen.noisy, [f"noise level {level:.2f}" for level in seen.levels])
show(seen.clean, ["what the network says"] * 4)

# %% [markdown]
# ## One step beside sixteen

# %%
show(
    [frames[30].rgb, watch(stream, frames[30].rgb, 1).clean[-1], watch(stream, frames[30].rgb, 16).clean[-1]],
    ["camera", "one step", "sixteen steps"],
)

# %% [markdown]
# ## The past
#
# The transformer at the network's bottleneck may look at remembered frames: the first of a take, a ring of later ones.
# Above: how much of each layer's attention goes to each of them. Below: which parts of the picture look back.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 2.6))
for layer, shares in enumerate(seen.past_shares):
    left.plot([-age for age in seen.ages], 100 * shares, "o-", label=f"layer {layer + 1}")
left.set_xlabel("frames ago")
left.set_ylabel("% of the attention")
left.legend(fontsize=8)
right.imshow(seen.past_map, cmap="magma")
right.set_title("share that looks back", fontsize=9)
right.axis("off")
plt.show()

# %% [markdown]
# ## The particles
#
# White noise is new in every frame. Beside it the network gets noise that lives on: the wind carries it from frame to
# frame. What a world makes of it is learnt.

# %%
planes = particle_planes(torch.tensor([1]), torch.tensor([2.0], dtype=torch.float64), 160, 288)[0]
show(list(planes.numpy()), PARTICLE_KINDS, width=1.9)

# %% [markdown]
# ## Two prompts along a slider
#
# Any weights go: prompts are mixtures of worlds.


# %%
def blended(share: float) -> None:
    """The same frame under more and more of the second prompt."""
    other = Stream.load(device="cpu", seed=1)
    other.prompt([("a pencil sketch", max(1 - share, 1e-6)), ("neon rain", max(share, 1e-6))])
    for frame in frames[:4]:
        made = other.step(frame.rgb, frame.time_s, frame.index)
    show([made], [f"{1 - share:.0%} pencil sketch, {share:.0%} neon rain"], width=5)


interact(blended, share=FloatSlider(0.5, min=0, max=1, step=0.1, continuous_update=False))

# %% [markdown]
# ## Does it drift?
#
# A model that lives on its own output may fade, glow or freeze. Left, the vital signs over ten thousand frames, seven
# minutes of film, as they were measured when these weights were released; their card holds them. Right, a run of your
# own, over a small picture so that it takes a minute at most.

# %%
count = 200 if short else 2000
clip = Clip("example", tuple(Frame(fit(frame.rgb, 160, 90), frame.index, frame.time_s) for frame in frames))
with progress_bar("drift", total=count) as progress:
    yours = drift(stream, clip, {"neon-rain": "neon rain"}, count, progress)
released = json.loads(card_path(SHIPPED).read_text(encoding="utf-8"))["evaluation"]["drift"]

figure, axes = plt.subplots(1, 2, figsize=(11, 2.8), sharey=True)
for axis, run, title in zip(axes, (released, yours), ("at the release", "here"), strict=True):
    for number, (world, signs) in enumerate(run["worlds"].items()):
        for name, style in (("luminance", "-"), ("contrast", "--"), ("saturation", ":")):
            curve = signs["curves"][name]
            at = np.linspace(0, run["frames"], len(curve))
            axis.plot(at, curve, style, color=f"C{number}", linewidth=1, label=f"{world}: {name}")
    axis.set_title(f"{run['frames']:,} frames, {title}", fontsize=9)
    axis.set_xlabel("frames")
axes[1].legend(fontsize=7)
axes[0].legend(fontsize=7, ncols=3)
plt.show()
for world, run in (released["worlds"] | yours["worlds"]).items():
    print(world, {name: f"{change:+.2%}" for name, change in run["change"].items()})

# %% [markdown]
# **What you have now:** the engine taken apart and put together again. `engine/tools/inspection.py` holds the tools; the
# network itself is `engine/models/hourglass.py`.
