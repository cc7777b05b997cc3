"""The live-stream diffusion engine. Read `engine.types`, then `engine.stream`.

Waiting OpenMP threads spin for some microseconds, then sleep: the engine shares its cores with a camera, codecs and a
browser, and a thread that spins for one that is not running holds both up (measured on two busy cores: twenty times
slower). Where the cores are free, a short spin takes a frame on two of them from 40 to 25 ms at 512x288, for a frame
is hundreds of short parallel loops. The runtime reads this once, when torch is first imported, so it stands here; what
the user has set is left alone.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "5000")
