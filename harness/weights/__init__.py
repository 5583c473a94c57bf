"""Networks, and files of their weights: read safely, with the architecture that their keys show."""
