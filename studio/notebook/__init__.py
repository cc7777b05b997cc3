"""The studio in a notebook: open a take, script its prompts, render it again, look.

    from studio import Take, Timeline, render
    from studio.notebook import TakePlayer

    take = Take.open("sessions/example/S01/A/T001")
    version = render(take, Timeline().at(0, "underwater").at(4, "wild west", fade=1))
    TakePlayer(take, version)

Importing it, or `%load_ext studio.notebook`, lets takes, versions, timelines, scripts and grids show themselves. The
widgets' JavaScript is the review page's own. They hold no state: what is shot, edited or picked is in the take.
"""

from importlib.util import find_spec

if find_spec("anywidget") is None:
    raise ImportError('the notebook\'s widgets are not installed; run: pip install "lsd-studio[notebook]"')

from studio.notebook.camera import LiveCamera as LiveCamera
from studio.notebook.formatters import player as player
from studio.notebook.formatters import register as load_ipython_extension  # noqa: F401 - what %load_ext calls
from studio.notebook.formatters import register_here
from studio.notebook.picker import GridPicker as GridPicker
from studio.notebook.player import TakePlayer as TakePlayer
from studio.notebook.spot import spot as spot
from studio.notebook.strips import contact_strip as contact_strip
from studio.notebook.strips import highlight as highlight

register_here()
