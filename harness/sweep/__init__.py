"""`harness sweep`: many tests and trainings named by one file, each made once, and the best of them by a rule."""
