"""What tests of imports share: counting, and a file of people."""

from django.db import connection

from marops.domains.capture.models import Finding


def counts(result):
    return (result.created, result.updated, result.unchanged, result.rejected)


def codes(level="reject"):
    return {(one.row, one.code, one.field) for one in Finding.objects.filter(level=level)}


PEOPLE = ("contact", "company", "contact_identity", "consent_entry", "consent_state", "custom_field")


def everything(tables=PEOPLE):
    """Every row of every one of these tables, as text."""
    with connection.cursor() as cursor:
        found = {}
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")
            found[table] = cursor.fetchall()
        return found


def people_file(tmp_path, rows=60):
    path = tmp_path / "people.csv"
    lines = [f"K{n},p{n}@x.de,Person {n},Firm {n % 9},{'yes' if n % 5 == 0 else 'no'}" for n in range(rows)]
    path.write_text(
        "Key,Email,Name,Company,Do not email\n" + "\n".join([*lines, "K3,p3@x.de,Person three,,", "bad,row"])
    )
    return path
