"""The pages of a Hub that `huggingface_hub` asks for model repos."""

import base64
import json
import re
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote

import yaml

from hub_server.repos import Commit, File, Repo, is_large
from hub_server.server import LoopbackHub, RefusedError, Reply, Request
from hub_server.xet import files_by_sha256


class Call(NamedTuple):
    """One request with the repo it is about."""

    hub: LoopbackHub
    request: Request
    repo: Repo
    parts: dict[str, str]

    def commit(self) -> Commit:
        """Return the commit that the address names."""
        found = self.repo.find(self.parts.get("revision") or "main")
        if found is None:
            raise RefusedError(404, "RevisionNotFound", "Invalid rev id")
        return found

    def json(self) -> Any:
        """Return the JSON that was sent."""
        return json.loads(self.request.body or b"{}")


def answer(hub: LoopbackHub, request: Request) -> Reply:
    """Answer any request, or refuse it as the Hub does."""
    if request.user == "?":
        raise RefusedError(401, message="Invalid credentials in Authorization header")
    for method, pattern, page in ACCOUNT_PAGES:
        if request.method == method and request.path == pattern:
            return page(hub, request)
    for method, pattern, repo_page in REPO_PAGES:
        match = re.fullmatch(pattern, request.path)
        if match is not None and request.method in method.split():
            parts = {name: part for name, part in match.groupdict().items() if part is not None}
            return repo_page(Call(hub, request, _visible_repo(hub, request, parts["repo"]), parts))
    raise RefusedError(404, message=f"no page {request.method} {request.path}")


def _visible_repo(hub: LoopbackHub, request: Request, name: str) -> Repo:
    repo = hub.repos.get(name)
    if repo is None or (repo.private and request.user != repo.owner):
        raise RefusedError(401 if request.user is None else 404, "RepoNotFound", "Repository not found")
    if request.method in ("POST", "DELETE") and request.user != repo.owner:
        raise RefusedError(401 if request.user is None else 403, message="You may not write here")
    return repo


def _json(values: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(values).encode(), {"Content-Type": "application/json"})


def who_am_i(_: LoopbackHub, request: Request) -> Reply:
    if request.user is None:
        raise RefusedError(401)
    return _json({"type": "user", "name": request.user, "orgs": []})


def create_repo(hub: LoopbackHub, request: Request) -> Reply:
    values = json.loads(request.body)
    if request.user is None:
        raise RefusedError(401, message="Invalid username or password.")
    owner = values.get("organization") or request.user
    name = f"{owner}/{values['name']}"
    if owner != request.user:
        raise RefusedError(403, message=f"You don't have the rights to create a model under the namespace {owner!r}")
    if name in hub.repos:
        return _json({"error": "You already created this model repo", "url": f"{hub.url}/{name}"}, 409)
    hub.add_repo(name, private=values.get("visibility") == "private" or bool(values.get("private")))
    return _json({"url": f"{hub.url}/{name}", "name": name, "id": name})


def validate_yaml(_: LoopbackHub, request: Request) -> Reply:
    content = json.loads(request.body)["content"]
    front = re.match(r"---\r?\n(.*?)\r?\n---\s", content, re.DOTALL)
    if front is None:
        return _json({"errors": [], "warnings": [{"message": "empty or missing yaml metadata in repo card"}]})
    try:
        fields = yaml.safe_load(front[1])
    except yaml.YAMLError as error:
        return _json({"errors": [{"message": str(error)}], "warnings": []}, 400)
    errors = [] if isinstance(fields, dict) else [{"message": "front matter must be a mapping"}]
    return _json({"errors": errors, "warnings": []}, 400 if errors else 200)


def repo_info(call: Call) -> Reply:
    commit, repo = call.commit(), call.repo
    siblings = [{"rfilename": path} for path in sorted(commit.files)]
    values = {"id": repo.name, "sha": commit.id, "private": repo.private, "gated": repo.gated and "manual"}
    return _json({**values, "siblings": siblings, "tags": [], "downloads": 0, "likes": 0})


