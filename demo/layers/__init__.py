"""Inside a small network: what each layer computes of a picture, number by number."""
