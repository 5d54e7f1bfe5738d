"""Post-training quantization: from a model of the catalog to one in int8 of its own."""
