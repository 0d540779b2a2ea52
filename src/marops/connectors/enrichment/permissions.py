"""Who may say which providers are asked, and with which key: who puts definitions in force."""

from marops.kernel.definitions import ACTIVATE as MANAGE

__all__ = ["MANAGE"]
