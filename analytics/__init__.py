"""Arrays → findings. Pure NumPy and SciPy: knows no resident, no device, no clock."""
