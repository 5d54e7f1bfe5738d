"""Model families: one file a family, each declares its SPECS."""
