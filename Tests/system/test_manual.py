"""The manual pages say what the code does."""

import re

import pytest

from harness.commands import HDRLOGD, PROJECT, run

PAGES = sorted((PROJECT / "docs/man").glob("*.[1-8]"))


def plain(page: str) -> str:
    """A page without its macros: enough to look for words."""
    text = (PROJECT / "docs/man" / page).read_text()
    return text.replace("\\(dq", '"').replace("\\-", "-").replace(' " = ', " = ")


def test_every_setting_stands_in_hdrlogd_toml_with_its_default():
    page = plain("hdrlogd.toml.5")
    settings = re.findall(r"^#(\w+) = (.*)$", run(HDRLOGD, "--print-config").stdout, re.MULTILINE)
    assert len(settings) > 10
    for key, default in settings:
        assert f'.BI {key} = {default}"\n' in page, f"{key} = {default}"


def test_every_option_stands_in_hdrlogd():
    page = plain("hdrlogd.8")
    for option in re.findall(r"--[a-z-]+", run(HDRLOGD, "--help").stdout):
        assert option in page, option


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_no_formatting_error(page):
    assert run("groff", "-man", "-ww", "-z", "-Tutf8", page).stderr == ""
