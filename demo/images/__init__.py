"""Picture files to pixels and back: decoder, encoder, file types, headers, limits."""
