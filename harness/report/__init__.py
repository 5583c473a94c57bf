"""Pages from records and measurements: dataclasses, templates, static files; nothing from the network."""
