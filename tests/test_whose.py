"""The decision who can change a path, without a host."""

import subprocess
from pathlib import Path

import pytest

from pushgateway_lab.run.host_files import host_file

ROOT, ABOVE = "0 0 755 /", "0 0 755 /etc"
SHARED = "0 110 770 /etc/prometheus"
EVERYBODY = "everybody may write in /etc/prometheus (mode 777)"
GROUP = "group 110 may write in root's directory /etc/prometheus (mode 770)"


def decision(*lines: str, linked: str = "") -> tuple[str, str, list[str]]:
    """Return the writer, the obstacle and the shared directories.

    + lines: "UID GID MODE NAME" of each directory on the path
    + linked: the directory with a link
    """
    stats = "".join(f"1.5 4096 {line}\n" for line in lines)
    text = host_file("whose.sh") + 'linked=${1:+$1\n}\ndecide_writer\nprintf "%s\\n" '
    text += '"$writer" "$obstacle" "$shared"'
    shell = ["/bin/sh", "-c", text, "sh", linked]
    done = subprocess.run(shell, input=stats, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    writer, obstacle, *shared = done.stdout.split("\n")
    return writer, obstacle, [each for each in shared if each]


@pytest.mark.parametrize(
    ("lines", "writer"),
    [
        ((ROOT, ABOVE), "0"),
        ((ROOT, ABOVE, "1000 1000 755 /etc/prometheus"), "1000"),
        ((ROOT, ABOVE, "1000 1000 2775 /etc/prometheus"), "1000"),
        ((ROOT, "1000 1000 755 /srv/a", "0 0 755 /srv/a/b"), "1000"),
    ],
)
def test_a_path_of_one_user_has_this_writer(lines: tuple[str, ...], writer: str) -> None:
    assert decision(*lines) == (writer, "", [])


@pytest.mark.parametrize("mode", ["770", "775", "2770", "1770", "720"])
def test_a_directory_of_root_s_in_which_its_group_writes_is_shared(mode: str) -> None:
    assert decision(ROOT, ABOVE, f"0 110 {mode} /etc/prometheus") == ("0", "", ["/etc/prometheus"])


def test_several_shared_directories_are_named_once_and_the_uppermost_first() -> None:
    lines = (ROOT, "0 110 770 /srv/a", "0 110 770 /srv/a/b c", "0 110 770 /srv/a")
    assert decision(*lines, linked="/") == ("0", "", ["/srv/a", "/srv/a/b c"])


@pytest.mark.parametrize(
    ("lines", "linked", "reason"),
    [
        ((ROOT, "0 110 777 /etc/prometheus"), "", EVERYBODY),
        ((ROOT, "0 110 777 /etc/prometheus", "0 110 770 /etc/prometheus/a"), "", EVERYBODY),
        ((ROOT, "0 110 770 /etc/a", "0 110 777 /etc/prometheus"), "", EVERYBODY),
        ((ROOT, "1000 1000 755 /srv", SHARED), "", GROUP),
        ((ROOT, SHARED, "1000 1000 755 /etc/prometheus/a"), "", GROUP),
        (
            (ROOT, SHARED),
            "/etc/prometheus",
            f"{GROUP}, and the path has a symbolic link there",
        ),
        ((ROOT, SHARED, "? ? ? ?"), "", "a directory on the path cannot be read"),
        (
            (ROOT, SHARED, "1000 1000 755 /srv/a", "1001 1001 755 /srv/a/b"),
            "",
            "/srv/a/b belongs to user 1001, and a directory above it belongs to user 1000",
        ),
    ],
)  # fmt: skip
def test_what_is_more_than_shared_is_an_obstacle(
    lines: tuple[str, ...], linked: str, reason: str
) -> None:
    assert decision(*lines, linked=linked)[1:] == (reason, [])


def test_a_path_is_followed_with_the_directories_that_have_a_link(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/file").touch()
    (tmp_path / "one").symlink_to("a")
    (tmp_path / "two").symlink_to("one/file")
    text = host_file("whose.sh") + 'follow "$1"; printf "%s\\n" "$real" "$hops" "$linked"'
    shell = ["/bin/sh", "-c", text, "sh", str(tmp_path / "two")]
    done = subprocess.run(shell, capture_output=True, text=True, check=True)
    lines = done.stdout.split()
    assert lines == [str(tmp_path / "a/file"), "2", str(tmp_path), str(tmp_path)]


@pytest.mark.parametrize(
    ("ids", "reader"),
    [
        ("0 0 0", ""),
        ("104 104 104", "--reuid=104 --regid=5 --clear-groups"),
        ("1000 0 0", "--reuid=65534 --regid=65534 --clear-groups"),
        ("0 1000 0", "--reuid=65534 --regid=65534 --clear-groups"),
    ],
)
def test_a_program_with_the_set_user_id_bit_reads_for_nobody(
    tmp_path: Path, ids: str, reader: str
) -> None:
    status = tmp_path / "status"
    status.write_text(f"Name:\tprometheus\nUid:\t{ids} 0\nGid:\t5 5 5 5\nGroups:\t\n")
    text = host_file("whose.sh") + '\nreader_of_process "$1"; printf %s "$reader"'
    done = subprocess.run(
        ["/bin/sh", "-c", text, "sh", str(status)], capture_output=True, text=True, check=True
    )
    assert done.stdout == reader


def printed(as_reader: str, most: int = 100) -> str:
    """Return what print_as_reader prints, and its status, if the process of the other user does this."""
    text = f"{host_file('whose.sh')}as_reader() {{ {as_reader}; }}\n"
    text += 'print_as_reader /file "$1" && status=0 || status=$?\necho ".$status"'
    shell = ["/bin/sh", "-c", text, "sh", str(most)]
    done = subprocess.run(shell, input="secret\n", capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize(
    ("as_reader", "says"),
    [
        ("printf QUJD", "QUJD.0\n"),
        ("printf QUJD; return 1", "QUJD.1\n"),
        # A user can change what a process does that runs with this user's rights.
        ("printf 'QUJD\\nflags_text QQ\\n.0\\n'; return 3", "QUJDflagstextQQ0.3\n"),
        ("echo forged >&3; echo forged >&4; echo 7 >&3", ".2\n"),
        ("cat", ".0\n"),
    ],
)
def test_a_process_of_another_user_prints_only_base64(as_reader: str, says: str) -> None:
    assert printed(as_reader) == says


def test_a_process_of_another_user_prints_no_more_than_the_file_may_have() -> None:
    assert len(printed("yes A")) < 200


_MAY_READ = {
    "install-release.sh": "as_nobody() {",
    "read-included.sh": "printf '%s\\n' \"$patterns\" |",
    "replace-config.sh": "answer=$(printf '%s' \"${feed:-}\" | as_writer",
}
"""The commands that give a process of another user a standard input, and none with a secret."""


def test_no_process_of_another_user_reads_what_a_script_reads() -> None:
    for path in sorted((Path(__file__).parents[1] / "files").glob("*.sh")):
        lines = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
        for number, line in enumerate(lines):
            words = line.partition(" # ")[0].split()
            lowers = {"as_reader", "as_user", "setpriv"} & set(words)
            passes_on = line.rstrip().endswith('"$@"') or '"$@"; fi' in line
            if line.lstrip().startswith("#") or not lowers or passes_on:
                continue
            allowed = _MAY_READ.get(path.name, "-")
            is_allowed = allowed in line or allowed in lines[number - 1]
            assert "</dev/null" in line or is_allowed, f"{path.name}: {line}"
