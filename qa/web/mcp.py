"""The functions for programs as tools over MCP (streamable HTTP), at /mcp of the same server.

Every request stands by itself: no session is kept, and nothing is sent unasked.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from qa.errors import SettingsError
from qa.web.api import Api, one_line

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from qa.web.opening import Opening

PATH = "/mcp"
_AT_ONCE = 2
_MOST_WAITING = 64


def required() -> None:
    """Raise SettingsError where what MCP takes isn't installed."""
    if find_spec("mcp") is None:
        raise SettingsError("--mcp takes the package mcp, which is not installed; pip install 'whosaid[mcp]' brings it")


def app_kwargs(opening: Opening) -> dict[str, Any]:
    """Return what the web application has to be made with: the route, and what runs while it runs."""
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    manager = StreamableHTTPSessionManager(_server(opening), json_response=True, stateless=True)

    class Endpoint:
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if scope["method"] == "POST":
                await manager.handle_request(scope, receive, send)
            else:
                await PlainTextResponse("this is for MCP clients: posts only", 405, {"allow": "POST"})(scope, receive, send)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with manager.run():
            yield

    return {"routes": [Route(PATH, Endpoint())], "lifespan": lifespan}


def _server(opening: Opening) -> Any:
    from anyio import CapacityLimiter, to_thread
    from mcp.server.lowlevel import Server
    from mcp.types import CallToolResult, TextContent, Tool, ToolAnnotations

    functions = {function.__name__: function for function in Api(opening).functions()}
    tools = [
        Tool(name=name, description=_description(function), inputSchema=_schema(function), annotations=ToolAnnotations(readOnlyHint=True))
        for name, function in functions.items()
    ]
    server: Any = Server("whosaid", instructions="Which group said what: word-for-word quotes from articles. Cite speaker and article.")
    limiter: list[CapacityLimiter] = []

    def problem(line: str) -> CallToolResult:
        return CallToolResult(content=[TextContent(type="text", text=line)], isError=True)

    @server.list_tools()  # type: ignore[untyped-decorator]
    async def list_tools() -> list[Tool]:
        return tools

    @server.call_tool(validate_input=False)  # type: ignore[untyped-decorator]  # the functions do, in clearer words
    async def call_tool(name: str, arguments: dict[str, Any]) -> CallToolResult:
        if not limiter:
            limiter.append(CapacityLimiter(_AT_ONCE))
        if limiter[0].statistics().tasks_waiting >= _MOST_WAITING:
            return problem("too many questions are waiting; try again in a moment")
        try:
            call = _bound(functions, name, arguments)
            result = await to_thread.run_sync(one_line(call, RuntimeError), limiter=limiter[0])
        except RuntimeError as error:
            return problem(str(error))
        structured = result if isinstance(result, dict) else {"result": result}
        return CallToolResult(content=[TextContent(type="text", text=json.dumps(result, ensure_ascii=False))], structuredContent=structured)

    return server


def _bound(functions: dict[str, Callable[..., Any]], name: str, arguments: dict[str, Any]) -> Callable[[], Any]:
    function = functions.get(name)
    if function is None:
        raise RuntimeError(f"no tool {name[:40]!r}; there are {', '.join(functions)}")
    try:
        bound = inspect.signature(function).bind(**arguments)
    except TypeError as error:
        raise RuntimeError(f"{name}: {error}; expected {', '.join(inspect.signature(function).parameters) or 'nothing'}") from None

    def call() -> Any:
        return function(*bound.args, **bound.kwargs)

    return call


def _description(function: Callable[..., Any]) -> str:
    return (inspect.getdoc(function) or "").partition("\n\nArgs:")[0]


def _schema(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the JSON schema of what a function takes, described as its docstring does."""
    from pydantic import TypeAdapter

    schema: dict[str, Any] = TypeAdapter(function).json_schema()
    told = (inspect.getdoc(function) or "").partition("Args:\n")[2]
    for line in told.splitlines():
        name, _, words = line.strip().partition(": ")
        schema["properties"][name]["description"] = words
    return schema
