"""The picture in the README: messages of telegram_payloads.json as Telegram shows them, drawn by Chromium.

python -m tests.services.telegram_picture docs/pictures/telegram.png
"""

from __future__ import annotations

import json
import sys
import tempfile
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

_PAYLOADS = Path(__file__).with_name("telegram_payloads.json")
_SHOWN = ("answer", "clarified", "not covered")
_CHROMIUM = "/usr/bin/chromium"
_STYLE = """
body{margin:0;padding:22px 18px;width:620px;background:#cfdcc4 linear-gradient(160deg,#d7e3c8,#b9cfc0);
 font:15px/1.5 "Noto Sans CJK SC","Noto Sans SC",sans-serif;color:#111}
.said,.sent{position:relative;max-width:88%;margin:0 0 10px;padding:8px 12px;border-radius:12px;box-shadow:0 1px 1px #0002;white-space:pre-wrap}
.said{margin-left:auto;background:#e4fbd2;width:fit-content}.sent{background:#fff}
.who{color:#3b7dbf;font-weight:600;font-size:14px}.to{border-left:3px solid #65a9e0;background:#eef5fb;border-radius:4px;padding:2px 8px;margin:3px 0 6px;
 font-size:13px;color:#555;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
blockquote{margin:0;padding:6px 10px;border-left:3px solid #65a9e0;background:#eef5fb;border-radius:4px;position:relative;
 max-height:4.5em;overflow:hidden;font-size:14px}
blockquote::after{content:"⌄";position:absolute;right:8px;bottom:2px;color:#65a9e0}
a{color:#2678b6;text-decoration:none}i{color:#555}
.keys{max-width:88%;margin:-4px 0 14px;display:grid;gap:5px}.row{display:flex;gap:5px}
.key{flex:1;text-align:center;background:#5a7f6a99;color:#fff;border-radius:8px;padding:6px 8px;font-size:14px;
 overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
"""


def page(payloads: dict[str, Any]) -> str:
    """The messages as a page of a chat. What the bot sent goes in as HTML, which is what Telegram takes it for."""
    body: list[str] = []
    for name in _SHOWN:
        said, sent = payloads[name]["said"], payloads[name]["sent"]
        asked = said.replace("@WenYueTestBot", "@问约")
        body.append(f'<div class="said">{escape(asked)}</div>')
        for message in sent:
            body.append(f'<div class="sent"><div class="who">问约</div><div class="to">{escape(asked)}</div>{message["text"]}</div>')
            rows = message.get("reply_markup", {}).get("inline_keyboard", [])
            keys = "".join(f'<div class="row">{"".join(_key(button) for button in row)}</div>' for row in rows)
            body.append(f'<div class="keys">{keys}</div>' if keys else "")
    return f'<!doctype html><html lang="zh-Hans"><meta charset="utf-8"><style>{_STYLE}</style><body>{"".join(body)}</body></html>'


def _key(button: dict[str, str]) -> str:
    return f'<div class="key">{escape(button["text"])}</div>'


def draw(payloads: dict[str, Any], picture: Path) -> None:
    picture.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "chat.html"
        file.write_text(page(payloads), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": 656, "height": 400}, device_scale_factor=1.5)
        view.goto(file.as_uri())
        shot = view.screenshot(full_page=True)
        browser.close()
    Image.open(BytesIO(shot)).quantize(64).save(picture, optimize=True)  # few colours: small enough for a README


if __name__ == "__main__":
    draw(json.loads(_PAYLOADS.read_text(encoding="utf-8")), Path(sys.argv[1]))
