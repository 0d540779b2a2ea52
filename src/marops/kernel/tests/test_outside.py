"""What may be reached where somebody answers for addresses inside; the open internet alone is tested with webhooks."""

import pytest

from marops.kernel.outside import Refused, Way, check_address, post

INSIDE = Way(inside=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:11434/v1",
        "http://localhost:8080/",
        "http://10.0.0.7/v1",
        "https://192.168.1.9/",
        "http://[::1]/",
    ],
)
def test_a_model_of_the_house_may_stand_inside(url):
    check_address(url, INSIDE)
    with pytest.raises(Refused):
        check_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/", "http://[fe80::1]/", "http://0.0.0.0/", "http://224.0.0.1/", "http://[fd00:ec2::254]/",
        "http://2852039166/", "http://[::ffff:169.254.169.254]/", "http://100.100.100.200/", "ftp://10.0.0.1/",
    ],
)  # fmt: skip
def test_where_clouds_keep_their_keys_is_never_inside(url):
    with pytest.raises(Refused):
        check_address(url, INSIDE)
    assert post(url, b"{}", {}, way=INSIDE, seconds=1).status is None
