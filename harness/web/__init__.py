"""What every page shares: frame, language, privacy, charts, style and scripts."""
