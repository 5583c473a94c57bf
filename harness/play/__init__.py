"""Drawing in the browser and seeing at once what a generator makes of it: from a loopback server, or of files alone."""
