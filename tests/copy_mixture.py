"""The smallest command baseline: every estimate is the mixture. Standard library only."""

import shutil
import sys
from pathlib import Path

mixture, output, *targets = sys.argv[1:]
for target in targets:
    shutil.copy(mixture, Path(output) / f"{target}.wav")
