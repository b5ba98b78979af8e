"""Model cards, checked before they leave this machine; the long ones are written by `training.publish`."""

import re
from collections.abc import Collection
from typing import Any

from huggingface_hub import ModelCard
from yaml import YAMLError

from artmodels.checkpoints import Header
from artmodels.errors import ConfigError

__all__ = ["check_card", "plain_card"]

PIPELINES = ("image-to-image", "unconditional-image-generation", "image-feature-extraction")
PLACEHOLDER = "[More Information Needed]"

# The ids that the Hub accepts: https://huggingface.co/docs/hub/repositories-licenses
LICENSES = """
afl-3.0 agpl-3.0 apache-2.0 apple-amlr apple-ascl artistic-2.0 bigcode-openrail-m bigscience-bloom-rail-1.0
bigscience-openrail-m bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 c-uda cc cc-by-2.0 cc-by-2.5 cc-by-3.0
cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0
cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0 cdla-permissive-2.0
cdla-sharing-1.0 creativeml-openrail-m deepfloyd-if-license ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2
fair-noncommercial-research-license gemma gfdl gpl gpl-2.0 gpl-3.0 h-research intel-research isc lgpl lgpl-2.1
lgpl-3.0 lgpl-lr llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 lppl-1.3c mit mpl-2.0 ms-pl ncsa odbl odc-by ofl-1.1
openmdw-1.0 openrail openrail++ osl-3.0 other pddl postgresql unknown unlicense wtfpl zlib
"""


def plain_card(header: Header, repo_id: str) -> str:
    """Return the card of a model of which only the class and the config are known; it claims nothing else."""
    rows = "\n".join(f"| `{name}` | `{value}` |" for name, value in header.config.items())
    return f"""---
library_name: artmodels
pipeline_tag: image-to-image
tags:
- art
- artmodels
- pytorch
- safetensors
---

# {repo_id.split("/")[-1]}

A `{header.model_class}` saved by `artmodels` {header.library_version}. Its author has written down neither the
training data, nor a licence, nor any measurements.

```python
from artmodels import load_model

model = load_model("{repo_id}")
```

| config | value |
| --- | --- |
{rows}
"""


def check_card(text: str, files: Collection[str]) -> dict[str, Any]:
    """Check offline what the Hub would refuse or show broken, and return the front matter.

    Args:
        text: the card, front matter included.
        files: names of the files that are published with it.

    Raises:
        ConfigError: front matter that is missing or broken, an unknown licence or pipeline, a placeholder
            left in, a picture that is not among `files`.
    """
    fields = _front_matter(text)
    if fields.get("library_name") != "artmodels":
        raise ConfigError(f"README.md: library_name must be artmodels, got {fields.get('library_name')!r}")
    if fields.get("pipeline_tag") not in PIPELINES:
        raise ConfigError(
            f"README.md: pipeline_tag must be one of {', '.join(PIPELINES)}, got {fields.get('pipeline_tag')!r}"
        )
    if "license" in fields and fields["license"] not in LICENSES.split():
        raise ConfigError(f"README.md: the Hub knows no license {fields['license']!r}: use one of its ids, or other")
    if fields.get("license") == "other" and "license_name" not in fields:
        raise ConfigError("README.md: license other needs a license_name")
    if PLACEHOLDER in text:
        raise ConfigError(f"README.md still holds {PLACEHOLDER!r}")
    for picture in _pictures(text, fields):
        if picture not in files:
            raise ConfigError(f"README.md shows {picture}, which is not published with it")
    return fields


def _front_matter(text: str) -> dict[str, Any]:
    if not re.match(r"---\r?\n.*?\r?\n---\s", text, re.DOTALL):
        raise ConfigError("README.md has no front matter: it begins with ---, library_name, pipeline_tag, tags, ---")
    try:
        fields: dict[str, Any] = ModelCard(text).data.to_dict()
    except (YAMLError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"README.md: the front matter cannot be read: {reason}") from error
    return fields


def _pictures(text: str, fields: dict[str, Any]) -> list[str]:
    gallery = [entry["output"]["url"] for entry in fields.get("widget", ()) if "output" in entry]
    body = re.findall(r"!\[[^]]*\]\(([^)\s]+)\)", text)
    return [name for name in gallery + body if "://" not in name]
