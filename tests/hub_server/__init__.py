"""A Hub on loopback: enough of huggingface.co, over real HTTP, to publish and load models without a network.

    with LoopbackHub() as hub:
        hub.add_repo("alice/model", {"config.json": b"{}"})
        HfApi(endpoint=hub.url, token=hub.token("alice")).model_info("alice/model")

It speaks the parts that `huggingface_hub` uses for model repos: creating repos and branches, regular, LFS and xet
uploads, commits, pull requests, private and gated repos; and it fails on request: `hub.fail`, `hub.cut`.
Large files lie on a second port, as they do on a CDN, because the client treats another origin differently.
"""

from hub_server.repos import Commit, File, Repo
from hub_server.server import LoopbackHub, Request

__all__ = ["Commit", "File", "LoopbackHub", "Repo", "Request"]
