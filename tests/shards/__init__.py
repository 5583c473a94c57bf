"""Shards: plans, pools and what is merged of them."""
