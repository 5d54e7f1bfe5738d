"""The engine: catalog, loaded models, batches of forward passes."""
