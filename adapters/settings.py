"""Where things are: one home folder by default, servers where they are named."""
from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from the environment, with the prefix `CASEBRIDGE_`.

    `home` holds everything of the embedded default: the log, the views, the keys. `log` and `views` name
    databases elsewhere (`postgresql://...`). `kafka` names the brokers; without it nothing is relayed.
    """

    model_config = SettingsConfigDict(env_prefix="CASEBRIDGE_", extra="ignore")

    home: Path = Path(".casebridge")
    log: str | None = None
    views: str | None = None
    keys: Path | None = None
    kek: Path | None = None
    kafka: str | None = None
    allow_loopback_webhooks: bool = False

    @property
    def log_url(self) -> str:
        return self.log or f"sqlite:///{self.home / 'log.sqlite'}"

    @property
    def views_url(self) -> str:
        return self.views or f"sqlite:///{self.home / 'views.sqlite'}"

    @property
    def keys_path(self) -> Path:
        return self.keys or self.home / "keys.sqlite"

    @property
    def kek_path(self) -> Path:
        return self.kek or self.home / "kek"
