"""Apps: what operators describe in a folder, compiled and deployed."""

from __future__ import annotations

from attache.apps.app import App, ModelChoice, SecretDeclaration
from attache.apps.apps import DEFAULT_APP, Apps

__all__ = ["DEFAULT_APP", "App", "Apps", "ModelChoice", "SecretDeclaration"]
