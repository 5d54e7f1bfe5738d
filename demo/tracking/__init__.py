"""The state of one stream of frames: tracks, counts, heat map, anonymising, overlay."""
