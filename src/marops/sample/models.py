"""That the sample company is in the workspace, what it brought along, and what was there before."""

from typing import ClassVar

from django.db import models


class SampleCompany(models.Model):
    """The one sample company. `made` lists what it brought beside leads; `before`, which definitions it put aside."""

    class State(models.TextChoices):
        LOADING = "loading"
        PRESENT = "present"
        REMOVING = "removing"

    id = models.BooleanField(primary_key=True, default=True, editable=False)
    size = models.TextField()
    leads = models.IntegerField()
    seed = models.BigIntegerField()
    day = models.DateField()  # its history ends where this day begins
    zone = models.TextField()
    state = models.TextField(choices=State.choices, default=State.LOADING)
    job_id = models.UUIDField()
    batches = models.IntegerField(default=0)  # so many have been loaded
    made = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    began_at = models.DateTimeField()

    class Meta:
        db_table = "sample_company"
        constraints: ClassVar = [models.CheckConstraint(name="sample_company_one", condition=models.Q(id=True))]
