"""The tabs of the window: what is seen of a task; controllers do the work."""
