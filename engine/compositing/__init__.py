"""Compositing: mattes of the cast, plates behind it, and the picture of both. Numbers alone, no studio."""
