"""App keys: who may use which app."""

from __future__ import annotations

from attache.keys.key import IssuedKey, KeyRecord
from attache.keys.key_ring import KeyRing
from attache.keys.key_store import KeyStore
from attache.keys.keys import Keys

__all__ = ["IssuedKey", "KeyRecord", "KeyRing", "KeyStore", "Keys"]
