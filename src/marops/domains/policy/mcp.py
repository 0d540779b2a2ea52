"""For agents: who they are here, what they may do, and what the policy would say."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from marops.domains.policy import public
from marops.kernel.actors import Actor
from marops.kernel.agents import Answered, Given, Nothing, prompt, tool
from marops.kernel.gates import About


class Me(Answered):
    """How an agent stands."""

    agent: str
    use: str
    may_act: bool
    why_not: str | None
    rights: dict[str, str]
    limits: dict[str, Any]


@tool("about_me", title="Who am I here?", does="describe", answers=Me, repeatable=True)
def about_me(actor: Actor, given: Nothing) -> dict[str, Any]:
    """Start here. Says under which registered use of AI you act and for whom, which actions, content, audiences and
    data that use names, which rights you hold, what is left of the day's limits, whether a kill switch stops you, and
    which policy is in force. Anything your use does not name will be refused.
    """
    return public.standing(actor)


Content = Literal["words", "public_interest", "pictures", "likeness", "sound", "records"]
Audience = Literal["colleagues", "customers", "prospects", "public", "minors"]
Data = Literal["none", "internal", "contact", "behaviour", "confidential", "special"]


class MayI(Given):
    """What an agent wants to do, in the policy's words."""

    action: Annotated[
        Literal[
            "draft", "translate", "summarise", "classify", "score", "segment", "route", "publish", "send", "spend",
            "delete",
        ],
        Field(description="Putting something in force is publish, handing a lead over is route, reading is summarise."),
    ]  # fmt: skip
    content: Annotated[
        Content | None,
        Field(description="With what. Left out: everything your use names."),
    ] = None
    audience: Annotated[
        Audience | None,
        Field(description="Whom it reaches. Left out: everybody your use names."),
    ] = None
    data: Annotated[
        Data | None,
        Field(description="What it reads. Left out: everything your use names."),
    ] = None
    recipients: Annotated[int, Field(ge=0, description="People it reaches outside the company.")] = 0
    records: Annotated[int, Field(ge=0, description="Records it reads or changes.")] = 1


class MayIAnswer(Answered):
    """The gate's word ahead of time."""

    allowed: bool
    reasons: list[str]
    rules: list[str]
    missing: dict[str, Any] | None


@tool("may_i", title="Ask the AI policy", does="describe", answers=MayIAnswer, repeatable=True)
def may_i(actor: Actor, given: MayI) -> dict[str, Any]:
    """Asks the gate whether you may do something, without doing it and without a line in the trail. Answers yes or no
    with its reasons, the rules behind it, and the least that is missing (reviewers, a disclosure). A yes holds for this
    moment; the act itself is asked again.
    """
    return public.foreseen(actor, given.action, **given.model_dump(exclude={"action"}, exclude_none=True))


class Text(Given):
    """A text that people shall read before it is used."""

    title: Annotated[str, Field(min_length=1, max_length=300, description="What it is, for those who read it.")]
    text: Annotated[str, Field(min_length=1, max_length=200_000)]
    audience: Annotated[Audience, Field(description="Who will read it in the end.")]
    data: Annotated[Data, Field(description="The most sensitive thing that you read to write it.")]
    content: Annotated[Content, Field(description="words, or public_interest for news and public affairs.")] = "words"
    subject: Annotated[str, Field(max_length=300, description="What it belongs to, such as campaign:spring.")] = ""
    language: Annotated[str, Field(max_length=35, description="Such as en or de-AT.")] = ""
    media: Literal["text/plain", "text/markdown", "text/html"] = "text/plain"
    prompt: Annotated[str, Field(max_length=300, description="Name and version of your prompt, for the trail.")] = ""
    tokens: Annotated[int, Field(ge=0, description="Tokens it took, for the trail.")] = 0


class Handed(Answered):
    """What became of what was handed in: approved at once, or waiting for people."""

    draft: str
    state: str
    needed: int
    disclosure: str


@tool("propose_text", title="Hand in a text", does="propose", answers=Handed, repeatable=True)
def propose_text(actor: Actor, given: Text) -> dict[str, Any]:
    """Hands in a text you wrote (a mail, a page, a summary) to the people the policy names. It is used by nobody before
    they have approved exactly this text; a change needs them anew. Answers how many have to read it, and the disclosure
    to put beside it. The same text again answers the draft that is there. Look with my_drafts what became of it.
    """
    handed = public.propose(
        actor, kind="text", subject=given.subject or given.title, title=given.title,
        content={"text": given.text, "language": given.language, "media": given.media}, prompt=given.prompt,
        tokens=given.tokens, about=About(content=given.content, audience=given.audience, data=given.data, records=1),
    )  # fmt: skip
    return handed.as_json() | {"disclosure": public.label(actor, given.language)}


class WhichDraft(Given):
    """One draft, or all."""

    id: Annotated[str, Field(description="Of one draft, with its content; left out: the last fifty.")] = ""


class Drafts(Answered):
    """What this use handed in for this person."""

    items: list[dict[str, Any]]


_SHORT = ("id", "at", "kind", "subject", "title", "state", "needed", "approvals", "roles", "outcome")


@tool("my_drafts", title="What became of my drafts", does="describe", answers=Drafts, repeatable=True)
def my_drafts(actor: Actor, given: WhichDraft) -> dict[str, Any]:
    """Lists the texts and acts that you handed in, with their state (waiting, approved, declined, withdrawn, done) and
    what people said; one by its id with its content. Definitions you drafted are looked up with read_definition.
    """
    if given.id:
        return {"items": [_draft_json(public.draft(actor, given.id), whole=True)]}
    return {"items": [_draft_json(one, whole=False) for one in public.own_drafts(actor)]}


def _draft_json(one: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    said = [{"approved": each["approved"], "why": each["why"]} for each in one["decisions"]]
    told = {name: one[name] for name in _SHORT} | {"decisions": said}
    return told | ({"content": one["content"], "sha256": one["sha256"]} if whole else {})


prompt(
    "what_may_i_do",
    title="What may this agent do?",
    says="A short, honest account of what this agent may do here, may do with a review, and may not.",
    words="Call about_me, then may_i for each action your use names. Tell me in at most ten lines what you may do on"
    " your own, what waits for people and for whom, and what is refused, with the reasons as given. Do nothing else.",
)
