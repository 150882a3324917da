"""Forms that the page's visitors send."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request

from bot.web.door import Door, Visitor
from bot.web.refusals import Refused

_FIELDS = 20


class StaleForm(Refused):
    """A form that this server did not make for this visitor, or made too long ago. `fields` is what was written into it."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(403)
        self.fields = fields


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of a form, each once. Raises Refused for what is no form."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise Refused(415)
    try:
        fields = parse_qs((await request.body()).decode(), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict")
    except ValueError as error:
        raise Refused(400) from error
    return {name: values[0] for name, values in fields.items()}


async def own_fields_of(request: Request, door: Door, visitor: Visitor) -> dict[str, str]:
    """The fields of a form that was made for this visitor. Raises StaleForm and Refused."""
    fields = await fields_of(request)
    if not door.is_own_form(visitor, fields.pop("form_token", "")):
        raise StaleForm(fields)
    return fields
