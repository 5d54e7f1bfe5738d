"""What a lighter precision of a model costs: bytes, latency, score, and answers that change."""
