"""The studio in a notebook: open a take, script its prompts, render it again, look.

    take = Take.open("sessions/example/S01/A/T001")
    version = take.render(Timeline().at(0, "underwater").at(4, "wild west", fade=1))
    TakePlayer(take, version)

The widgets' JavaScript is the review page's own. They hold no state: what is shot, edited or picked is in the take.
"""

from importlib.util import find_spec

if find_spec("anywidget") is None:
    raise ImportError('the notebook\'s widgets are not installed; run: pip install "lsd-studio[notebook]"')

from studio.notebook.camera import LiveCamera as LiveCamera
from studio.notebook.picker import GridPicker as GridPicker
from studio.notebook.player import TakePlayer as TakePlayer
from studio.notebook.strips import spot as spot
from studio.notebook.strips import strip as strip
from studio.takes.take import Take as Take  # so that a notebook imports from here alone
