"""A file's rows on their way: read, told apart and cleaned in a database of their own."""

from marops.domains.capture.preparing.batches import Preparation, Prepared
from marops.domains.capture.preparing.rows import ahead
from marops.domains.capture.preparing.tables import PreparedTable, TablePreparation

__all__ = ["Preparation", "Prepared", "PreparedTable", "TablePreparation", "ahead"]
