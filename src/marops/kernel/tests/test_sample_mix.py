import threading

import pytest
from django.db import connection, transaction

from marops.kernel.actors import ENGINE
from marops.kernel.errors import MaropsError
from marops.kernel.models import Workspace
from marops.kernel.workspace import alone_with_sample, forbid_sample_mix, practising, sample_present, set_up_workspace


@pytest.mark.django_db
def test_real_data_may_come_into_a_workspace_without_the_sample():
    forbid_sample_mix()
    set_up_workspace(actor=ENGINE, name="Ours")
    forbid_sample_mix()
    assert not sample_present()


@pytest.mark.django_db
def test_real_data_is_refused_beside_the_sample_with_the_way_out():
    Workspace.objects.create(sample=True)
    with pytest.raises(MaropsError) as refused:
        forbid_sample_mix()
    problem = refused.value.as_json()
    assert (refused.value.code, problem["status"]) == ("sample-present", 409)
    assert "marops sample --remove" in problem["remedy"]


@pytest.mark.django_db
def test_practice_comes_in_beside_the_sample_and_only_there():
    with pytest.raises(MaropsError) as refused, practising(True):
        forbid_sample_mix()
    assert refused.value.code == "sample-absent"
    Workspace.objects.create(sample=True)
    with practising(True):
        forbid_sample_mix()
    with pytest.raises(MaropsError), practising(False):
        forbid_sample_mix()


@pytest.mark.django_db
def test_setting_up_the_workspace_does_not_take_the_mark_away():
    Workspace.objects.create(sample=True)
    set_up_workspace(actor=ENGINE, name="Other")
    assert sample_present()
    with pytest.raises(TypeError):
        set_up_workspace(actor=ENGINE, sample=False)


@pytest.mark.django_db(transaction=True)
def test_the_sample_waits_for_who_is_bringing_real_data_in():
    seen = []

    def bring_sample_in():
        try:
            with transaction.atomic():
                alone_with_sample()
                seen.append("sample")
        finally:
            connection.close()

    with transaction.atomic():
        forbid_sample_mix()
        other = threading.Thread(target=bring_sample_in)
        other.start()
        other.join(timeout=0.3)
        seen.append("real")
    other.join(timeout=10)
    assert seen == ["real", "sample"]
