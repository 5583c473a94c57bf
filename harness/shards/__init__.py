"""A job cut into pieces that any worker may do: the plan, the work, the merge, and who works."""
