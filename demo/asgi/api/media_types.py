"""The form of an answer: stated as `format`, or chosen by the header Accept (RFC 9110 §12.5.1)."""

from collections.abc import Mapping

from starlette.requests import Request

from demo.errors import DemoError

JSON = "application/json"


def wanted_format(request: Request, offered: Mapping[str, str]) -> str:
    """The format that a request asks for: the option `format`, else what Accept likes best.

    Args:
        request: one without either wants the first.
        offered: name → media type of what can be chosen by Accept; the first ones are preferred.

    Raises DemoError where Accept names nothing of it. A stated format is not checked here.
    """
    stated = request.query_params.get("format")
    if stated is not None:
        return stated
    accept = ",".join(request.headers.getlist("accept"))
    if not accept.strip():
        return next(iter(offered))
    ranges = _ranges(accept)
    weights = {name: _weight(kind, ranges) for name, kind in offered.items()}
    best = max(weights, key=lambda name: weights[name])
    if weights[best] <= 0:
        raise DemoError("api_accept", some=", ".join(dict.fromkeys(offered.values())))
    return best


def _ranges(accept: str) -> dict[str, float]:
    """Media range → its weight, 0–1."""
    found = {}
    for part in accept.lower().split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                weight = _quality(value.strip())
        if kind:
            found[kind] = weight
    return found


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def _weight(kind: str, ranges: Mapping[str, float]) -> float:
    """The weight of the range that names `kind` most closely; 0 where none does."""
    family = kind.partition("/")[0]
    closest = next((one for one in (kind, f"{family}/*", "*/*") if one in ranges), None)
    return ranges[closest] if closest else 0.0
