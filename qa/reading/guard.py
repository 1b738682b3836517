"""The network as links may use it: only public addresses are connected to, and nothing takes longer than it may.

A name is resolved here, once for each connection, and the connection goes to an address that was checked: a name that
means something else a moment later, or a redirect into a private network, leads nowhere. TLS still verifies the name.
Knows nothing of HTTP.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from qa.errors import FetchError

Resolve = Callable[[str, int], list[str]]

_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # whatever else there is in IPv6 has a special purpose
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # how a network without IPv4 writes an address of IPv4
_MOST_TRIED = 4  # of the addresses that a name has
_OPTIONS = Iterable[httpcore.SOCKET_OPTION]


class Deadline:
    """When a request has to be complete. Waiting that we choose ourselves puts it off."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        """Start now."""
        self._seconds = seconds
        self._clock = clock
        self._at = clock() + seconds

    def left(self) -> float:
        """Return the seconds that are left; raise FetchError where there are none."""
        left = self._at - self._clock()
        if left <= 0:
            raise FetchError(f"isn't complete after {self._seconds:g} seconds; try again later")
        return left

    def put_off(self, seconds: float) -> None:
        """Allow this many seconds more."""
        self._at += seconds


class GuardedNetwork(httpcore.NetworkBackend):
    """Connections to public addresses only, unless `allow_private`; each read and write ends at the deadline."""

    def __init__(self, network: httpcore.NetworkBackend, resolve: Resolve, deadline: Deadline, allow_private: bool) -> None:
        """Connect through `network`, to the addresses that `resolve` finds."""
        self._network = network
        self._resolve = resolve
        self._deadline = deadline
        self._allow_private = allow_private

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: _OPTIONS | None = None
    ) -> httpcore.NetworkStream:
        """Return a connection to the first address of a host that accepts one."""
        addresses = self._checked(host, port)
        failed: Exception | None = None
        for address in addresses[:_MOST_TRIED]:
            left = self._deadline.left()
            try:
                stream = self._network.connect_tcp(address, port, min(timeout or left, left), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
                continue
            return _GuardedStream(stream, self._deadline)
        raise failed or _no_such_host(host)

    def _checked(self, host: str, port: int) -> list[str]:
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as error:  # the latter for names that can't be one, such as a..b
            raise _no_such_host(host) from error
        private = [address for address in addresses if not is_public(address)]
        if private and not self._allow_private:
            raise FetchError(
                f"is on a private network ({private[0]}); expected an address that everybody can reach, save it and read the file"
            )
        return addresses


class _GuardedStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._deadline.left()
        try:
            return self._stream.read(max_bytes, min(timeout or left, left))
        except httpcore.ReadTimeout:
            self._deadline.left()  # where it is that which has passed, it says so
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = self._deadline.left()
        self._stream.write(buffer, min(timeout or left, left))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Return the connection within TLS; Python applies the timeout to the handshake as a whole."""
        left = self._deadline.left()
        try:
            return _GuardedStream(self._stream.start_tls(ssl_context, server_hostname, min(timeout or left, left)), self._deadline)
        except httpcore.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                why = error.__cause__.verify_message or "it isn't valid"
                raise FetchError(f"has a certificate that can't be trusted ({why}); open it in a browser to see what is wrong") from error
            if isinstance(error.__cause__, ssl.SSLError):
                raise FetchError(f"can't be read over TLS ({error.__cause__.reason or 'no reason given'}); check the address") from error
            raise
        except httpcore.ConnectTimeout:
            self._deadline.left()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def is_public(address: str) -> bool:
    """Tell whether everybody on the internet means the same by this address, and whatever is behind one of IPv4 in IPv6."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        inside = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip.ipv4_mapped is None and (ip not in _GLOBAL_UNICAST or not ip.is_global):
            return False
        return all(is_public(str(within)) for within in inside if within is not None)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_link_local or ip.is_unspecified)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host in the order in which the system would try them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _no_such_host(host: str) -> FetchError:
    return FetchError(f"is on a host that isn't known ({host}); check the address and the connection to the internet")
