"""One short file a recipe; each exports RECIPE."""
