"""Prometheus's words for scrapes that failed (``lastError`` of a target, seen with Prometheus 2.42). Pure."""

_UNAUTHORIZED = "HTTP status 401"
_OF_PASSWORD = (_UNAUTHORIZED, "HTTP status 403", "unable to read")
_OF_CERTIFICATE = ("x509: ", "tls: ")


def is_unauthorized(error: str) -> bool:
    """Return whether the target asked for another password than the one that it got, if it got one."""
    return _UNAUTHORIZED in error


def is_of_password(error: str) -> bool:
    """Return whether the target refused the password, or Prometheus could not read its file."""
    return any(words in error for words in _OF_PASSWORD)


def is_of_certificate(error: str) -> bool:
    """Return whether one side did not accept the certificate of the other one."""
    return any(words in error for words in _OF_CERTIFICATE)
