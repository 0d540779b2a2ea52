"""People who sign in, what they may do, and the keys that programs use."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from marops.kernel.clock import now
from marops.kernel.ids import new_id


class AccountManager(BaseUserManager["Account"]):
    """Finds people by their address, whatever its capitals."""

    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(email__iexact=username or "")


class Account(AbstractBaseUser):
    """A person with an account. Signs in by e-mail address."""

    class Theme(models.TextChoices):
        SYSTEM = ""
        LIGHT = "light"
        DARK = "dark"

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(unique=True)
    email = models.EmailField(max_length=254)
    name = models.TextField()
    active = models.BooleanField(default=True)
    zone = models.TextField(default="", blank=True)  # empty: the workspace's
    language = models.CharField(max_length=10, default="en-gb")
    theme = models.CharField(max_length=5, choices=Theme.choices, default=Theme.SYSTEM, blank=True)
    desk = models.TextField(default="", blank=True)  # the role whose desk is the front page
    manager = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="reports")
    unit = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(default=now)
    # Raised by a password reset: every session made before it ends.
    session_epoch = models.IntegerField(default=0)

    objects: ClassVar[AccountManager] = AccountManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        db_table = "account"
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="account_email"),
            models.CheckConstraint(name="account_not_own_manager", condition=~Q(manager=F("id"))),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        """The reference people use: U-3."""
        return f"U-{self.number}"

    @property
    def is_active(self) -> bool:  # type: ignore[override]  # Django reads it as an attribute
        """May this person come in?"""
        """Whether this account may sign in."""
        return self.active

    def get_session_auth_hash(self) -> str:
        """Also changes with `session_epoch`, so that all sessions can be ended at once."""
        return f"{super().get_session_auth_hash()}.{self.session_epoch}"


class AccountRole(models.Model):
    """That an account holds an access role; what the role may do is a definition of kind `access`."""

    id = models.UUIDField(primary_key=True, default=new_id)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="roles")
    role = models.TextField()

    class Meta:
        db_table = "account_role"
        constraints: ClassVar = [models.UniqueConstraint("account", "role", name="account_role_once")]


class OneTimeLink(models.Model):
    """A link that lets somebody in once: invitation, password reset or first sign-in. Only its hash is kept."""

    class Purpose(models.TextChoices):
        INVITATION = "invitation"
        RESET = "reset"
        FIRST = "first"

    id = models.UUIDField(primary_key=True, default=new_id)
    token_sha256 = models.CharField(max_length=64, unique=True)
    purpose = models.TextField(choices=Purpose.choices)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="links")
    created_by = models.TextField()
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "one_time_link"


class Token(models.Model):
    """A key for programs: hashed, scoped to some of its person's rights, and it expires.

    With `ai_use` it is an AI agent's: it acts under that use of the register, on behalf of its person, and holds what
    both of them may at the moment it is used; `rights` is empty then.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="tokens")
    name = models.TextField()
    prefix = models.CharField(max_length=12)
    token_sha256 = models.CharField(max_length=64, unique=True)
    rights = models.JSONField(default=list)
    ai_use = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_token"


class SignInAttempt(models.Model):
    """A failed sign-in, kept for a day to slow guessing down; holds keyed hashes, never the address itself."""

    id = models.UUIDField(primary_key=True, default=new_id)
    who_sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "sign_in_attempt"
        indexes: ClassVar = [models.Index("who_sha256", "at", name="sign_in_attempt_who")]
