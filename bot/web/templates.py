"""Pages made of templates, in the visitor's language; and the files they are shown with."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from answering.answer import Language
from bot.links import anchor_of, clause_path, path_of
from bot.web.door import Door, Visitor
from bot.web.language import accepted_language
from bot.wording import say

_FOLDER = Path(__file__).with_name("pages")
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


class Templates:
    """The templates in pages/, read when they are first used. Whatever is put into them is escaped."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._files = {path.name: path.read_bytes() for path in _FOLDER.iterdir() if path.suffix in _TYPES}
        self._environment = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
            auto_reload=False,
        )
        self._environment.globals |= {"path_of": path_of, "clause_path": clause_path, "anchor_of": anchor_of, "asset": self._asset}

    def page(self, request: Request, name: str, visitor: Visitor | None = None, *, status: int = 200, **context: Any) -> HTMLResponse:
        """A whole page. A visitor who has no cookie yet gets one with it."""
        language = language_of_browser(request)
        token = self._door.form_token(visitor) if visitor else ""
        html = self.fragment(name, language, form_token=token, visitor=visitor, may_leave=self._door.has_login, **context)
        response = HTMLResponse(
            html, status, {"Cache-Control": "private, no-cache", "Vary": "Accept-Language, Cookie", "Content-Language": language}
        )
        if visitor and visitor.fresh:
            self._door.let_in(visitor, request, response)
        return response

    def fragment(self, name: str, language: Language, **context: Any) -> str:
        """A template filled in a language: `t` says the words of a key in it."""

        def t(key: str, **holes: object) -> str:
            return say(f"page_{key}", language, **holes)

        return self._environment.get_template(name).render(t=t, language=language, **context)

    def file(self, name: str) -> Response | None:
        """A style sheet, script or picture; its address changes when it does, so that browsers need not ask again."""
        content = self._files.get(name)
        if content is None:
            return None
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Content-Type": _TYPES[Path(name).suffix]}
        return Response(content, headers=headers)

    def _asset(self, name: str) -> str:
        return f"/static/{name}?v={hashlib.sha256(self._files[name]).hexdigest()[:8]}"


def language_of_browser(request: Request) -> Language:
    """The language the visitor's browser asks for."""
    return accepted_language(request.headers.get("accept-language", ""))
