"""What can go wrong between us and WeCom. No message repeats a secret or what anybody wrote."""

from __future__ import annotations


class WecomUnusable(Exception):
    """The bot cannot be run. The message is shown to people as it stands."""


class Refused(Exception):
    """WeCom does not take what was sent to it. `code` is its errcode.

    Where it is `outdated`, the message that was to be replied to, or the stream, is not to be written to any more; the same can be pushed.
    `perhaps` it is there already: it was sent before, and nobody knows whether it arrived.
    """

    def __init__(self, code: int, message: str, *, perhaps: bool = False) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.perhaps = perhaps

    @property
    def outdated(self) -> bool:
        return self.code in (846605, 846608)


class Unreachable(Exception):
    """It could not be sent in time, or it was sent and nobody knows whether it arrived: then `perhaps` it did."""

    def __init__(self, why: str, *, perhaps: bool = False) -> None:
        super().__init__(why)
        self.perhaps = perhaps
