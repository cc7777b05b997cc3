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
# # 07 · Train your own world
#
# At the end of this page the engine knows a world that you invented: you have painted it in twenty lines, taught it to
# the shipped weights in less than ten minutes on two CPU cores, measured it on clips that it never saw, and played it
# live. All other worlds are what they were before.
#
# ![The camera, the teacher, and the network that learnt from it](../docs/risograph.jpg)
#
# *A moment that was not trained on: the camera, the teacher that you write here, and the network that learnt from it.*

# %%
import itertools
import os
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown
from matplotlib.cbook import get_sample_data
from rich.progress import Progress, track

from engine.config import SHIPPED_WORLDS
from engine.evaluation.clips import find_clips, read_clip
from engine.evaluation.evaluate import evaluate, teacher_frames
from engine.media.video import VideoWriter
from engine.stream import Stream
from engine.teachers import brushes as b
from engine.teachers.crafts import within
from engine.teachers.wordings import wordings
from engine.teachers.worlds import World, teachers_of
from engine.training.data import TrainingClip
from engine.training.leaves import dead_leaves
from engine.training.newworld import NewWorldTrainer
from engine.types import Frame
from studio import Take, Timeline, render
from studio.notebook import TakePlayer, contact_strip
from studio.takes.frames import pictures

short = bool(os.environ.get("LSD_SHORT"))
sessions = Path(os.environ.get("LSD_SESSIONS", "../sessions"))
take = Take.open(next(sessions.glob("example/S*/*/T*")))
camera = list(pictures(take, "raw"))


def show(rows, titles, width=3.6):
    """Rows of pictures with titles above."""
    figure, axes = plt.subplots(len(rows), len(titles), figsize=(width * len(titles), 2.1 * len(rows)), squeeze=False)
    for line, row in zip(axes, rows, strict=True):
        for axis, picture in zip(line, row, strict=True):
            axis.imshow(picture)
            axis.axis("off")
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, fontsize=9)
    figure.tight_layout()
    plt.show()


# %% [markdown]
# ## A teacher in twenty lines
#
# A teacher paints a camera's frame as the world shows it. It is plain image processing, as slow and as exact as you
# like; the network learns to do the same in one step, live. `inputs.source` is the camera, `(B, 3, H, W)` from 0 to 1.
# Everything it uses has to be near by (about 24 px), and patterns repeat every 8, 16 or 32 px: that is what the network
# sees, so that is what it can learn. Snow, rain and sparks would come from `inputs.plane("flakes")`, film grain from
# `inputs.noise`.
#
# This one is a risograph: two inks on cream paper.


# %%
def risograph(inputs):
    """Pink where the picture is warm or dark, over it a screen of blue dots, and blue lines."""
    flat = b.kuwahara(b.kuwahara(inputs.source, 5), 5)
    red, green, blue = flat.split(1, 1)
    dark = 1 - b.luminance(flat)
    warm = (0.75 * dark + 1.8 * (red - 0.5 * (green + blue))).clamp(0, 1)
    x, y = within(dark, 8)
    away = ((x - 4).square() + (y - 4).square()).sqrt()
    radius = 5.4 * b.smoothstep(0.2, 1.1, 1 - b.gaussian(inputs.grey, 2.0))
    dots = b.smoothstep(0.9, -0.9, away - radius) * b.smoothstep(0, 1, radius)
    lines = b.ink_lines(inputs.grey, 1.3, 0.012, 0.04)
    white = b.ink((1, 1, 1), dark)
    paper = b.ink((0.97, 0.94, 0.88), dark) - 0.012 * b.paper(*inputs.size, dark)
    pink = b.mix(white, b.ink((1.0, 0.38, 0.50), dark), warm)
    navy = b.mix(white, b.ink((0.05, 0.34, 0.58), dark), torch.maximum(0.9 * dots, lines))
    return paper * pink * navy


# %% [markdown]
# ## Its words
#
# Thirty ways to ask for it. Eight more are held out: with these the world will be measured.

