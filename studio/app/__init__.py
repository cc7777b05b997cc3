"""The studio in a browser: a live page and a review page on Gradio, and the guarded socket between page and engine."""
