"""Checks: each attacks a server and returns findings, sentences about what it should not do."""

from collections.abc import Callable

from tests.hostile.checks import files, limits, memory, origins, requests, visitors
from tests.hostile.target import Target

Check = Callable[[Target], list[str]]

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
        visitors.leavers,
        visitors.unheard_jobs,
        visitors.camera_sockets,
        visitors.slow_requests,
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