# %%
texts = """risograph print, a riso print, printed on a risograph, two inks on paper, a two-colour print,
pink and blue ink on paper, screen-printed in two colours, a gig poster, a zine page, a photocopied zine,
indie zine cover, duotone print, duotone in pink and navy, halftone print in two inks, misregistered ink,
printed slightly out of register, a silkscreen poster, soy ink on recycled paper, spot colour printing,
an art-fair print, a concert flyer in two colours, overprinted inks, pink ink under blue dots,
a small-press booklet, a hand-pulled print, stencil duplicator, a mimeographed leaflet, printed pink and teal,
a student newspaper printed in pink, two-tone poster art, retro offset print"""
held_out = """a page from a risograph zine; poster printed with two spot inks; pink and blue duotone;
like a silkscreened band poster; ink dots on cream paper, two colours; a riso-printed flyer;
cheap two-colour printing; print fair poster"""

world = World(
    "risograph",
    risograph,
    wordings=tuple(" ".join(text.split()) for text in texts.split(",")),
    held_out=tuple(" ".join(text.split()) for text in held_out.split(";")),
)
worlds = teachers_of(SHIPPED_WORLDS) | {world.name: world}

moments = [camera[n] for n in (40, 200, 440)]
painted = [next(teacher_frames("risograph", [frame], seed=0, worlds=worlds)).rgb for frame in moments]
show([[frame.rgb for frame in moments], painted], [f"{frame.time_s:.0f} s" for frame in moments])

# %% [markdown]
# ## Before
#
# The shipped weights were never trained on it. They route the words to the nearest world that they know.

# %%
prompt = "a page from a risograph zine"
before = Stream.load(device="cpu")


def understood(stream, text):
    """Where a text lands, and the known wording that is nearest."""
    shares = ", ".join(f"{name} {share:.0%}" for name, share in stream.nearest(text))
    return "{}: {}. The nearest known wording: {!r}, {:.2f}".format(text, shares, *stream.how_near(text))


print(understood(before, prompt))

# %% [markdown]
# ## Training clips and test clips
#
# **Training:** the first 13 seconds of the example take, and sixty drawn pictures of nothing: discs and blades that
# cover each other, as things do in photographs. A folder of your own videos is better still; add
# `read_clips(find_clips(folder))`.
#
# **Test, on clips that it did not see:** the folder `dev` of `LSD_FOOTAGE` where you have one; else the last five
# seconds of the take, and a photograph.

# %%
seen = [frame.rgb for frame in camera[:312]]
clips = [TrainingClip.of(f"take {n}", seen[n : n + 18]) for n in range(0, len(seen), 24)]
clips += dead_leaves(4 if short else 60)

footage = Path(os.environ.get("LSD_FOOTAGE", "")) / "dev"
if os.environ.get("LSD_FOOTAGE") and footage.is_dir():
    unseen = find_clips(footage)
else:
    unseen = [Path(tempfile.mkdtemp()) / "end-of-take.mp4", Path(get_sample_data("grace_hopper.jpg", asfileobj=False))]
    height, width = camera[0].rgb.shape[:2]
    with VideoWriter(unseen[0], width, height, 24) as out:
        for index, frame in enumerate(camera[360:]):
            out.write(Frame(frame.rgb, index, index / 24))
