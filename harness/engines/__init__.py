"""What translates: the job and its seeds, the authors' scripts, and the same computed in process."""
