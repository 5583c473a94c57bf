"""Records and pictures become static pages."""
