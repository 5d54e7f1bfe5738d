"""Checks: each attacks a server and gives findings, sentences about what it should not do.

Those that take long give each finding at once, and end where nobody asks for the next one.
"""

from collections.abc import Callable, Iterable

from tests.hostile.checks import files, limits, memory, origins, requests, visitors
from tests.hostile.target import Target

Check = Callable[[Target], Iterable[str]]

CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        files.foreign_values,
        files.traversals,
        files.playlists,
        files.hostile_weights,
        requests.garbage,
        requests.wrong_values,
        requests.wrong_calls,
        requests.odd_uploads,
        requests.languages,
        requests.closed_routes,
        origins.hosts,
        origins.origins,
        origins.headers,
        memory.bombs,
        memory.large_pictures,
        memory.bodies,
        memory.sessions,
        visitors.camera_sockets,
        visitors.slow_requests,
        # A server that does not notice them is busy with their films for minutes.
        visitors.leavers,
        visitors.unheard_jobs,
    )
}
"""Of a server as it is started by default."""

LIMITED: dict[str, Check] = {
    check.__name__: check
    for check in (
        visitors.aborted_uploads,
        limits.disk_budget,
        limits.overflow,
        limits.rate,
    )
}
"""Of a server with low limits that is open to the network."""
