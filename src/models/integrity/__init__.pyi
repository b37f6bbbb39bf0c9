from .compare import Check, IntegrityReport
from .reproduce import reproduce_run
from .verify import verify_run

__all__ = ["Check", "IntegrityReport", "reproduce_run", "verify_run"]
