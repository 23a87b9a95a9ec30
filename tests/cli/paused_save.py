"""A `budgetinator set` that stops before its new file takes the old one's place.

Called with the arguments of the command line. It prints a line when the new file is
written, then waits to be killed.
"""

from __future__ import annotations

import os
import sys
import time

from budgetinator.cli import main

fsync = os.fsync


def pause(descriptor: int) -> None:
    fsync(descriptor)
    sys.stdout.write("written\n")
    sys.stdout.flush()
    while True:  # in short waits: a signal that comes just before one would not end it
        time.sleep(0.02)


os.fsync = pause
sys.exit(main())
