from tests.cast import Expect

MANAGE = "sample.manage"

EXPECT = {
    "sample": Expect(right=MANAGE),
    "sample/remove": Expect(right=MANAGE, post_only=True),
    "api/v1/sample": Expect(right=MANAGE),
}
