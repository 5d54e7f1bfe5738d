"""A Space as its visitors have it: behind the Hub's proxy, in its frame, which may store nothing.

The server has the variables that the Hub sets, and no folder to write into but the temporary one.
"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Frame, expect

from tests.browser.acts import SLOW, TABS, bus, choose, open_tab, put, saved
from tests.conftest import Server
from tests.support.hub_proxy import hub_proxy

NAME = "somebody-vitrine.hf.space"
HUB = "https://huggingface.co/spaces/somebody/vitrine"
VARIABLES = {
    "SYSTEM": "spaces",
    "SPACE_ID": "somebody/vitrine",
    "SPACE_HOST": NAME,
    "SPACE_AUTHOR_NAME": "somebody",
    "SPACE_REPO_NAME": "vitrine",
    "SPACE_TITLE": "Vitrine",
    "SPACE_CREATOR_USER_ID": "0123456789abcdef01234567",
    "ACCELERATOR": "none",
    "CPU_CORES": "2",
    "MEMORY": "16Gi",
    "GRADIO_SERVER_NAME": "0.0.0.0",
    "GRADIO_NUM_PORTS": "1",
    "GRADIO_ALLOW_FLAGGING": "never",
    "GRADIO_THEME": "huggingface",
    "PYTHONUNBUFFERED": "1",
    "TQDM_POSITION": "-1",
    "TQDM_MININTERVAL": "1",
}
HOMES = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "HF_HOME", "TORCH_HOME")
FRAME = """<iframe src="https://{name}/?__theme=light&__sign=pass" width="1280" height="800"
allow="autoplay; camera; clipboard-read; clipboard-write; fullscreen; microphone; sync-xhr"
sandbox="allow-downloads allow-forms allow-modals allow-pointer-lock allow-popups allow-scripts
allow-popups-to-escape-sandbox allow-same-origin allow-storage-access-by-user-activation"
></iframe>"""
"""As the Hub writes it; the pass is that to a private Space."""
REFUSED = """() => ["sessionStorage", "localStorage"].map((name) => {
  try { return String(self[name]); } catch (error) { return error.name; }
})"""
COOKIE = "document.cookie = 'a=b; SameSite=None; Secure'; document.cookie"
REFUSE_CLIPBOARD = "() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }"
REFUSE_COPYING = "() => { document.execCommand = () => false; }"
PAGE_LINKS = "a[href]:not([download])"
BARS = "#classify-answer table.score-bars tbody tr"
BOXES = "#detect-boxes tbody tr"


@pytest.fixture(scope="module")
def space(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("space")
    (folder / "file").touch()
    (folder / "tmp").mkdir()
    running = Server(
        VITRINE_WEIGHTS=str(shared_data / "weights"),
        TMPDIR=str(folder / "tmp"),
        **dict.fromkeys(HOMES, str(folder / "file" / "home")),
        **VARIABLES,
    ).wait()
    yield running
    printed = running.stop()
    # Nothing but the sentence that it runs: no library says that it misses its folder.
    assert printed.splitlines() == [f"* Running on local URL:  http://0.0.0.0:{running.port}"]
    assert list((folder / "tmp").iterdir()) == []


@pytest.fixture(scope="module")
def visitor(
    space: Server, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A browser with a camera, told to refuse all storage; it finds the Hub and the Space only."""
    folder = tmp_path_factory.mktemp("visitor")
    (folder / "Default").mkdir()
    preferences = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (folder / "Default" / "Preferences").write_text(json.dumps(preferences), "utf-8")
    with hub_proxy(NAME, space.port, folder) as port:
        context = chromium.browser_type.launch_persistent_context(
            folder,
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=[
                *("--no-sandbox", "--disable-background-networking"),
                "--disable-features=LocalNetworkAccessChecks",
                f"--host-resolver-rules=MAP {NAME}:443 127.0.0.1:{port}, MAP * ~NOTFOUND",
                "--ignore-certificate-errors",
                *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
            ],
            locale="en-US",
        )
        frame = FRAME.format(name=NAME)
        context.route(HUB, lambda route: route.fulfill(content_type="text/html", body=frame))
        yield context
        context.close()


@pytest.fixture
def frame(visitor: BrowserContext) -> Iterator[Frame]:
    """The page of the Space, within that of the Hub; nothing in it may fail."""
    page = visitor.new_page()
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} {message.location['url']}")

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(HUB)
    shown = page.frames[1]
    settled(shown)
    assert shown.evaluate(REFUSED) == ["SecurityError", "SecurityError"]
    yield shown
    assert shown.evaluate(COOKIE) == ""
    assert visitor.cookies() == []
    page.close()
    assert errors == []


def settled(frame: Frame) -> None:
    """Wait until the page is whole and its address follows it."""
    expect(frame.locator("#tabs")).to_be_visible(timeout=SLOW)
    frame.wait_for_function("history.state?.vitrine")


def test_every_tab_opens(frame: Frame) -> None:
    for tab in TABS:
        open_tab(frame, tab)
        expect(frame.locator(f"#tab-{tab}")).to_be_visible()
        frame.wait_for_function(f"location.pathname === '/{tab}' || '{tab}' === 'classify'")