def tree(call: Call) -> Reply:
    return _json([_listing(path, file) for path, file in sorted(call.commit().files.items())])


def _listing(path: str, file: File) -> dict[str, Any]:
    values: dict[str, Any] = {"type": "file", "path": path, "oid": file.blob_id, "size": file.size}
    if file.large:
        values["lfs"] = {"oid": file.sha256, "size": file.size, "pointerSize": 128}
    return values


def refs(call: Call) -> Reply:
    branches = [{"name": n, "ref": f"refs/heads/{n}", "targetCommit": c} for n, c in call.repo.refs.items()]
    return _json({"branches": branches, "tags": [], "converts": []})


def create_branch(call: Call) -> Reply:
    name = call.parts["revision"]
    if name in call.repo.refs:
        return _json({"error": "Reference already exists"}, 409)
    start = call.repo.find(call.json().get("startingPoint", "main"))
    assert start is not None
    call.repo.refs[name] = start.id
    return _json({})


def preupload(call: Call) -> Reply:
    known = call.commit().files
    files = [
        {
            "path": file["path"],
            "uploadMode": "lfs" if is_large(file["path"], base64.b64decode(file["sample"])) else "regular",
            "shouldIgnore": False,
            "oid": known[file["path"]].etag if file["path"] in known else None,
        }
        for file in call.json()["files"]
    ]
    return _json({"files": files})


def lfs_batch(call: Call) -> Reply:
    objects = []
    for wanted in call.json()["objects"]:
        entry = {"oid": wanted["oid"], "size": wanted["size"]}
        if wanted["oid"] not in call.hub.objects:
            verify = {"href": f"{call.hub.url}/{call.repo.name}.git/info/lfs/verify"}
            entry["actions"] = {"upload": {"href": f"{call.hub.storage_url}/objects/{wanted['oid']}"}, "verify": verify}
        objects.append(entry)
    return _json({"transfer": "basic", "objects": objects})


def lfs_verify(call: Call) -> Reply:
    wanted = call.json()
    stored = call.hub.objects.get(wanted["oid"])
    return _json({}, 200 if stored is not None and len(stored) == wanted["size"] else 404)


def xet_token(call: Call) -> Reply:
    if call.hub.xet_store is None:
        raise RefusedError(404)
    expires = int(time.time()) + 3600
    values = {"casUrl": f"local://{call.hub.xet_store}", "accessToken": "xet", "exp": expires}
    names = {"casUrl": "X-Xet-Cas-Url", "accessToken": "X-Xet-Access-Token", "exp": "X-Xet-Token-Expiration"}
    reply = _json(values)
    return Reply(200, reply.body, {**reply.headers, **{names[key]: str(value) for key, value in values.items()}})


def commit(call: Call) -> Reply:
    lines = [json.loads(line) for line in call.request.body.splitlines() if line.strip()]
    header, base = lines[0]["value"], call.commit()
    if header.get("parentCommit") not in (None, base.id):
        raise RefusedError(412, message="A commit has happened since. Please refresh and try again.")
    files = dict(base.files)
    for line in lines[1:]:
        _apply(call.hub, files, line["key"], line["value"])
    url, repo = call.hub.url, call.repo
    if "create_pr" not in call.request.query:
        new = repo.commit(header["summary"], files, call.parts["revision"])
        return _json({"success": True, "commitOid": new, "commitUrl": f"{url}/{repo.name}/commit/{new}"})
    number = 1 + sum(name.startswith("refs/pr/") for name in repo.refs)
    repo.refs[f"refs/pr/{number}"] = base.id
    new = repo.commit(header["summary"], files, f"refs/pr/{number}")
    page = f"{url}/{repo.name}/discussions/{number}"
    values = {"success": True, "commitOid": new, "commitUrl": f"{url}/{repo.name}/commit/{new}"}
    return _json({**values, "pullRequestUrl": page})


