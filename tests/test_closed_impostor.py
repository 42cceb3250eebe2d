"""A local user with the key of another host of the class, and the port of the Pushgateway: who gets the password?"""

from collections.abc import Callable

import pytest

from expectations import BOOTSTRAP, FAST, INSTALLED
from labhost import Host, HostSpec, PyinfraResult

LIST = "pushgateway_lab.groups.list"

IMPOSTOR = """\
import socket, ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/srv/stolen/web.crt", "/srv/stolen/web.key")
server = socket.create_server(("127.0.0.1", 9091))
open("/srv/stolen/ready", "w").close()
while True:
    try:
        with context.wrap_socket(server.accept()[0], server_side=True) as client:
            open("/srv/stolen/got", "ab").write(client.recv(9999) or b"nothing")
            client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 32\\r\\n\\r\\n" + b'{"status": "success", "data":[]}')
    except (OSError, ssl.SSLError):
        pass
"""


@pytest.mark.parametrize("forwards", [True, False], ids=["through SSH", "curl on the host"])
def test_the_key_of_one_host_gets_no_password_of_another(
    boot_hosts: Callable[..., list[Host]],
    run_pyinfra: Callable[..., PyinfraResult],
    *,
    forwards: bool,
) -> None:
    one, other = boot_hosts(HostSpec(packages=INSTALLED), HostSpec(packages=INSTALLED))
    data = FAST | {
        "pushgateway_username": "trainer",
        "pushgateway_generate_password": True,
        "pushgateway_tls_lab_ca": True,
    }
    closed = run_pyinfra([one, other], "-y", BOOTSTRAP, data=data)
    assert closed.returncode == 0, closed.output
    if not forwards:
        other.run("echo 'AllowTcpForwarding no' >/etc/ssh/sshd_config.d/00-none.conf")
        other.run("systemctl reload ssh")
    listed = run_pyinfra(other, "-y", LIST, data=data)
    assert listed.returncode == 0, listed.output

    other.run("useradd student; install -d -o student /srv/stolen")
    for name in ("web.crt", "web.key"):
        other.write(f"/srv/stolen/{name}", one.read(f"/etc/pushgateway-lab/{name}"))
    other.write("/srv/impostor.py", IMPOSTOR.encode())
    other.run("chown student /srv/stolen/*; systemctl stop prometheus-pushgateway")
    other.run(
        "systemd-run --quiet --uid=student python3 /srv/impostor.py; "
        "until test -e /srv/stolen/ready; do sleep 0.1; done"
    )
    # With the name of loopback, it is trusted.
    ca = "--cacert /etc/pushgateway-lab/scrape-ca.pem"
    assert other.run(f"curl -s -u a:b {ca} https://localhost:9091/").returncode == 0
    other.run("grep -q Authorization /srv/stolen/got && rm /srv/stolen/got")
    for deploy in (LIST, BOOTSTRAP):
        refused = run_pyinfra(other, "-y", deploy, data=data)
        assert refused.returncode == 1, refused.output
        assert other.run("grep -q Authorization /srv/stolen/got", check=False).returncode
