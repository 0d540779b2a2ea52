"""What REST keeps for programs that send a write again."""

from typing import ClassVar

from django.db import models


class KeptAnswer(models.Model):
    """The answer of a write that carried an Idempotency-Key, encrypted, for a day; empty while it is being done."""

    pk = models.CompositePrimaryKey("actor_id", "key")
    actor_id = models.TextField()
    key = models.TextField()
    request_sha256 = models.CharField(max_length=64)
    began_at = models.DateTimeField()
    status = models.SmallIntegerField(null=True)
    media_type = models.TextField(default="", blank=True)
    body = models.TextField(default="", blank=True)

    class Meta:
        db_table = "kept_answer"
        indexes: ClassVar = [models.Index(fields=["began_at"], name="kept_answer_old")]
