"""`python -m docs.puppets OUT.mp4` draws the example film."""

import sys

from docs.puppets import write

if len(sys.argv) != 2:
    sys.exit("usage: python -m docs.puppets OUT.mp4")
write(sys.argv[1])
