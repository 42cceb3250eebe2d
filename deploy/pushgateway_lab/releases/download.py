"""The configuration of curl with which a host downloads an archive itself. Pure.

``files/install-release.sh`` reads it from standard input, so no argument of a program shows the URL to other users of
the host.
"""

from pushgateway_lab.formats.release_names import why_not_url


def curl_config(url: str, proxy: str | None = None) -> bytes:
    r"""Return the configuration for ``curl --config``: what is fetched, and how.

    + url: of the archive
    + proxy: the URL of a proxy; None: that of the host's environment, if there is one

    Raises:
        ValueError: one of them is no URL that can be written there.

    Example: ``curl_config("https://mirror.example.org/a.tar.gz")`` is
    ``b'url = "https://mirror.example.org/a.tar.gz"\nproto-redir = "=https"\n'``.

    Source: curl(1), ``--config``: in double quotes, only a backslash and a quote are special; `why_not_url` accepts
    neither.
    """
    if why := why_not_url(url) or (proxy and why_not_url(f"{proxy}/x")):
        raise ValueError(why)
    lines = [f'url = "{url}"']
    # As on the control machine: a redirect never leads from https to http.
    allowed = "=https" if url.startswith("https:") else "=http,https"
    lines.append(f'proto-redir = "{allowed}"')
    if proxy is not None:
        lines.append(f'proxy = "{proxy}"')
    return "".join(f"{line}\n" for line in lines).encode("ascii")
