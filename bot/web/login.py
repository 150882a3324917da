"""Coming in with the token and going out again; style sheet and script, which need no coming in."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.web.clients import client_of
from bot.web.door import NotAdmitted, Visitor, newcomer
from bot.web.forms import fields_of, own_fields_of
from bot.web.house import House
from bot.web.refusals import Refused, hold


def login_of(house: House) -> APIRouter:
    """The routes of the login and of static files."""
    pages = APIRouter(include_in_schema=False)
    door = house.door

    @pages.get("/login")
    async def form(request: Request, next: str = "/") -> Response:
        if not door.has_login:
            return RedirectResponse("/", 303)
        return house.templates.page(request, "login.html", next=local(next), wrong=False)

    @pages.post("/login")
    async def login(request: Request) -> Response:
        hold(house.logins, client_of(request.scope))
        fields = await fields_of(request)
        where = local(fields.get("next", "/"))
        given = fields.get("token", "").strip()
        is_admin = door.knows_admin(given)
        if not is_admin and not door.knows(given):
            return house.templates.page(request, "login.html", status=401, next=where, wrong=True)
        response = RedirectResponse(where, 303)
        visitor = known(request) if is_admin else newcomer()
        door.let_in(visitor, request, response)
        if is_admin:
            door.let_in_admin(visitor, request, response)
        return response

    def known(request: Request) -> Visitor:
        """Who comes, if they may come in as they are: they stay who they were."""
        try:
            return door.visitor(request)
        except NotAdmitted:
            return newcomer()

    @pages.post("/logout")
    async def logout(request: Request) -> Response:
        try:
            await own_fields_of(request, door, door.visitor(request))
        except NotAdmitted:
            return RedirectResponse("/", 303)
        response = RedirectResponse("/login", 303)
        door.let_out(request, response)
        return response

    @pages.get("/static/{name}")
    async def static(name: str) -> Response:
        file = house.templates.file(name)
        if file is None:
            raise Refused(404)
        return file

    return pages


def local(where: str) -> str:
    """An address on this page; the page itself for any other: `//evil.example`, `/\\evil.example`, `https:…`."""
    safe = where.startswith("/") and not where.startswith(("//", "/\\")) and where.isprintable()
    return where if safe else "/"
