"""`python -m executor`."""

from __future__ import annotations

from executor.cli import main

if __name__ == "__main__":
    main()
