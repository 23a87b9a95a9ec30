"""The window's tests: offscreen, with keys and mouse, and nothing of Qt left behind."""
