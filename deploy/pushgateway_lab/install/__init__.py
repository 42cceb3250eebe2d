"""How each server got onto a host, what apt installs, and what stands in the way."""
