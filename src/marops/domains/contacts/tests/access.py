from tests.cast import Expect

from marops.domains.contacts.models import Company

VIEW = "leads.view"


def things(cast):
    return {"company": Company.objects.create(number=7_000_001, name="Solheim Ltd", name_key="solheim")}


def _company(world):
    return {"ref": world.things["company"].ref}


EXPECT = {
    "companies": Expect(right=VIEW),
    "companies/<ref>": Expect(right=VIEW, args=_company),
    "api/v1/companies": Expect(right=VIEW),
    "api/v1/companies/<ref>": Expect(right=VIEW, args=_company),
}
