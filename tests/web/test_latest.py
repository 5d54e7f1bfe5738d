from demo.web.latest import LatestRequests, Standing


def test_a_newer_request_replaces_an_older_one_of_its_session_only() -> None:
    latest = LatestRequests()
    first, other = latest.begin("a"), latest.begin("b")
    assert latest.standing("a", first) is Standing.CURRENT
    second = latest.begin("a")
    assert latest.standing("a", first) is Standing.REPLACED
    assert latest.standing("a", second) is Standing.CURRENT
    assert latest.standing("b", other) is Standing.CURRENT


def test_a_stopped_request_stays_stopped_and_the_next_one_goes_on() -> None:
    latest = LatestRequests()
    latest.stop("a")  # there is nothing to stop
    first = latest.begin("a")
    assert latest.standing("a", first) is Standing.CURRENT
    latest.stop("a")
    assert latest.standing("a", first) is Standing.STOPPED
    assert latest.standing("a", latest.begin("a")) is Standing.CURRENT
