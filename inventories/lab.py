"""An example of a class of training VMs: replace the names by your own.

    pyinfra -y inventories/lab.py deploy/bootstrap.py --sudo
    pyinfra -y inventories/lab.py deploy/bootstrap.py --sudo --limit vm01.example.org

Each list of hosts is a group, which --limit accepts by its name. group_data/NAME.py holds the settings of a
group, and group_data/all.py those of all groups, with their defaults.
"""

trainees = (
    [f"vm{number:02}.example.org" for number in range(1, 21)],
    {
        # The user who logs in. For users other than root, add --sudo to the command line.
        "ssh_user": "trainer",
        # The key to log in with; without it, ssh tries your agent's keys and the default ones.
        # "ssh_key": "~/.ssh/lab",
        # Hosts whose key is not known yet: "accept-new" stores the key, "yes" refuses the host.
        # "ssh_strict_host_key_checking": "accept-new",
    },
)

# Hosts behind a jump host: configure it in ~/.ssh/config, which is always read, or in another OpenSSH
# configuration file that ssh_config_file names.
#
#     Host *.example.org !jump.example.org
#         ProxyJump trainer@jump.example.org
#
# trainees = (names, {"ssh_config_file": "inventories/ssh_config"})

# Settings of the trainer's machine that differ from those of the class:
trainers = [
    ("trainer.example.org", {"ssh_user": "root", "pushgateway_scrape_interval": "5s"}),
]
