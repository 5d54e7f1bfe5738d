"""How many CPU cores this process may use."""

import math
import os
from pathlib import Path


def cores() -> int:
    """CPU cores that this process may use: its affinity, or the quota of its container."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
        allowed = math.ceil(int(quota) / int(period))
    except (OSError, ValueError):  # no such limit, or `max`
        return count or 1
    return max(min(count or 1, allowed), 1)
