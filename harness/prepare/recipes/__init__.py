"""One recipe a file; `registry` says which one a model's domain asks for."""
