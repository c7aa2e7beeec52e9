"""``python -m worker`` is ``kabulwire``."""

from worker.cli import main

if __name__ == "__main__":
    main()
