"""The results of a look at a host and of a transaction, as data. Pure: nothing here connects to a host."""
