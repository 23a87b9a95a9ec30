"""`python -m budgetinator`."""

from __future__ import annotations

import sys

from budgetinator.cli import main

sys.exit(main())
