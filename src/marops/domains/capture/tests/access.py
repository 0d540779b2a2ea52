from django.core.files.uploadedfile import SimpleUploadedFile
from tests.cast import Expect

from marops.domains.capture.models import Import
from marops.kernel import files
from marops.kernel.actors import SETUP

IMPORT, SEND = "leads.import", "intake.send"
CALLS = ("track", "identify", "page", "screen", "group", "alias", "batch")


def things(cast):
    run = Import.objects.create(
        number=7_000_001, file_name="leads.csv", sha256="0" * 64, size=1, actor_kind="system", actor_id="setup"
    )
    upload = SimpleUploadedFile("leads.csv", b"Email\nada@x.de\n")
    return {"import": run, "upload": files.keep(upload.chunks(), name="leads.csv", actor=SETUP)}


# Those who may see their own files only do not find somebody else's.
NOT_THEIRS = {"priya": 404, "dylan": 404, "mina": 404, "lena": 404, "selma": 404}


def _run(world):
    return {"ref": world.things["import"].ref}


def _file(world):
    return {"file_id": world.things["upload"].id}


# Whoever may bring in leads, deals or dispositions.
BRINGS = frozenset({"hanna", "tomasz", "priya", "lena", "dylan", "samuel", "mina", "selma", "ada"})

EXPECT = {
    "imports": Expect(only=BRINGS),
    "imports/new": Expect(only=BRINGS),
    "imports/new/<uuid:file_id>": Expect(only=BRINGS, args=_file, otherwise=NOT_THEIRS),
    "imports/<ref>": Expect(right=IMPORT, args=_run),
    "imports/<ref>/progress": Expect(right=IMPORT, args=_run),
    "intake": Expect(right=SEND),
    "intake/keys/<uuid:token_id>/revoke": Expect(
        right=SEND, post_only=True, args=lambda world: {"token_id": world.things["token"].id}
    ),
    **{f"api/v1/intake/{call}": Expect(right=SEND, post_only=True) for call in CALLS},
    "api/v1/intake/events": Expect(right=SEND),
    "api/v1/intake/keys": Expect(right=SEND),
    "api/v1/imports": Expect(only=BRINGS),
    "api/v1/imports/plan": Expect(only=BRINGS, post_only=True),
    "api/v1/imports/<ref>": Expect(right=IMPORT, args=_run),
}
