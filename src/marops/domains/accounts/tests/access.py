from tests.cast import Expect

VIEW, MANAGE, TOKENS = "accounts.view", "accounts.manage", "tokens.make"


def _hanna(world):
    return {"ref": world.cast.hanna.ref}


def _token(world):
    return {"token_id": world.things["token"].id}


EXPECT = {
    "sign-in": Expect(public=True, status=302, nobody=200),  # whoever is in already goes on to the desk
    "sign-out": Expect(post_only=True),
    "forgot": Expect(public=True),
    "welcome/<str:secret>": Expect(public=True, args=lambda world: {"secret": "no-such-link"}, status=410),
    "account": Expect(),
    "account/password": Expect(),
    "account/theme": Expect(post_only=True),
    "account/agents": Expect(right=TOKENS),
    "account/tokens": Expect(right=TOKENS),
    "account/tokens/<uuid:token_id>/revoke": Expect(post_only=True, args=_token, own=True),
    "access": Expect(right=VIEW),
    "access/invite": Expect(right=MANAGE),
    "access/roles": Expect(right=VIEW),
    "access/<str:ref>": Expect(right=VIEW, args=_hanna),
    "access/<str:ref>/link": Expect(right=MANAGE, post_only=True, args=_hanna),
    "access/<str:ref>/active": Expect(right=MANAGE, post_only=True, args=_hanna),
    "api/v1/me": Expect(),
    "api/v1/people": Expect(right=VIEW),
    "api/v1/people/<ref>": Expect(right=VIEW, args=_hanna),
    "api/v1/people/<ref>/roles": Expect(right=MANAGE, post_only=True, method="put", args=_hanna),
    "api/v1/people/<ref>/deactivate": Expect(right=MANAGE, post_only=True, args=_hanna),
    "api/v1/people/<ref>/reactivate": Expect(right=MANAGE, post_only=True, args=_hanna),
    "api/v1/roles": Expect(right=VIEW),
    "api/v1/tokens": Expect(right=TOKENS),
    "api/v1/tokens/<token_id>": Expect(post_only=True, method="delete", args=_token, own=True),
}
