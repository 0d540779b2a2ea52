from tests.cast import Expect

_GONE = {"public": True, "status": 404}

EXPECT = {
    "preferences/<str:token>": Expect(args=lambda w: {"token": "no-such-link"}, **_GONE),
    "unsubscribe/<str:token>": Expect(args=lambda w: {"token": "no-such-link"}, **_GONE),
    "confirm/<str:token>": Expect(args=lambda w: {"token": "no-such-link"}, **_GONE),
}
