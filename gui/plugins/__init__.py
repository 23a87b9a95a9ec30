"""The plugins that come with the program; each uses what every plugin may use, and no more."""
