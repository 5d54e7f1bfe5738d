"""A live camera or a film watched from the command line, with a table of what was seen."""
