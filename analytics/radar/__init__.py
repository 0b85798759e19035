"""Falls and activity from radar: points, tracks and heights → findings. Pure functions of arrays."""
