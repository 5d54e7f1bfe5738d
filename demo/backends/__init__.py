"""Back ends: what runs a network on a device. One file a back end; each declares BACKEND."""
