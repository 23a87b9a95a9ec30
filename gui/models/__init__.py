"""What tables and lists of the window show."""
