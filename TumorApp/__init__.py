"""Detection of liver tumours on CT slices."""

import os

# ONNX Runtime's official builds report their use to their makers. Only this variable, set before the first import,
# keeps them from doing so (Privacy.md of the package); here nothing may leave the machine unasked.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
