"""Detection of liver tumours on CT slices."""
