from tests.cast import Expect

from marops.kernel.actors import SETUP
from marops.kernel.definitions import plant_starters
from marops.site.targets import STARTERS


def prepare(patch):
    # Inside a transaction that is rolled back the query engine would see nothing, and refuses.
    patch.setattr("marops.site.figures.bring_up_to_date", lambda metrics, as_of, by="": 0)


SEE_JOBS, MANAGE_JOBS = "jobs.view", "jobs.manage"


def _job(world):
    return {"ref": world.things["job"].ref}


def _person(world):
    return {"object_type": "account", "object_id": str(world.cast.hanna.id)}


def _matrix(world):
    return {"object_type": "access", "object_id": "roles"}


def _targets(_world):
    plant_starters(actor=SETUP, starters=STARTERS)
    return {"kind": "targets", "slug": "main", "version": 1}


# Whoever drafts definitions or puts them in force.
DECIDE = frozenset({"vera", "hanna", "tomasz", "priya", "lena", "dylan", "aoife", "samuel", "ada"})
# The job, the file and the share belong to Hanna; those whose scope is "own" do not reach them.
JOB_SEEN_BY = frozenset({"vera", "hanna", "tomasz", "priya", "lena", "dylan", "aoife", "samuel", "marco", "ada"})
FILE_SEEN_BY = frozenset({"hanna", "tomasz", "samuel", "ada"})

EXPECT = {
    "": Expect(),
    "desk/<str:role>": Expect(right="desks.see", args=lambda _world: {"role": "sales_owner"}),
    "healthz": Expect(public=True),
    "search": Expect(query="q=han"),
    "jobs": Expect(right=SEE_JOBS),
    "jobs/<str:ref>": Expect(args=_job, only=JOB_SEEN_BY, otherwise={"mina": 404, "selma": 404, "nils": 403}),
    "jobs/<str:ref>/progress": Expect(args=_job, only=JOB_SEEN_BY, otherwise={"mina": 404, "selma": 404, "nils": 403}),
    "jobs/<str:ref>/stop": Expect(right=MANAGE_JOBS, post_only=True, args=_job),
    "jobs/<str:ref>/resume": Expect(right=MANAGE_JOBS, post_only=True, args=_job),
    "problems": Expect(right="problems.view"),
    "problems/<uuid:problem_id>/resolve": Expect(
        right="problems.resolve", post_only=True, args=lambda world: {"problem_id": world.things["problem"].id}
    ),
    "metrics": Expect(right="metrics.view"),
    "metrics/<str:name>": Expect(right="metrics.view", args=lambda _world: {"name": "sla.hit_rate"}),
    "definitions": Expect(only=DECIDE),
    "definitions/<slug:kind>/<slug:slug>/<int:version>": Expect(only=DECIDE, args=_targets),
    "definitions/<slug:kind>/<slug:slug>/<int:version>/ask": Expect(
        right="definitions.change", post_only=True, args=_targets
    ),
    "engine": Expect(right="problems.view"),
    "notices": Expect(),
    "comments/<str:object_type>/<str:object_id>": Expect(right="accounts.view", args=_matrix, refused=404),
    "comments/<uuid:comment_id>/delete": Expect(
        right="comments.write", post_only=True, args=lambda world: {"comment_id": world.things["comment"].id}
    ),
    "history/<str:object_type>/<str:object_id>": Expect(right="audit.view", args=_person),
    "files/<uuid:file_id>": Expect(
        args=lambda world: {"file_id": world.things["file"].id}, only=FILE_SEEN_BY, refused=404
    ),
    "shares": Expect(right="shares.make"),
    "shares/<uuid:share_id>/revoke": Expect(
        right="shares.make", post_only=True, args=lambda world: {"share_id": world.things["share"].id}
    ),
    "share/<str:object_type>/<str:object_id>": Expect(right="shares.make", args=_matrix),
    "shared/<str:secret>": Expect(public=True, args=lambda world: {"secret": world.things["secret"]}),
    "api/v1/openapi.json": Expect(public=True),
    "api/v1/": Expect(public=True, status=404),
    "api/v1/metrics": Expect(right="metrics.view"),
    "api/v1/metrics/<name>": Expect(right="metrics.view", args=lambda _world: {"name": "sla.hit_rate"}),
    "api/v1/jobs": Expect(right=SEE_JOBS),
    "api/v1/jobs/<ref>": Expect(args=_job, only=JOB_SEEN_BY, otherwise={"mina": 404, "selma": 404, "nils": 403}),
    "api/v1/jobs/<ref>/stop": Expect(right=MANAGE_JOBS, post_only=True, args=_job),
    "api/v1/jobs/<ref>/resume": Expect(right=MANAGE_JOBS, post_only=True, args=_job),
    "api/v1/problems": Expect(right="problems.view"),
    "api/v1/problems/<problem_id>/resolve": Expect(
        right="problems.resolve", post_only=True, args=lambda world: {"problem_id": world.things["problem"].id}
    ),
    "api/v1/notices": Expect(),
    "api/v1/comments/<object_type>/<object_id>": Expect(right="accounts.view", args=_matrix, refused=404),
}
