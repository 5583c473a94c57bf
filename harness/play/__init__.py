"""Drawing in the browser and seeing at once what a generator makes of it: from a server on loopback, or of files alone."""
