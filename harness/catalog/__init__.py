"""What exists upstream, as frozen dataclasses: repositories, models, datasets, published scores."""
