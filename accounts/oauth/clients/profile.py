"""The profile of a client: what pages show of it, kept with its request so that none has to ask."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from accounts.oauth.clients import client_ids


@dataclass(frozen=True, slots=True)
class ClientProfile:
    """A client by its host name; the rest is its own word, for trusted clients only."""

    client_id: str
    is_public: bool  # it proves nothing about itself
    name: str = ""
    uri: str = ""
    logo_uri: str = ""
    tos_uri: str = ""
    policy_uri: str = ""

    @classmethod
    def of(cls, client_id: str, stored: Mapping[str, Any]) -> "ClientProfile":
        """From what `stored` gave."""
        return cls(**{**stored, "client_id": client_id})

    def stored(self) -> dict[str, Any]:
        """JSON for a request's row."""
        return asdict(self)

    @property
    def host_name(self) -> str:
        """The one name that nobody can invent: where the client's document lies."""
        return client_ids.host_name(self.client_id)

    @property
    def is_loopback(self) -> bool:
        """Whether it is somebody's development client, of which any program may say it is one."""
        return client_ids.is_loopback(self.client_id)
