"""What is done while new choices of a list are on their way to the browser is answered too."""

from playwright.sync_api import Page, expect

from tests.browser.acts import SLOW, put
from tests.browser.conftest import Visit
from tests.browser.test_addresses import SETTLED
from tests.conftest import Server

LOSE = """
(() => {
  // What the server answers for these functions never gets to the page.
  const lost = window.lost = { functions: [], events: [], isComplete: false };
  const before = window.fetch;
  let asking = Promise.resolve();
  const drop = async (chunk, out) => {
    await asking;
    for (const message of new TextDecoder().decode(chunk).split(/(?<=\\n\\n)/)) {
      if (!lost.events.some((one) => message.includes(one)))
        out.enqueue(new TextEncoder().encode(message));
      else if (message.includes("process_completed")) lost.isComplete = true;
    }
  };
  const ask = async (request) => {
    const answer = await before(...request);
    lost.events.push((await answer.clone().json()).event_id);
    return answer;
  };
  window.fetch = async (...request) => {
    const address = String(request[0]?.url ?? request[0]);
    const asked = address.includes("/queue/join") && JSON.parse(request[1].body).fn_index;
    if (lost.functions.includes(asked)) return asking = ask(request);
    const answer = await before(...request);
    if (!address.includes("/queue/data")) return answer;
    const rest = answer.body.pipeThrough(new TransformStream({ transform: drop }));
    return new Response(rest, { status: answer.status, headers: answer.headers });
  };
})();
"""
LOSE_SETTERS = """([list, control]) => {
  const { components, dependencies } = window.gradio_config;
  const idOf = (name) => components.find(({ props }) => props.elem_id === name).id;
  window.lost.functions = dependencies
    .filter((one) => one.backend_fn && one.outputs.includes(idOf(list)))
    .filter((one) => one.targets.some((target) => String(target) === `${idOf(control)},change`))
    .map((one) => one.id);
}"""


def go(page: Page, server: Server, address: str) -> None:
    page.add_init_script(LOSE)
    page.goto(f"{server.url}/{address}")
    page.wait_for_function(SETTLED, timeout=SLOW)


def lose_choices(page: Page, of: str, when_changed: str) -> None:
    page.evaluate(LOSE_SETTERS, [of, when_changed])
    assert page.evaluate("window.lost.functions.length") > 0


def set_on_the_server(page: Page) -> None:
    """The server has new choices, which the browser has not."""
    page.wait_for_function("window.lost.isComplete", timeout=SLOW)


def test_models_chosen_a_moment_before_a_picture_are_compared(visit: Visit, server: Server) -> None:
    page = visit()
    go(page, server, "compare?task=classify&models=cnn-cifar10&models=cnn3-cifar10")
    expect(page.locator("#compare-classify-models .token")).to_have_count(2, timeout=SLOW)
    lose_choices(page, "compare-pair", "compare-classify-models")
    page.locator("#compare-classify-models .token-remove").first.click()
    set_on_the_server(page)
    page.locator("#compare-presets button").filter(visible=True).first.click()
    put(page, "compare")
    expect(page.locator(".compare-card.answered").nth(2)).to_be_visible(timeout=SLOW)
    expect(page.get_by_test_id("toast-text")).to_have_count(0)
