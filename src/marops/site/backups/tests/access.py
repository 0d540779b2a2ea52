from tests.cast import Expect

MAKE = "backup.make"
NONE = {"name": "none.zip"}

EXPECT = {
    "backups": Expect(right=MAKE),
    "backups/make": Expect(right=MAKE, post_only=True),
    "backups/<str:name>/test": Expect(right=MAKE, post_only=True, args=lambda _world: NONE),
    "api/v1/backups": Expect(right=MAKE),
    "api/v1/backups/<name>/test": Expect(right=MAKE, post_only=True, args=lambda _world: NONE),
}
