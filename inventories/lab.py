"""A class of training VMs, as an example: put your own names here.

    pyinfra -y inventories/lab.py deploy/bootstrap.py
    pyinfra -y inventories/lab.py deploy/bootstrap.py --limit vm01.example.org

Each list of hosts is a group; its name is what --limit takes, and group_data/NAME.py holds settings
for it. group_data/all.py holds the settings of all groups, each with its default.
"""

trainees = (
    [f"vm{number:02}.example.org" for number in range(1, 21)],
    {
        # Who logs in. Not root: add --sudo to the command line.
        "ssh_user": "trainer",
        # The key to log in with; without it, your agent's and the usual ones are tried.
        # "ssh_key": "~/.ssh/lab",
        # A host whose key is not known yet: "accept-new" remembers it, "yes" refuses it.
        # "ssh_strict_host_key_checking": "accept-new",
    },
)

# Behind a jump host: say so once in an OpenSSH configuration file, and name it here or in
# ~/.ssh/config, which is read anyway.
#
#     Host *.example.org !jump.example.org
#         ProxyJump trainer@jump.example.org
#
# trainees = (names, {"ssh_config_file": "inventories/ssh_config"})

# The trainer's own machine has other settings than the class:
trainers = [
    ("trainer.example.org", {"ssh_user": "root", "pushgateway_scrape_interval": "5s"}),
]
