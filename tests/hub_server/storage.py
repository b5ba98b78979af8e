"""The port where large files lie: PUT and GET by sha256, without anybody's token."""

import hashlib

from hub_server.server import LoopbackHub, RefusedError, Reply, Request


def answer(hub: LoopbackHub, request: Request) -> Reply:
    """Store or return an object."""
    hub.storage_saw_token |= request.user is not None
    sha256 = request.path.removeprefix("/objects/")
    if request.method == "PUT":
        if hashlib.sha256(request.body).hexdigest() != sha256:
            raise RefusedError(400, message="the content is not what was announced")
        hub.objects[sha256] = request.body
        return Reply(200, headers={"ETag": f'"{sha256}"'})
    if sha256 not in hub.objects:
        raise RefusedError(404)
    return Reply(200, hub.objects[sha256], {"ETag": f'"{sha256}"', "Content-Type": "application/octet-stream"})
