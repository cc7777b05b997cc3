"""The example film's raw footage: a puppet theatre, drawn and played by rule, twenty seconds long."""

from docs.puppets.film import frames, write

__all__ = ["frames", "write"]
