"""How fast the reference server is, beside moto's server and bare FastAPI routes: ``make bench``."""
