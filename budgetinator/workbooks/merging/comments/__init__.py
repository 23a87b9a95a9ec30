"""Comments, their boxes and their threads."""
