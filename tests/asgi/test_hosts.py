import pytest

from demo.asgi.hosts import Hosts, hosts_of

LOOPBACK = [
    "localhost:7860",
    "LOCALHOST",
    "localhost.",
    "127.0.0.1:7860",
    "127.0.0.9",
    "[::1]:7860",
]
"""Also with other ports than the server's: those of an SSH tunnel or of a container."""
STRANGE = [
    "evil.example:7860",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.example#localhost",
    "evil.example@localhost",
    "localhost:7860:1",
    "localhost/",
    "[::1",
    "",
    " ",
]


@pytest.mark.parametrize("host", LOOPBACK)
@pytest.mark.parametrize(
    "bound", ["127.0.0.1", "localhost", "::1", "[::1]", "0.0.0.0", "192.0.2.7"]
)
def test_every_server_goes_by_the_names_of_loopback(bound: str, host: str) -> None:
    assert Hosts(bound).accepts(host)


@pytest.mark.parametrize("host", STRANGE)
@pytest.mark.parametrize("bound", ["127.0.0.1", "::1", "0.0.0.0", "::", "192.0.2.7"])
def test_no_server_goes_by_a_name_that_a_stranger_can_register(bound: str, host: str) -> None:
    assert not Hosts(bound).accepts(host)


@pytest.mark.parametrize("host", ["192.168.1.5:7860", "[fd00::2]:7860", "0.0.0.0", "vitrine:7860"])
def test_a_server_of_the_network_is_reached_by_address_and_by_short_names(host: str) -> None:
    assert Hosts("0.0.0.0").accepts(host)
    assert Hosts("::").accepts(host)
    assert not Hosts("127.0.0.1").accepts(host)


def test_a_machine_goes_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Box.lan")
    assert Hosts("0.0.0.0").accepts("box.lan:7860")
    assert Hosts("0.0.0.0").accepts("box.lan.local")
    assert not Hosts("127.0.0.1").accepts("box.lan:7860")
    assert Hosts("box.corp.example").accepts("box.corp.example:7860")


def test_configured_names_may_have_a_port_or_a_star() -> None:
    hosts = Hosts("127.0.0.1", ["a.example", "b.example:8443", "*.c.example"])
    for host in ("a.example", "A.EXAMPLE:1", "b.example:8443", "x.c.example", "y.x.c.example:5"):
        assert hosts.accepts(host), host
    for host in ("b.example", "b.example:1", "c.example", "xc.example", "x.a.example"):
        assert not hosts.accepts(host), host


def test_a_star_is_any_name_and_no_site_of_its_own() -> None:
    hosts = Hosts("127.0.0.1", ["*"])
    assert hosts.accepts("anything.example")
    assert not hosts.accepts("any thing")
    assert not hosts.is_configured("anything.example")


def test_the_name_of_a_public_link_is_added() -> None:
    hosts = Hosts("127.0.0.1")
    assert not hosts.accepts("abc.gradio.live")
    hosts.add("abc.gradio.live")
    assert hosts.accepts("abc.gradio.live")
    assert not hosts.accepts("abd.gradio.live")


def test_a_space_goes_by_any_name_and_its_pages_are_those_of_space_host() -> None:
    environ = {"SPACE_ID": "a/b", "SPACE_HOST": "vision.example.org, a-b.hf.space"}
    hosts = hosts_of(environ, "0.0.0.0", "", [])
    assert hosts.accepts("a-b.hf.space")
    assert hosts.accepts("renamed.hf.space")
    assert hosts.is_configured("vision.example.org")
    assert hosts.is_configured("a-b.hf.space")
    assert not hosts.is_configured("renamed.hf.space")
    elsewhere = hosts_of({"SPACE_HOST": "a-b.hf.space"}, "127.0.0.1", "", [])
    assert not elsewhere.accepts("a-b.hf.space")


def test_the_public_address_of_a_proxy_is_a_name() -> None:
    hosts = hosts_of({}, "127.0.0.1", "https://Vision.example:8443/vitrine", ["a.example"])
    assert hosts.accepts("vision.example:8443")
    assert not hosts.accepts("vision.example")
    assert hosts.accepts("a.example")
    assert not hosts_of({}, "127.0.0.1", "/vitrine", []).accepts("")
