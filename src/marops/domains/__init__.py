"""One package per domain; a domain imports only lower ones, and only their `public.py`."""
