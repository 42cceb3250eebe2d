"""What a look at a host shows, as data. Pure: nothing here asks a host."""
