"""What an SSH server does before the login cannot hold up a run: servers on loopback, and pyinfra."""
