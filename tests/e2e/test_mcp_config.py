"""`devicegrant mcp --print-config`, and which flags it takes."""

import json
import os


def test_the_configuration_of_the_common_clients(command):
    told = command.run("mcp", "https://mcp.example.com/mcp", "--print-config", "--scope", "read")
    assert told.code == 0
    config = json.loads(told.out)
    server = config["claude-desktop"]["json"]["mcpServers"]["mcp-example-com"]
    assert server["args"] == ["mcp", "https://mcp.example.com/mcp", "--scope", "read"]
    assert command.run("mcp", "github").code == 2


def test_flags_that_say_how_a_person_is_asked_are_the_logins_alone(command):
    for flags in (["--paste"], ["--resume"], ["--timeout", "5m"], ["--json"], ["--open"], ["--no-qr"]):
        refused = command.run("mcp", "https://mcp.example.com/mcp", "--print-config", *flags)
        assert refused.code == 2 and flags[0] in refused.err and not refused.out


def test_a_configuration_holds_whole_paths_and_only_text(command):
    told = command.run("--home", "mine", "mcp", "https://mcp.example.com/mcp", "--print-config")
    args = json.loads(told.out)["cursor"]["json"]["mcpServers"]["mcp-example-com"]["args"]
    assert args == ["--home", os.path.abspath("mine"), "mcp", "https://mcp.example.com/mcp"]
    odd = os.fsdecode(b"no-text-\xff")
    refused = command.run("mcp", "https://mcp.example.com/mcp", "--print-config", "--home", odd)
    assert refused.code == 2 and "no-text-" in refused.err and "panicked" not in refused.err and not refused.out