def _apply(hub: LoopbackHub, files: dict[str, File], key: str, value: dict[str, Any]) -> None:
    path = value["path"]
    if key == "file":
        files[path] = File.of(path, base64.b64decode(value["content"]))
    elif key == "lfsFile":
        files[path] = _uploaded(hub, value["oid"], value["size"])
    elif key == "deletedFile":
        files.pop(path)
    else:
        raise RefusedError(400, message=f"unknown operation {key}")


def _uploaded(hub: LoopbackHub, sha256: str, size: int) -> File:
    if sha256 in hub.objects:
        return File(size, sha256, hub.objects[sha256], large=True)
    found = files_by_sha256(hub.xet_store).get(sha256) if hub.xet_store else None
    if found is None or found.size != size:
        raise RefusedError(400, message=f"the object {sha256} was never uploaded")
    return File(size, sha256, None, large=True, xet_hash=found.xet_hash)


def resolve(call: Call) -> Reply:
    repo, user = call.repo, call.request.user
    if repo.gated and user != repo.owner and user not in repo.allowed:
        raise RefusedError(401 if user is None else 403, "GatedRepo", f"Access to model {repo.name} is restricted")
    commit = call.commit()
    file = commit.files.get(call.parts["path"])
    headers = {"X-Repo-Commit": commit.id}
    if file is None:
        missing = RefusedError(404, "EntryNotFound", "Entry not found").reply
        return Reply(404, missing.body, {**missing.headers, **headers})
    if not file.large:
        assert file.content is not None
        return Reply(200, file.content, {**headers, "ETag": f'"{file.etag}"'})
    headers |= {"X-Linked-Etag": f'"{file.sha256}"', "X-Linked-Size": str(file.size)}
    headers["Location"] = f"{call.hub.storage_url}/objects/{quote(file.sha256)}"
    if file.content is not None:
        call.hub.objects[file.sha256] = file.content
    if file.xet_hash is not None:
        headers["X-Xet-Hash"] = file.xet_hash
        headers["Link"] = f'<{call.hub.url}/api/models/{repo.name}/xet-read-token/{commit.id}>; rel="xet-auth"'
    return Reply(302, b"", headers)


ACCOUNT_PAGES: list[tuple[str, str, Callable[[LoopbackHub, Request], Reply]]] = [
    ("GET", "/api/whoami-v2", who_am_i),
    ("POST", "/api/repos/create", create_repo),
    ("POST", "/api/validate-yaml", validate_yaml),
]

_REPO = r"(?P<repo>[^/]+/[^/]+)"
_REVISION = r"(?P<revision>refs/pr/\d+|[^/]+)"

REPO_PAGES: list[tuple[str, str, Callable[[Call], Reply]]] = [
    ("GET", f"/api/models/{_REPO}", repo_info),
    ("GET", f"/api/models/{_REPO}/revision/{_REVISION}", repo_info),
    ("GET", f"/api/models/{_REPO}/tree/{_REVISION}", tree),
    ("GET", f"/api/models/{_REPO}/refs", refs),
    ("GET", f"/api/models/{_REPO}/xet-(?:read|write)-token/{_REVISION}", xet_token),
    ("POST", f"/api/models/{_REPO}/branch/{_REVISION}", create_branch),
    ("POST", f"/api/models/{_REPO}/preupload/{_REVISION}", preupload),
    ("POST", f"/api/models/{_REPO}/commit/{_REVISION}", commit),
    ("POST", rf"/{_REPO}\.git/info/lfs/objects/batch", lfs_batch),
    ("POST", rf"/{_REPO}\.git/info/lfs/verify", lfs_verify),
    ("GET HEAD", f"/{_REPO}/resolve/{_REVISION}/(?P<path>.+)", resolve),
]
