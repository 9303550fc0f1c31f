"""`python -m devicegrant`."""

import sys

from ._cli import main

sys.exit(main())
