"""The stand-in's own files are no tests, whatever their names."""

collect_ignore = ["files"]
