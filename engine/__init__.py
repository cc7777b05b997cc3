"""The live-stream diffusion engine. Read `engine.types`, then `engine.stream`.

Waiting OpenMP threads sleep instead of spinning: the engine shares its cores with a camera, codecs and a browser, and
a thread that spins for one that is not running holds both up (measured on two busy cores: twenty times slower). The
runtime reads this once, when torch is first imported, so it stands here; what the user has set is left alone.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
