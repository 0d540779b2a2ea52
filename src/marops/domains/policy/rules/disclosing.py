"""What readers are told when AI took part: the words by occasion and language."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from marops.domains.policy.rules.document import Short
from marops.domains.policy.rules.uses import AiUse

Occasion = Literal["read", "unread", "picture", "voice", "talk"]
OCCASIONS: Mapping[Occasion, object] = {
    "read": _("A text that one of us has read"),
    "unread": _("A text that nobody has read"),
    "picture": _("A picture"),
    "voice": _("A voice"),
    "talk": _("A talk with an AI"),
}
LANGUAGES: Mapping[str, str] = {
    "en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "it": "Italiano", "nl": "Nederlands",
}  # fmt: skip
"""The languages that Marops brings words for; a workspace may add others."""
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]


class Disclosure(BaseModel):
    """The words of a workspace. What it leaves out is said in the words of Marops."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Short
    words: Annotated[Mapping[Occasion, Mapping[Language, Annotated[str, Field(max_length=500)]]], Field(min_length=1)]

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        for occasion, by_language in self.words.items():
            for language, text in by_language.items():
                if not text.strip():
                    raise ValueError(f"the words for {occasion} in {language} are empty")
        return self

    def text(self, occasion: Occasion, language: str) -> str:
        """The words for an occasion in a language; nothing where it has none."""
        return self.words.get(occasion, {}).get(language[:2].lower(), "")


def occasion_of(use: AiUse) -> Occasion:
    """For which occasion a use needs words: by what it makes, and whether somebody reads it first."""
    made = set(use.content)
    if made and made <= {"pictures", "likeness"}:
        return "picture"
    if made == {"sound"}:
        return "voice"
    return "read" if use.review.needed and use.review.when == "before" else "unread"
