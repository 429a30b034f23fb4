"""Bare FastAPI routes: JSON as long as the reference server's, kept in memory, and bodies that are parsed and dropped.

The answer is a ``JSONResponse`` of the route's own, which spares FastAPI the look through it: the fastest form that an
ordinary route with JSON has.
"""

from __future__ import annotations

import json
import os
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

ONE: Any = json.loads(os.environ["BENCH_ONE"])
"""What the reference server answers for one endpoint."""
PAGE = {"items": [ONE] * 20, "totalItems": 1000}

app = FastAPI()


@app.get("/v2/endpoint/{namespace}/{name}")
async def get(namespace: str, name: str) -> JSONResponse:  # noqa: ARG001 - FastAPI parses them
    """Answer with one."""
    return JSONResponse(ONE)


@app.get("/v2/endpoint/{namespace}")
async def every(namespace: str, limit: int = 20) -> JSONResponse:  # noqa: ARG001 - FastAPI parses them
    """Answer with a page."""
    return JSONResponse(PAGE)


@app.post("/v2/endpoint/{namespace}")
async def create(namespace: str, request: Request) -> JSONResponse:  # noqa: ARG001 - FastAPI parses it
    """Parse and answer with one."""
    await request.json()
    return JSONResponse(ONE)


@app.put("/v2/endpoint/{namespace}/{name}")
async def update(namespace: str, name: str, request: Request) -> JSONResponse:  # noqa: ARG001 - FastAPI parses them
    """Parse and answer with one."""
    await request.json()
    return JSONResponse(ONE)


@app.delete("/v2/endpoint/{namespace}/{name}")
async def delete(namespace: str, name: str) -> JSONResponse:  # noqa: ARG001 - FastAPI parses them
    """Answer with nothing."""
    return JSONResponse({})
