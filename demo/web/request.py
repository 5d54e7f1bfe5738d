"""What a handler reads from its request, and how it reports an error to the visitor."""

import gradio as gr

from demo.errors import DemoError
from demo.i18n import locale_for, translate

_DEFAULT_URL = "http://127.0.0.1:7860"


def request_locale(request: gr.Request | None) -> str:
    """The visitor's language: the one in the page's address, else the browser's."""
    if request is None:
        return "en"
    return locale_for(request.headers, str(request.query_params.get("lang", "")))


def base_url(request: gr.Request | None) -> str:
    """The address that the visitor opened this page at, without a trailing slash.

    The root path of the application is the prefix of a reverse proxy, or its whole address.
    """
    if request is None or request.request is None:
        return _DEFAULT_URL
    root_path = str(request.request.scope.get("root_path", "")).rstrip("/")
    if root_path.startswith(("http://", "https://")):
        return root_path
    headers = request.headers
    scheme = headers.get("x-forwarded-proto", "http").split(",")[0].strip()
    return f"{scheme}://{headers.get('host', '127.0.0.1:7860')}{root_path}"


def address_of(request: gr.Request) -> str:
    """The visitor's network address; empty where the connection has none, as a local socket."""
    client = request.request.client if request.request is not None else None
    return client.host if client is not None else ""


def to_toast(error: DemoError, request: gr.Request | None) -> gr.Error:
    """The error as gradio reports it, on the page in a box with a title."""
    locale = request_locale(request)
    text = translate(error.key, locale, **error.fields)
    return gr.Error(text, title=translate("error_title", locale), print_exception=False)