def test_an_upload_and_an_example_are_answered_and_saved(frame: Frame) -> None:
    put(frame, "classify")
    expect(frame.locator(BARS)).to_have_count(5, timeout=SLOW)
    open_tab(frame, "detect")
    expect(frame.locator(BOXES)).to_have_count(5, timeout=SLOW)
    for title, ending in (("Picture", ".jpg"), ("JSON", ".json"), ("YOLO", ".zip")):
        name, data = saved(frame, "#detect-downloads", title)
        assert name.endswith(ending)
        assert len(data) > 100
    frame.locator("#detect-examples button").nth(1).click()
    expect(frame.locator("#detect-status .chips")).not_to_contain_text("bus", timeout=SLOW)
    expect(frame.locator(BOXES).first).to_be_visible()


def test_a_camera_is_answered(frame: Frame) -> None:
    open_tab(frame, "detect")
    frame.locator("#tab-detect .modes [data-mode=camera]").click()
    frame.locator("#detect-camera [data-action=toggle]").click()
    expect(frame.locator("#detect-camera .camera-stats")).to_contain_text("a second", timeout=SLOW)
    with frame.page.expect_download() as caught:
        frame.locator("#detect-camera [data-action=snapshot]").click()
    assert Path(caught.value.path()).stat().st_size > 1000
    frame.locator("#detect-camera [data-action=toggle]").click()


def test_a_video_runs_and_plays(frame: Frame) -> None:
    open_tab(frame, "video")
    choose(frame, "video", "yolo11n")
    frame.locator("#video-every input[type=range]").fill("30")
    frame.locator("#video-example").click()
    expect(frame.locator("#video-frame img")).to_be_visible(timeout=SLOW)
    frame.locator("#video-start").click()
    expect(frame.locator("#video-player video")).to_be_visible(timeout=SLOW)
    frame.wait_for_function("document.querySelector('#video-player video').duration > 0")


def test_models_are_compared(frame: Frame) -> None:
    open_tab(frame, "compare")
    put(frame, "compare")
    expect(frame.locator("table.compare-numbers tbody tr")).to_have_count(2, timeout=SLOW)


def test_language_picture_and_settings_outlive_a_reload(frame: Frame) -> None:
    put(frame, "classify", bus())
    expect(frame.locator(BARS)).to_have_count(5, timeout=SLOW)
    frame.locator("#classify-top input[type=range]").fill("3")
    expect(frame.locator(BARS)).to_have_count(3)
    # The page is loaded again, and an answer that is still being sent would be cut off.
    frame.wait_for_timeout(2000)
    frame.locator("#language-switch").select_option("zh-CN")
    expect(frame.locator("#tabs button[role=tab]").first).to_have_text("分类", timeout=SLOW)
    expect(frame.locator(BARS)).to_have_count(3, timeout=SLOW)
    expect(frame.locator("#classify-answer .legend")).to_contain_text("网络")
    open_tab(frame, "detect")
    expect(frame.locator("#detect-status .chips")).to_contain_text("公共汽车", timeout=SLOW)
    assert frame.url == f"https://{NAME}/detect?lang=zh-CN&__theme=light&__sign=pass"


def test_light_and_dark_outlive_a_reload(frame: Frame) -> None:
    body = frame.locator("body")
    expect(body).not_to_have_class(re.compile("dark"))
    frame.locator("#theme-switch").click()
    expect(body).to_have_class(re.compile("dark"))
    frame.evaluate("location.reload()")
    expect(body).to_have_class(re.compile("dark"), timeout=SLOW)
    settled(frame)
    frame.locator("#theme-switch").click()
    expect(body).not_to_have_class(re.compile("dark"))


def test_a_link_without_the_pass_is_copied_or_shown(frame: Frame) -> None:
    frame.evaluate("document.addEventListener('copy', () => { window.copied = true; })")
    for refused in ("", REFUSE_CLIPBOARD):
        frame.evaluate(refused or "null")
        frame.locator("#copy-link").click()
        expect(frame.locator("#copy-link-status")).to_have_text("Link copied")
        # By selecting it, where the clipboard is refused.
        assert frame.evaluate("window.copied === true") == bool(refused)
        frame.evaluate("document.querySelector('#copy-link-status').textContent = ''")
    frame.evaluate(REFUSE_COPYING)
    frame.locator("#copy-link").click()
    link = f"https://{NAME}/classify?model=efficientnet_lite0&top_k=5&lang=en"
    expect(frame.locator("#copy-link-by-hand input")).to_have_value(link)


def test_links_open_outside_of_the_frame(frame: Frame, visitor: BrowserContext) -> None:
    with visitor.expect_page() as caught:
        frame.get_by_role("link", name="Use via API").click()
    documents = caught.value
    expect(documents).to_have_url(f"https://{NAME}/api/docs")
    expect(documents.locator("h1")).to_be_visible()
    documents.close()
    with frame.page.expect_download() as source:
        frame.get_by_role("link", name="Source code").click()
    assert source.value.suggested_filename.endswith(".zip")
    links = frame.locator(PAGE_LINKS)
    assert links.evaluate_all("links => links.map((link) => link.target)") == ["_blank"]
