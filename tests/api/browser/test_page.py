"""The API page in a real browser: paste the token, see the fall, acknowledge it, here and under "Try it out"."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from gateway.core.subject import Subject, SubjectType
from gateway.store.users import Role
from tests.api.home import Home, served
from tests.gateway.desk.words import KITCHEN, fall

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCREENSHOTS = Path("build/screenshots")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The system's browser; None where Playwright's own was installed instead (`make test` sees to one of them)."""
    names = (os.environ.get("HUOMA_CHROMIUM"), "chromium", "google-chrome", "chromium-browser")
    return next((found for name in names if name and (found := shutil.which(name))), None)


@pytest.fixture
def complaints() -> list[str]:
    """What went wrong in the page."""
    return []


@pytest.fixture
async def page(home: Home, complaints: list[str]) -> AsyncIterator[Page]:
    """A tab at the page; at the end nothing may have gone wrong in it, and nothing asked for beyond the gateway."""
    async with served(home) as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS, headless=True)
        tab = await browser.new_page(viewport={"width": 1100, "height": 900}, base_url=url)
        tab.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda asked: None if asked.url.startswith((url, "data:")) else complaints.append(asked.url))
        await tab.goto("/")
        yield tab
        await browser.close()
    assert complaints == []


async def sign_in(page: Page, home: Home, role: Role = Role.NURSE) -> None:
    await page.get_by_label("Token").fill(home.tokens[role])
    await page.get_by_role("button", name="Open", exact=True).click()
    await expect(page.locator("#swagger .opblock").first).to_be_visible()


async def test_nurse_sees_the_fall_as_it_happens_and_acknowledges_it(home: Home, page: Page) -> None:
    aino = await home.services.acts.add_resident("Aino Virtanen", actor="test")
    await home.desk.report(fall(subject=KITCHEN, summary="Fall seen in the kitchen"))
    await sign_in(page, home)
    await expect(page.locator("#link")).to_have_text("live")
    await expect(page.locator("#list li")).to_have_count(1)
    alert = await home.desk.report(fall(subject=Subject(type=SubjectType.RESIDENT, id=aino.id)))
    await expect(page.locator("#list li")).to_have_count(2)
    await expect(page.locator("#list li", has_text="chest strap")).to_contain_text("Aino Virtanen")
    await page.screenshot(path=SCREENSHOTS / "alerts-raised.png")
    await page.locator("#list li", has_text="chest strap").get_by_role("button", name="Acknowledge").click()
    await expect(page.locator("#list li.acknowledged")).to_contain_text("acknowledged by a nurse")
    stored = await home.desk.store.load(alert.id)
    assert stored is not None
    assert stored.acknowledged_by == "a nurse"
    await expect(page.get_by_role("button", name="Resolve", exact=True)).to_be_disabled()  # no verdict by accident
    await page.get_by_label("verdict").select_option("accidental")
    await page.get_by_role("button", name="Resolve", exact=True).click()
    await expect(page.locator("#list li.resolved")).to_contain_text("accidental, by a nurse")
    await page.screenshot(path=SCREENSHOTS / "alerts-resolved.png", full_page=True)


async def test_api_is_tried_out_without_authorizing_again(home: Home, page: Page) -> None:
    alert = await home.desk.report(fall())
    await sign_in(page, home)
    listing = page.locator("#operations-alerts-list_alerts_api_v1_alerts_get")
    await listing.locator(".opblock-summary-control").click()
    await listing.get_by_role("button", name="Execute").click()
    await expect(listing.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
    await expect(listing.locator(".live-responses-table tbody .response-col_description").first).to_contain_text(
        alert.id
    )
    await page.screenshot(path=SCREENSHOTS / "api-list.png", full_page=True)
    taking = page.locator("[id^=operations-alerts-acknowledge]")
    await taking.locator(".opblock-summary-control").click()
    await taking.get_by_placeholder("alert_id").fill(alert.id)
    await taking.get_by_role("button", name="Execute").click()
    await expect(taking.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
    stored = await home.desk.store.load(alert.id)
    assert stored is not None
    assert stored.acknowledged_by == "a nurse"


async def test_technician_sees_no_alerts(home: Home, page: Page) -> None:
    await home.desk.report(fall())
    await sign_in(page, home, Role.TECHNICIAN)
    await expect(page.locator("#alerts")).to_be_hidden()
    assert await page.locator("#list li").count() == 0
    await expect(page.get_by_text("/api/v1/devices", exact=False).first).to_be_visible()
    assert await page.locator("[id^=operations-alerts]").count() == 0


async def test_wrong_token_is_said_and_shows_nothing(home: Home, page: Page, complaints: list[str]) -> None:
    await page.get_by_label("Token").fill("nonsense")
    await page.get_by_role("button", name="Open", exact=True).click()
    await expect(page.locator("#said")).to_have_text("This token is not known or was revoked.")
    await expect(page.locator("#api")).to_be_hidden()
    assert len(complaints) == 1  # the browser's own word about the 401
    complaints.clear()


async def test_alerts_come_back_after_the_connection_was_lost(home: Home, page: Page, complaints: list[str]) -> None:
    await sign_in(page, home)
    await expect(page.locator("#link")).to_have_text("live")
    await page.context.set_offline(True)
    home.services.closing.set()  # the stream ends
    await expect(page.locator("#link")).to_have_text("reconnecting")
    home.services.closing.clear()
    await home.desk.report(fall())  # while nobody listens
    await page.context.set_offline(False)
    await expect(page.locator("#list li")).to_have_count(1)
    await expect(page.locator("#link")).to_have_text("live")
    await expect(page.locator("#said")).to_be_hidden()
    complaints.clear()  # failed fetches while offline
