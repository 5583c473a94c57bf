"""What `harness demo` needs without a network: drawn scenes and a small generator trained on them."""
