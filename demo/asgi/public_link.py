"""A public https address for the local page, by the tunnel that `launch(share=True)` opens."""

import sys
from urllib.parse import urlsplit

import gradio as gr
import httpx
from gradio import networking
from gradio.exceptions import ChecksumMismatchError, ShareCertificateWriteError

from demo.asgi.hosts import Hosts
from demo.errors import DemoError


def announce(page: gr.Blocks, hosts: Hosts, host: str, port: int) -> None:
    """Open a public link to the page on this port and print it, or why there is none.

    hosts: names of the server, to which that of the link is added.
    """
    try:
        link = open_public_link(page, host, port)
    except DemoError as error:
        print(error, file=sys.stderr, flush=True)
        return
    hosts.add(urlsplit(link).netloc)
    print(f"* Running on public URL: {link}", flush=True)


def open_public_link(page: gr.Blocks, host: str, port: int) -> str:
    """Open a tunnel to the page on this port and return its public address; takes seconds.

    Gradio closes the tunnel at the end of the process.

    Raises:
        DemoError: on a Hugging Face Space, which has a public address already, or where the
            tunnel's server cannot be reached.
    """
    if page.space_id is not None:
        raise DemoError("public_link_on_space")
    try:
        address = networking.setup_tunnel(
            local_host=host,
            local_port=port,
            share_token=page.share_token,
            share_server_address=None,
            share_server_tls_certificate=None,
        )
    except (
        RuntimeError,
        ValueError,
        OSError,
        httpx.HTTPError,
        ShareCertificateWriteError,
        ChecksumMismatchError,
    ):
        raise DemoError("no_public_link") from None
    # `page.share` stays off: gradio's template for shared pages loads its scripts from elsewhere.
    return urlsplit(address)._replace(scheme="https").geturl()
