from django.core.files.uploadedfile import SimpleUploadedFile
from tests.cast import Expect

from marops.kernel import files
from marops.kernel.actors import SETUP
from marops.kernel.models import Job

MANAGE = "assistant.manage"
CHANGE = "definitions.change"


def things(cast):
    job = Job.objects.create(
        number=7_100_001, kind="assistant.draft", title="Draft of quality by AI", arguments={}, actor_kind="human",
        actor_id=str(cast.hanna.id), state="done",
        result={"definition": "quality/x@1", "tokens": 5, "cost": "0", "use": "help-draft"},
    )  # fmt: skip
    upload = SimpleUploadedFile("leads.csv", b"Email\nada@x.de\n")
    return {"asked": job, "headings": files.keep(upload.chunks(), name="leads.csv", actor=SETUP)}


def _asked(world):
    return {"ref": world.things["asked"].ref}


def _file(world):
    return {"file_id": world.things["headings"].id}


# Whoever may bring in leads, deals or dispositions; of these, some see their own files only.
BRINGS = frozenset({"hanna", "tomasz", "priya", "lena", "dylan", "samuel", "mina", "selma", "ada"})
NOT_THEIRS = {"priya": 404, "dylan": 404, "mina": 404, "lena": 404, "selma": 404}
HERS = frozenset({"hanna"})

EXPECT = {
    "ai/provider": Expect(right=MANAGE),
    **{f"ai/provider/{act}": Expect(right=MANAGE, post_only=True) for act in ("entries", "trial", "remove")},
    "ai/draft": Expect(right=CHANGE),
    "ai/words": Expect(right=CHANGE),
    "ai/summary": Expect(right="policy.view"),
    "ai/columns/<uuid:file_id>": Expect(only=BRINGS, args=_file, otherwise=NOT_THEIRS),
    "ai/asked/<ref>": Expect(only=HERS, args=_asked, refused=404, otherwise={"nils": 403}),
    "api/v1/ai/provider": Expect(right=MANAGE, status=404),
    **{f"api/v1/ai/asked/{name}": Expect(right=CHANGE, post_only=True) for name in ("draft", "words")},
    "api/v1/ai/asked/summary": Expect(right="policy.view", post_only=True),
    "api/v1/ai/asked/columns": Expect(only=BRINGS, post_only=True),
    "api/v1/ai/asked/<ref>": Expect(only=HERS, args=_asked, refused=404),
}
