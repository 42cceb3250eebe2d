"""A course on lab hosts: prepare, reset and verify them."""
