"""One recipe a file; `choosing` says which one a model's domain asks for."""
