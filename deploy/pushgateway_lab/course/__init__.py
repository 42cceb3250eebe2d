"""A course on lab hosts: preparing, resetting and verifying them."""
