"""Files and jobs of the wrong shape: Prometheus rejects them, and this package names the line."""

from pushgateway_lab.scrape_config.errors import ScrapeConfigError, quoted
from pushgateway_lab.scrape_config.nodes import Kind, Node
from pushgateway_lab.scrape_config.templates import refusal


def refuse_other_formats(root: Node) -> None:
    """Raise ScrapeConfigError for a Kubernetes object, for example a ConfigMap with a configuration in it."""
    version, kind = root.entry("apiVersion"), root.entry("kind")
    if version is None or kind is None:
        return
    reason = f"this is a Kubernetes object of kind {quoted(kind[1].text)}, and not a configuration"
    data = root.get("data")
    inner = (
        next((key for key, value in data.entries() if value.style in {"|", ">"}), None)
        if data
        else None
    )
    if inner is not None:
        reason += (
            f". The configuration is the text below line {inner.line}: write that text into the file, "
            "without the indentation"
        )
    raise ScrapeConfigError(min(version[0].line, kind[0].line), reason)


def refuse_odd_targets(text: str, job: Node) -> None:
    """Raise ScrapeConfigError for static_configs, groups or targets of the wrong kind in a job."""
    static_configs = job.get("static_configs")
    if static_configs is None or static_configs.is_null:
        return
    if static_configs.kind is not Kind.SEQUENCE:
        reason = f"static_configs must be a list, and is a {static_configs.kind.value}"
        raise refusal(text, static_configs.start, reason)
    for group in static_configs.children:
        if group.kind is not Kind.MAPPING:
            reason = (
                f"each item of static_configs must be a mapping with targets, and {_shown(group)}; "
                "write - targets: ['HOST:PORT']"
            )
            raise refusal(text, group.start, reason)
        targets = group.get("targets")
        if targets is not None and not targets.is_null:
            _refuse_odd_list(text, targets)


def _refuse_odd_list(text: str, targets: Node) -> None:
    if targets.kind is not Kind.SEQUENCE:
        reason = f"targets must be a list, ['HOST:PORT'], and is a {targets.kind.value}"
        raise refusal(text, targets.start, reason)
    for target in targets.children:
        if target.kind is not Kind.SCALAR:
            reason = f"each target must be 'HOST:PORT', in quotes, and {_shown(target)}"
            raise refusal(text, target.start, reason)


def _shown(node: Node) -> str:
    if node.kind is not Kind.SCALAR:
        return f"this is a {node.kind.value}"
    return f"{quoted(node.text)} is a single value" if node.text else "this is empty"
