"""What people agreed to or refused, what they asked of their data, and what was done: a ledger that only grows, where
it stands now, requests, and proofs.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from marops.kernel.clock import now
from marops.kernel.ids import new_id

REQUEST_NUMBERS, PROOF_NUMBERS = "privacy_request_number", "erasure_proof_number"


class Entry(models.Model):
    """One word about one channel and purpose: what, on which basis, from where, when. Never changed."""

    id = models.UUIDField(primary_key=True, default=new_id)
    contact = models.ForeignKey("contacts.Contact", on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = models.TextField()  # email, phone, sms, post, data; * for every one
    purpose = models.TextField(default="marketing")  # the short name of a purpose; * for every one
    state = models.TextField()  # granted, denied, unsubscribed, expired, unknown
    basis = models.TextField(default="")  # on what ground: "file", "form", "said on the phone"
    lawful_basis = models.TextField(db_default="", default="")  # of a yes: consent, implied_business, contract …
    expires_at = models.DateTimeField(null=True)
    source = models.TextField(default="")  # the column, form or system it came from
    import_number = models.BigIntegerField(null=True)
    row = models.BigIntegerField(null=True)
    wording = models.TextField(default="")  # the version of the purpose whose wording the person saw
    evidence = models.JSONField(db_default={}, default=dict)  # form, address of the page, IP where it is kept
    confirmed_at = models.DateTimeField(null=True)  # when the mailbox itself said yes
    actor_kind = models.TextField()
    actor_id = models.TextField()
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "consent_entry"
        indexes: ClassVar = [models.Index(fields=["contact", "channel", "purpose", "-at"], name="consent_entry_person")]


class State(models.Model):
    """The word in force for a contact, channel and purpose. No row: nobody ever said anything."""

    pk = models.CompositePrimaryKey("contact_id", "channel", "purpose")
    contact = models.ForeignKey("contacts.Contact", on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = models.TextField()
    purpose = models.TextField(default="marketing")
    state = models.TextField()
    entry_id = models.UUIDField()
    at = models.DateTimeField()
    basis = models.TextField(db_default="consent", default="consent")  # what a yes rests on in law
    expires_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    lifts = models.DateTimeField(null=True)  # a yes that takes back wider refusals up to this moment

    class Meta:
        db_table = "consent_state"
        indexes: ClassVar = [
            models.Index(
                "expires_at", name="consent_state_ends", condition=Q(state="granted", expires_at__isnull=False)
            )
        ]


class Ask(models.Model):
    """A yes that waits for its confirmation from the mailbox: nothing is granted before."""

    id = models.UUIDField(primary_key=True, default=new_id)
    contact = models.ForeignKey("contacts.Contact", on_delete=models.CASCADE, related_name="+")
    channel = models.TextField()
    purposes = models.JSONField(default=list)
    wordings = models.JSONField(default=dict)  # purpose → version of its definition that was shown
    source = models.TextField(default="")
    evidence = models.JSONField(default=dict)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "consent_ask"


class Restriction(models.Model):
    """Somebody's data may be kept and not used (GDPR Art. 18): nobody contacts them while this stands."""

    contact = models.OneToOneField("contacts.Contact", on_delete=models.CASCADE, primary_key=True, related_name="+")
    since = models.DateTimeField()
    why = models.TextField(default="")
    request_id = models.UUIDField(null=True)
    actor_id = models.TextField()

    class Meta:
        db_table = "consent_restriction"


class Request(models.Model):
    """What somebody asked of their data, by when it has to be answered, and what was done."""

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        REFUSED = "refused"

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(unique=True)
    kind = models.TextField()
    contact_id = models.UUIDField(null=True)
    subject = models.TextField(default="")  # L-12, which stays when the person is gone
    state = models.TextField(choices=State.choices, default=State.OPEN)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    regime = models.TextField(default="")  # whose deadline it is
    how = models.TextField(default="")  # how it came: by e-mail, letter, phone
    note = models.TextField(default="")
    identity_how = models.TextField(default="")
    identity_by = models.TextField(default="")
    identity_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.TextField(default="")
    answer = models.TextField(default="")  # what was done, or why not
    report = models.JSONField(default=dict)  # ids and counts of what came of it: file, job, proof
    made_by = models.TextField(default="")

    class Meta:
        db_table = "privacy_request"
        indexes: ClassVar = [
            models.Index("due_at", name="privacy_request_due", condition=Q(state="open")),
            models.Index("contact_id", name="privacy_request_contact"),
        ]

    @property
    def ref(self) -> str:
        """The reference people use: P-3."""
        return f"P-{self.number}"


class Proof(models.Model):
    """What a search after an erasure found, place by place; holds no value that was searched for."""

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    job_id = models.UUIDField(null=True)
    people = models.IntegerField()
    found = models.IntegerField()  # places that still held a value
    report = models.JSONField()

    class Meta:
        db_table = "erasure_proof"

    @property
    def ref(self) -> str:
        """The reference people use: EP-3."""
        return f"EP-{self.number}"