unseen = unseen[:: max(1, len(unseen) // (1 if short else 8))][: 1 if short else 8]
print(f"learns on {len(clips)} clips and stills; measured on {', '.join(path.name for path in unseen)}")

# %% [markdown]
# ## Training
#
# The network's convolutions are frozen. What is trained is one column in its table of worlds, and a scale and a shift of
# every feature that only this world turns on: seven thousand numbers of ten million. It starts as the known world that
# is nearest. Stop it whenever you like; run the cell again, and it goes on.

# %%
trainer = NewWorldTrainer(world, clips, steps=8 if short else 2000)
curve = {0: trainer.psnr_db()}
print("starts as", trainer.starts_as)

# %%
begun, cpu = time.monotonic(), time.process_time()
for _ in track(trainer, "training"):
    if trainer.done % (4 if short else 50) == 0:
        curve[trainer.done] = trainer.psnr_db()
print(f"{time.monotonic() - begun:.0f} s, {time.process_time() - cpu:.0f} s of CPU")

# %% [markdown]
# How near it comes to its teacher, on frames that it is not trained on:

# %%
plt.figure(figsize=(8, 2.4))
plt.plot(list(curve), list(curve.values()), "o-", markersize=3)
plt.xlabel("step")
plt.ylabel("PSNR, dB")
plt.show()

# %%
weights = sessions / "risograph.safetensors"
trainer.save(weights)
after = Stream.load(weights, device="cpu")
print(understood(after, prompt))
print(understood(after, "a risograph print of a snowfall in winter"))

# %% [markdown]
# ## After, on clips that it did not see
#
# The camera, what the old weights made of the words, the teacher, and the network.

# %%
rows = []
for path in unseen[:3]:
    frames = read_clip(path, 12, (384, 224)).frames
    row = [frames[-1].rgb]
    for stream in (before, after):
        stream.reset()
        stream.prompt(prompt)
        row.append([stream.step(frame.rgb, frame.time_s, frame.index) for frame in frames][-1])
    row.insert(2, next(teacher_frames("risograph", frames[-1:], seed=0, worlds=worlds)).rgb)
    rows.append(row)
show(rows, ["camera", "before", "teacher", "after"])

# %% [markdown]
# ## Do its words reach it, and are the other worlds as good as before?
#
# Each world is run on unseen clips under wordings that were held out. Adherence: how often the picture is nearer
# to the world's own teacher than to any other's.

# %%
held_out_texts = wordings("held_out")
others = {name: held_out_texts[name] for name in teachers_of(SHIPPED_WORLDS)}
if short:
    others = dict(itertools.islice(others.items(), 2))
plan = {"frames": 3 if short else 6, "size": (256, 160), "chosen": ["adherence"], "worlds": worlds}


def adherence(stream, prompts):
    """By world, on the unseen clips."""
    runs = len(prompts) * len(unseen)
    with Progress() as bars:
        bar = bars.add_task("runs", total=runs)
        report = evaluate(
            stream,
            unseen,
            prompts,
            max_runs=runs,
            progress=lambda done, total: bars.update(bar, completed=done, total=total),
            **plan,
        )
    return report["per_world"]


was = adherence(before, others)
now = adherence(after, others | {"risograph": world.held_out})
lines = [f"| {name} | {was[name]:.0%} | {now[name]:.0%} |" for name in others]
means = f"| **all others** | {np.mean(list(was.values())):.1%} | {np.mean([now[name] for name in others]):.1%} |"
table = [
    "| world | before | after |",
    "|---|---|---|",
    f"| **risograph** | – | **{now['risograph']:.0%}** |",
    means,
    *lines,
]
Markdown("\n".join(table))

# %% [markdown]
# ## Used live
#
# The new weights go wherever weights go: here into a version of the take, under a timeline that fades from the camera
# to the new world and on into snow. In the studio: `lsd-studio serve --weights sessions/risograph.safetensors`.

# %%
timeline = (
    Timeline()
    .at(0, "as it is")
    .at(2, "a risograph print", fade=1)
    .at(9, [("a risograph print", 1), ("snowfall in winter", 1)], fade=1)
    .at(14, "a risograph print", fade=1)
)
version = render(take, timeline, Stream.load(weights, device="cpu", seed=7))
contact_strip(take, version)

# %%
TakePlayer(take, version)

# %% [markdown]
# **What you have now:** weights of your own, `risograph.safetensors`, with a card beside them. Paint something else:
# change the twenty lines, the name and the words. At the shell the same is
# `python -m engine.training widen world.py --clips my-videos --out my.safetensors`.
