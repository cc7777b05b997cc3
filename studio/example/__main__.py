"""`python -m studio.example OUT.mp4` draws the example film."""

import sys

from studio.example import write

if len(sys.argv) != 2:
    sys.exit("usage: python -m studio.example OUT.mp4")
write(sys.argv[1])
