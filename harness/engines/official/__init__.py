"""The official engine: our words become their command lines, their pictures come back under our names."""
