"""How near a picture is to the pictures a model was trained on, without any network, in words that can be checked."""
