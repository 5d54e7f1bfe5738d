"""One picture for all tabs: the one that was put in last is there on each tab that is opened.

The browser hands it over, as the private file that it has uploaded: no request is made, and the
tabs that are not open know nothing of it. See `static/shared_picture.js`.
"""

import gradio as gr

from demo.web.components.picture import PictureIn
from demo.web.tab import Context


def share_picture(context: Context, tab: str, picture: PictureIn) -> None:
    """Share what is put into `picture`; to be called before its other events are connected.

    Gradio works the handlers of one event off in order, and another tab may be opened before this
    one has answered.
    """
    context.pictures[tab] = picture
    picture.change(
        None,
        picture,
        picture,
        js=f"(value) => window.vitrinePicture.changed({tab!r}, value)",
        show_progress="hidden",
        api_visibility="private",
    )


def take_shared_picture(context: Context, tab: str, opened: gr.Tab) -> None:
    """Put the shared picture into that of a tab, where it has one, when the tab is opened.

    The button is for the script: the picture may come while the tab is open.
    """
    picture = context.pictures.get(tab)
    if picture is None:
        return
    button = gr.Button(visible="hidden", elem_id=f"{tab}-take-picture")
    gr.on(
        [opened.select, button.click],
        None,
        picture,
        picture,
        js=f"(value) => window.vitrinePicture.wanted({tab!r}, value)",
        show_progress="hidden",
        api_visibility="private",
    )
