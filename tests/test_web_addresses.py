import pytest

from demo.asgi.proxies import proxies_of
from demo.web_addresses import Networks, network_of, remote_network_of


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("testclient", None),
        ("", None),
    ],
)
def test_a_visitor_is_an_address_or_a_network_of_ipv6(host: str, network: str | None) -> None:
    assert network_of(host) == remote_network_of(host) == network


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_no_other_machine(host: str) -> None:
    assert network_of(host) is not None
    assert remote_network_of(host) is None


def test_networks_hold_addresses() -> None:
    networks = Networks(["10.0.0.0/8", "192.0.2.7", "fc00::/7"])
    for host in ("10.9.8.7", "192.0.2.7", "fd00::2", "::ffff:10.0.0.1"):
        assert host in networks
    for host in ("11.0.0.1", "192.0.2.8", "::1", "nginx", ""):
        assert host not in networks
    assert "11.0.0.1" in Networks(["*"])
    assert "11.0.0.1" not in Networks([])


def test_a_proxy_is_believed_where_something_speaks_of_one() -> None:
    assert proxies_of({}, "", shared=False) == ()
    assert "127.0.0.1" in Networks(proxies_of({}, "/vitrine", shared=False))
    assert "127.0.0.1" in Networks(proxies_of({}, "", shared=True))
    hub = Networks(proxies_of({"SPACE_ID": "a/b"}, "", shared=False))
    assert "10.16.3.4" in hub
    assert "8.8.8.8" not in hub
