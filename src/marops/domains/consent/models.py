"""What people agreed to or refused: a ledger that only grows, and where it stands now."""

from typing import ClassVar

from django.db import models

from marops.kernel.clock import now
from marops.kernel.ids import new_id


class Entry(models.Model):
    """One word about one channel and purpose: what, on which basis, from where, when. Never changed."""

    id = models.UUIDField(primary_key=True, default=new_id)
    contact = models.ForeignKey("contacts.Contact", on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = models.TextField()  # email, phone, sms, post
    purpose = models.TextField(default="marketing")
    state = models.TextField()  # granted, denied, unsubscribed, unknown
    basis = models.TextField(default="")  # on what ground: "file", "form", "said on the phone"
    source = models.TextField(default="")  # the column, form or system it came from
    import_number = models.BigIntegerField(null=True)
    row = models.BigIntegerField(null=True)
    wording = models.TextField(default="")  # tag of the wording the person saw
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

    class Meta:
        db_table = "consent_state"
